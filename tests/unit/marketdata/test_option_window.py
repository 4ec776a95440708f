"""Which options stand around the money, and when the window moves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_window import (
    Chain,
    WindowMove,
    WindowSettings,
    chains_of,
    move_windows,
)

DAY = date(2026, 10, 6)
NEAR, NEXT = date(2026, 10, 13), date(2026, 10, 20)
TWO = WindowSettings(each_side=2)


def option(strike: int, kind: Kind, expiry: date = NEAR, name: str = "NIFTY") -> Instrument:
    return Instrument(
        token=strike * 100 + expiry.day * 2 + (kind is Kind.PUT),
        exchange=Exchange.NFO,
        symbol=f"{name}{expiry:%d%b}{strike}{kind}".upper(),
        name=name,
        kind=kind,
        lot_size=65,
        tick_size=Decimal("0.05"),
        expiry=expiry,
        strike=Decimal(strike),
    )


def options(expiry: date = NEAR, name: str = "NIFTY") -> list[Instrument]:
    strikes = range(24_000, 25_001, 50)
    return [option(s, kind, expiry, name) for s in strikes for kind in (Kind.CALL, Kind.PUT)]


def chain() -> Chain:
    return chains_of(options(), DAY, ("NIFTY",), 1)[0]


def strikes_of(move: WindowMove) -> list[int]:
    by_token = {item.token: item for item in options()}
    return sorted({int(by_token[token].strike or 0) for token in move.tokens})


def test_chains_are_the_nearest_expiries_not_yet_over() -> None:
    listed = options(NEXT) + options(NEAR) + options(date(2026, 10, 5)) + options(NEAR, "SBIN")

    found = chains_of(listed, DAY, ("SBIN", "NIFTY"), 1)

    assert [each.key for each in found] == [("SBIN", NEAR), ("NIFTY", NEAR)]
    assert [each.key for each in chains_of(listed, DAY, ("NIFTY",), 5)] == [
        ("NIFTY", NEAR),
        ("NIFTY", NEXT),
    ]


@pytest.mark.parametrize(
    ("spot", "strike"),
    [(24_500.0, 24_500), (24_524.9, 24_500), (24_525.0, 24_500), (24_525.1, 24_550), (1, 24_000)],
)
def test_the_money_is_the_nearest_strike_the_lower_of_two(spot: float, strike: int) -> None:
    assert chain().strikes[chain().at_money(spot)] == strike


def test_the_first_window_lies_around_the_spot_and_holds_both_sides() -> None:
    move = move_windows([chain()], None, {"NIFTY": 24_510.0}, TWO, ())

    assert strikes_of(move) == [24_400, 24_450, 24_500, 24_550, 24_600]
    assert len(move.added) == 10
    assert not move.dropped


def test_without_a_spot_nothing_is_told_and_later_nothing_moves() -> None:
    none = move_windows([chain()], None, {}, TWO, ())
    first = move_windows([chain()], none, {"NIFTY": 24_500.0}, TWO, ())
    later = move_windows([chain()], first, {}, TWO, ())

    assert not none.tokens
    assert later == WindowMove(first.centres, first.tokens, frozenset(), frozenset())


def test_a_spot_on_the_middle_between_two_strikes_does_not_move_the_window_to_and_fro() -> None:
    move = move_windows([chain()], None, {"NIFTY": 24_500.0}, TWO, ())

    for spot in (24_526.0, 24_524.0, 24_537.0, 24_463.0):
        move = move_windows([chain()], move, {"NIFTY": spot}, TWO, ())
        assert strikes_of(move)[2] == 24_500
    move = move_windows([chain()], move, {"NIFTY": 24_538.0}, TWO, ())

    assert strikes_of(move)[2] == 24_550
    assert (len(move.added), len(move.dropped)) == (2, 2)


def test_a_leap_moves_the_window_at_once() -> None:
    first = move_windows([chain()], None, {"NIFTY": 24_500.0}, TWO, ())

    assert strikes_of(move_windows([chain()], first, {"NIFTY": 24_610.0}, TWO, ()))[2] == 24_600


def test_what_is_held_stays_told() -> None:
    held = option(24_400, Kind.PUT).token
    first = move_windows([chain()], None, {"NIFTY": 24_500.0}, TWO, ())

    away = move_windows([chain()], first, {"NIFTY": 24_900.0}, TWO, {held, 12345})
    let_go = move_windows([chain()], away, {"NIFTY": 24_900.0}, TWO, ())

    assert held in away.tokens
    assert 12345 not in away.tokens
    assert let_go.dropped == {held}


def test_at_the_end_of_the_chain_the_window_is_shorter() -> None:
    move = move_windows([chain()], None, {"NIFTY": 30_000.0}, TWO, ())

    assert strikes_of(move) == [24_900, 24_950, 25_000]


@pytest.mark.parametrize("settings", [{"each_side": -1}, {"each_side": 1, "reluctance": 0.5}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        WindowSettings(**settings)


@given(
    st.lists(st.floats(min_value=23_000, max_value=26_000), min_size=1, max_size=20),
    st.sets(st.sampled_from([item.token for item in options()]), max_size=4),
)
def test_adding_and_dropping_always_leads_to_what_is_told(
    spots: list[float], held: set[int]
) -> None:
    move: WindowMove | None = None
    told: frozenset[int] = frozenset()
    for spot in spots:
        move = move_windows([chain()], move, {"NIFTY": spot}, TWO, held)
        assert not move.added & move.dropped
        assert not held & move.dropped
        told = (told - move.dropped) | move.added
        assert told == move.tokens
        nearest = chain().at_money(spot)
        assert abs(move.centres[chain().key] - nearest) <= 1
