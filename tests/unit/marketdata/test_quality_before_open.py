"""What a feed tells before the open, and until the first trade: a price and quotes, no trade."""

from __future__ import annotations

import numpy as np
import pytest

from marketdata.quality import Fault, FaultReason, ScreenedTokens, ScreenSettings, TickScreen
from marketdata.ticks import TICK, Ticks

AT = 1_795_405_500_000_000
"""The session's open."""
SECOND = 1_000_000
SETTINGS = ScreenSettings()
TOKENS = np.array([30, 10, 20], dtype=np.int64)


def tick(at: int = AT, last: float = 100.0, **fields: float) -> Ticks:
    row = np.zeros(1, dtype=TICK)
    row["token"], row["exchange_at"], row["last"] = 10, at, last
    row["open"] = row["high"] = row["low"] = last
    row["bid"] = row["ask"] = np.nan
    for name, value in fields.items():
        row[name] = value
    return row


def opening_screen(may_leap: bool = False) -> TickScreen:
    reference, leaps = np.full(3, 100.0), np.full(3, may_leap)
    return TickScreen(ScreenedTokens(TOKENS, reference, leaps, opens_at_us=AT), SETTINGS)


def test_the_volume_of_the_day_before_is_not_that_of_the_day() -> None:
    screen = opening_screen()
    before, _ = screen.screen(tick(at=AT - 86_400 * SECOND, volume=5_000_000), AT - SECOND)

    first, faults = screen.screen(tick(at=AT, volume=75), AT)
    second, none = screen.screen(tick(at=AT + SECOND, volume=150), AT + SECOND)

    assert [each["volume"][0] for each in (before, first, second)] == [0, 75, 150]
    assert faults.told() == none.told() == ()


def test_an_unstamped_tick_is_judged_by_its_arrival() -> None:
    screen = opening_screen()
    screen.screen(tick(at=0, volume=5_000_000), AT - 1)

    kept, faults = screen.screen(tick(at=AT, volume=75), AT)

    assert kept["volume"][0] == 75
    assert faults.told() == ()


def test_the_first_price_of_the_session_is_measured_against_the_reference() -> None:
    screen = opening_screen()
    early, _ = screen.screen(tick(at=AT - 1, last=100.0), AT - 1)

    gap, faults = screen.screen(tick(at=AT, last=70.0), AT)
    jump, refused = screen.screen(tick(at=AT + 1, last=50.0), AT + 1)

    assert (len(early), len(gap), len(jump)) == (1, 1, 0)
    assert faults.told() == ()
    assert refused.told() == (Fault(10, FaultReason.PRICE_SCALE, 1),)


def test_a_price_nobody_has_traded_at_that_day_stays_before_the_open() -> None:
    screen = opening_screen()
    screen.screen(tick(at=AT - 60 * SECOND, bid=99.0, ask=101.0, volume=9), AT - 60 * SECOND)

    still, _ = screen.screen(tick(at=AT, bid=99.5, ask=101.0), AT)
    traded, _ = screen.screen(tick(at=AT + SECOND, bid=99.5, ask=101.0, volume=75), AT + SECOND)

    assert (still["exchange_at"][0], still["bid"][0]) == (AT - 1, 99.5)
    assert (traded["exchange_at"][0], traded["volume"][0]) == (AT + SECOND, 75)


@pytest.mark.parametrize("bid", [np.nan, 99.5])
def test_an_index_has_no_book_and_an_option_no_bars_both_are_of_their_time(
    bid: float,
) -> None:
    screen = opening_screen(may_leap=not np.isnan(bid))
    screen.screen(tick(at=AT - SECOND, bid=bid, ask=bid), AT - SECOND)

    kept, _ = screen.screen(tick(at=AT, bid=bid, ask=bid), AT)

    assert kept["exchange_at"][0] == AT


def test_a_price_told_before_is_traded_again_once_something_has_traded() -> None:
    screen = opening_screen()
    for second, volume in ((-1, 0), (1, 75)):
        at = AT + second * SECOND
        screen.screen(tick(at=at, bid=99.0, ask=101.0, volume=volume), at)

    kept, _ = screen.screen(tick(at=AT + 2 * SECOND, bid=99.0, ask=101.0), AT + 2 * SECOND)

    assert (kept["exchange_at"][0], kept["volume"][0]) == (AT + 2 * SECOND, 75)


def test_a_price_far_from_the_reference_is_refused_then_too() -> None:
    kept, faults = opening_screen().screen(tick(at=AT - 1, last=1.0), AT - 1)

    assert len(kept) == 0
    assert faults.told() == (Fault(10, FaultReason.PRICE_SCALE, 1),)
