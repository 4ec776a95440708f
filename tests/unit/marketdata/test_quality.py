"""The tick screen: each rule at its boundary, and what holds for any stream of ticks."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.quality import (
    DROPPING,
    Fault,
    FaultReason,
    ScreenedTokens,
    ScreenSettings,
    TickScreen,
)
from marketdata.ticks import TICK, Ticks

AT = 1_795_405_500_000_000
SECOND = 1_000_000
SETTINGS = ScreenSettings()
TOKENS = np.array([30, 10, 20], dtype=np.int64)


def tick(token: int = 10, at: int = AT, last: float = 100.0, **fields: float) -> Ticks:
    row = np.zeros(1, dtype=TICK)
    row["token"], row["exchange_at"], row["last"] = token, at, last
    row["open"] = row["high"] = row["low"] = last
    row["bid"] = row["ask"] = np.nan
    for name, value in fields.items():
        row[name] = value
    return row


def screen_of(reference: float = np.nan, may_leap: bool = False) -> TickScreen:
    return TickScreen(ScreenedTokens(TOKENS, np.full(3, reference), np.full(3, may_leap)), SETTINGS)


def run(screen: TickScreen, *ticks: Ticks) -> tuple[list[float], Counter[str]]:
    """Screen ticks one second apart; return the prices let through and the faults by reason."""
    prices: list[float] = []
    reasons: Counter[str] = Counter()
    for number, row in enumerate(ticks):
        kept, faults = screen.screen(row, AT + number * SECOND)
        prices += list(kept["last"])
        for fault in faults.told():
            reasons[fault.reason] += fault.count
    return prices, reasons


def at_seconds(*prices: float, **fields: float) -> list[Ticks]:
    return [tick(at=AT + i * SECOND, last=price, **fields) for i, price in enumerate(prices)]


def test_a_clean_tick_passes_unchanged() -> None:
    row = tick(last=100.05, bid=100.0, ask=100.1, bid_quantity=5, ask_quantity=7, volume=10, oi=3)

    kept, faults = screen_of().screen(row, AT)

    assert kept.tobytes() == row.tobytes()
    assert faults.told() == ()


def test_an_array_of_several_tokens_keeps_its_order() -> None:
    rows = np.concatenate([tick(20), tick(10), tick(30)])

    kept, faults = screen_of().screen(rows, AT)

    assert list(kept["token"]) == [20, 10, 30]
    assert faults.told() == ()


def test_an_empty_array_passes() -> None:
    kept, faults = screen_of().screen(np.zeros(0, dtype=TICK), AT)

    assert len(kept) == 0
    assert faults.told() == ()


def test_the_ticks_handed_in_are_not_changed() -> None:
    row = tick(bid=101.0, ask=100.0, volume=-1)
    before = row.tobytes()

    screen_of().screen(row, AT)

    assert row.tobytes() == before


def test_unknown_tokens_are_dropped_and_counted_each() -> None:
    rows = np.concatenate([tick(5), tick(10), tick(99), tick(99)])

    kept, faults = screen_of().screen(rows, AT)

    assert list(kept["token"]) == [10]
    assert faults.told() == (
        Fault(5, FaultReason.UNKNOWN_TOKEN, 1),
        Fault(99, FaultReason.UNKNOWN_TOKEN, 2),
    )


def test_a_screen_without_tokens_knows_none() -> None:
    kept, faults = TickScreen(np.zeros(0, dtype=np.int64), SETTINGS).screen(tick(), AT)

    assert len(kept) == 0
    assert faults.told() == (Fault(10, FaultReason.UNKNOWN_TOKEN, 1),)


def test_a_token_twice_in_one_array_is_a_bug_of_the_feed() -> None:
    with pytest.raises(ValueError, match="appears twice"):
        screen_of().screen(np.concatenate([tick(), tick(last=101.0)]), AT)


@pytest.mark.parametrize("last", [0.0, -1.0, np.nan, np.inf])
def test_a_price_that_is_none_is_dropped(last: float) -> None:
    assert run(screen_of(), tick(last=last)) == ([], Counter({"zero-price": 1}))


class TestTime:
    def test_an_identical_tick_is_dropped_once_and_again(self) -> None:
        assert run(screen_of(), tick(), tick(), tick()) == ([100.0], Counter({"repeat": 2}))

    def test_the_same_price_a_second_later_is_not_a_repeat(self) -> None:
        assert run(screen_of(), *at_seconds(100.0, 100.0)) == ([100.0, 100.0], Counter())

    def test_a_tick_older_than_the_last_is_dropped(self) -> None:
        result = run(screen_of(), tick(at=AT), tick(at=AT - 1, last=101.0), tick(at=AT, last=102.0))

        assert result == ([100.0, 102.0], Counter({"late": 1}))

    def test_each_token_has_its_own_time(self) -> None:
        result = run(screen_of(), tick(10, at=AT), tick(20, at=AT - SECOND))

        assert result == ([100.0, 100.0], Counter())

    def test_a_missing_exchange_time_becomes_the_arrival(self) -> None:
        kept, faults = screen_of().screen(tick(at=0), AT)

        assert kept["exchange_at"][0] == AT
        assert faults.told() == ()

    def test_a_clock_running_ahead_is_replaced_so_that_later_ticks_are_not_late(self) -> None:
        edge = AT + SETTINGS.most_ahead_us
        screen = screen_of()

        kept, faults = screen.screen(tick(at=edge + 1), AT)
        later, none = screen.screen(tick(at=AT + SECOND, last=101.0), AT + SECOND)

        assert kept["exchange_at"][0] == AT
        assert faults.told() == (Fault(10, FaultReason.AHEAD, 1),)
        assert len(later) == 1
        assert none.told() == ()
        assert screen_of().screen(tick(at=edge), AT)[1].told() == ()


class TestScale:
    def test_exactly_twenty_percent_passes_and_a_tick_more_does_not(self) -> None:
        assert run(screen_of(), *at_seconds(100.0, 120.0))[0] == [100.0, 120.0]
        assert run(screen_of(), *at_seconds(100.0, 80.0))[0] == [100.0, 80.0]
        assert run(screen_of(), *at_seconds(100.0, 120.05)) == (
            [100.0],
            Counter({"price-scale": 1}),
        )
        assert run(screen_of(), *at_seconds(100.0, 79.95))[1] == Counter({"price-scale": 1})

    def test_the_first_tick_is_measured_against_the_reference(self) -> None:
        assert run(screen_of(100.0), tick(last=135.0))[0] == [135.0]
        assert run(screen_of(100.0), tick(last=135.05))[1] == Counter({"price-scale": 1})
        assert run(screen_of(100.0), tick(last=1.0))[1] == Counter({"price-scale": 1})

    def test_without_a_reference_the_first_tick_sets_the_scale(self) -> None:
        assert run(screen_of(), *at_seconds(10_000.0, 100.0, 100.0, 100.0, 100.0)) == (
            [10_000.0],
            Counter({"price-scale": 4}),
        )

    @pytest.mark.parametrize("factor", [100.0, 0.01])
    def test_a_hundredfold_price_is_refused_all_session(self, factor: float) -> None:
        prices = [100.0, *(100.0 * factor + i * 0.01 for i in range(50)), 101.0]

        kept, reasons = run(screen_of(100.0), *at_seconds(*prices))

        assert kept == [100.0, 101.0]
        assert reasons == Counter({"price-scale": 50})

    def test_a_wrong_good_price_is_corrected_after_three_agreeing_ticks_near_the_reference(
        self,
    ) -> None:
        kept, reasons = run(screen_of(100.0), *at_seconds(133.0, 100.0, 100.1, 100.2, 100.3))

        assert kept == [133.0, 100.2, 100.3]
        assert reasons == Counter({"price-scale": 2})

    def test_ticks_that_disagree_do_not_make_a_level(self) -> None:
        prices = at_seconds(133.0, 100.0, 10.0, 100.0, 10.0, 100.0)

        assert run(screen_of(100.0), *prices)[0] == [133.0]

    def test_a_new_level_far_from_the_reference_is_never_believed(self) -> None:
        prices = at_seconds(100.0, *(130.0 + i * 0.1 for i in range(10)))

        assert run(screen_of(100.0), *prices)[0] == [100.0]

    def test_a_misprint_does_not_move_the_scale(self) -> None:
        assert run(screen_of(), *at_seconds(100.0, 10_000.0, 101.0))[0] == [100.0, 101.0]

    def test_an_option_may_leap(self) -> None:
        assert run(screen_of(may_leap=True), *at_seconds(0.05, 5.0, 100.0))[1] == Counter()


class TestMending:
    def test_volume_that_steps_back_is_raised_to_the_highest(self) -> None:
        screen = screen_of()
        screen.screen(tick(at=AT, volume=100), AT)

        kept, faults = screen.screen(tick(at=AT + 1, volume=90), AT)
        equal, none = screen.screen(tick(at=AT + 2, volume=100), AT)

        assert kept["volume"][0] == 100
        assert faults.told() == (Fault(10, FaultReason.VOLUME_STEP_BACK, 1),)
        assert equal["volume"][0] == 100
        assert none.told() == ()

    def test_a_dropped_tick_does_not_raise_the_volume(self) -> None:
        screen = screen_of()
        screen.screen(tick(at=AT, volume=100), AT)
        screen.screen(tick(at=AT + 1, last=9e9, volume=10_000), AT)

        kept, faults = screen.screen(tick(at=AT + 2, volume=110), AT)

        assert kept["volume"][0] == 110
        assert faults.told() == ()

    @pytest.mark.parametrize(
        ("bid", "ask"), [(100.1, 100.0), (0.0, 100.0), (100.0, -1.0), (np.inf, np.nan)]
    )
    def test_a_quote_that_cannot_be_is_emptied_and_the_price_kept(
        self, bid: float, ask: float
    ) -> None:
        kept, faults = screen_of().screen(
            tick(bid=bid, ask=ask, bid_quantity=5, ask_quantity=6), AT
        )

        assert np.isnan(kept["bid"][0])
        assert np.isnan(kept["ask"][0])
        assert (kept["bid_quantity"][0], kept["ask_quantity"][0]) == (0, 0)
        assert kept["last"][0] == 100.0
        assert faults.told() == (Fault(10, FaultReason.CROSSED_QUOTE, 1),)

    @pytest.mark.parametrize(
        ("bid", "ask"), [(100.0, 100.0), (np.nan, 100.0), (100.0, np.nan), (99.0, 101.0)]
    )
    def test_a_locked_or_one_sided_quote_stays(self, bid: float, ask: float) -> None:
        kept, faults = screen_of().screen(tick(bid=bid, ask=ask), AT)

        np.testing.assert_array_equal(kept["bid"], [bid])
        np.testing.assert_array_equal(kept["ask"], [ask])
        assert faults.told() == ()

    @pytest.mark.parametrize(
        "fields",
        [
            {"low": 101.0, "high": 99.0},
            {"low": 100.05},
            {"high": 99.95},
            {"open": 100.05},
            {"low": 0.0},
            {"low": np.nan},
            {"high": np.inf},
            {"high": 120.05},
            {"low": 79.95},
        ],
    )
    def test_a_range_that_cannot_be_collapses_to_the_price(self, fields: dict[str, float]) -> None:
        kept, faults = screen_of().screen(tick(**fields), AT)

        assert [kept[name][0] for name in ("open", "high", "low")] == [100.0] * 3
        assert faults.told() == (Fault(10, FaultReason.RANGE, 1),)

    def test_a_bar_told_as_one_tick_keeps_its_range(self) -> None:
        kept, faults = screen_of().screen(tick(open=99.0, high=103.0, low=98.0), AT)

        assert [kept[name][0] for name in ("open", "high", "low")] == [99.0, 103.0, 98.0]
        assert faults.told() == ()


prices = st.one_of(
    st.floats(90, 110), st.sampled_from([0.0, -3.0, np.nan, np.inf, 1e4, 1.0, 100.0])
)
rows = st.builds(
    lambda token, at, last, low, high, bid, ask, volume: tick(
        token, AT + at * SECOND, last, low=low, high=high, bid=bid, ask=ask, volume=volume
    ),
    st.sampled_from([10, 20, 30, 40]),
    st.integers(-3, 20),
    prices,
    prices,
    prices,
    prices,
    prices,
    st.integers(-5, 1000),
)


@given(st.lists(rows, max_size=30), st.sampled_from([np.nan, 100.0]))
def test_nothing_unbelievable_passes_and_every_tick_is_counted(
    stream: list[Ticks], reference: float
) -> None:
    screen = screen_of(reference)
    passed = 0
    dropped = 0
    latest: dict[int, tuple[int, int]] = {}
    for number, row in enumerate(stream):
        kept, faults = screen.screen(row, AT + number * SECOND)
        passed += len(kept)
        dropped += sum(fault.count for fault in faults.told() if fault.reason in DROPPING)
        for one in kept:
            assert 0 < one["low"] <= one["last"] <= one["high"] < np.inf
            assert one["low"] <= one["open"] <= one["high"]
            assert not one["bid"] > one["ask"]
            assert not one["bid"] <= 0
            assert not one["ask"] <= 0
            time, volume = latest.get(int(one["token"]), (0, 0))
            assert one["exchange_at"] >= time
            assert one["volume"] >= volume
            latest[int(one["token"])] = (int(one["exchange_at"]), int(one["volume"]))
    assert passed + dropped == len(stream)


@given(st.lists(st.tuples(st.floats(-0.19, 0.19), st.integers(0, 99)), min_size=1, max_size=30))
def test_clean_ticks_pass_unchanged_however_often(steps: list[tuple[float, int]]) -> None:
    screens = (screen_of(100.0), screen_of(100.0))
    price, volume = 100.0, 0
    for number, (move, traded) in enumerate(steps):
        price, volume = price * (1 + move), volume + traded
        at = AT + number * SECOND
        row = tick(at=at, last=price, bid=price * 0.999, ask=price * 1.001, volume=volume)
        kept = row
        for screen in screens:
            kept, faults = screen.screen(kept, at)
            assert faults.told() == ()
        assert kept.tobytes() == row.tobytes()


@given(st.lists(rows, max_size=20))
def test_the_same_stream_gives_the_same_answer(stream: list[Ticks]) -> None:
    first, second = screen_of(100.0), screen_of(100.0)
    for number, row in enumerate(stream):
        one, faults = first.screen(row, AT + number)
        other, same = second.screen(row, AT + number)
        assert one.tobytes() == other.tobytes()
        assert faults.told() == same.told()


@pytest.mark.shared_data
def test_a_recorded_dirty_day_is_cleaned_and_accounted_for(shared_data: Path) -> None:
    path = shared_data / "ticks" / "alice_1s_2021-04-28_2021-04-30.csv.gz"
    with gzip.open(path, "rt") as lines:
        recorded = [
            (
                int(datetime.fromisoformat(row["ts"]).timestamp()) * SECOND,
                float(row["ltp"]),
                int(row["volume"]),
            )
            for row in csv.DictReader(lines)
            if row["symbol"] == "SBIN"
        ]
    screen = TickScreen(TOKENS, SETTINGS)
    passed = 0
    reasons: Counter[str] = Counter()
    for at, last, volume in recorded[-20_000:]:
        kept, faults = screen.screen(tick(10, at, last, volume=volume), max(at, AT))
        passed += len(kept)
        for fault in faults.told():
            reasons[fault.reason] += fault.count

    assert passed + sum(reasons[reason] for reason in DROPPING) == 20_000
    assert reasons["repeat"] > 0
    assert reasons["late"] > 0
    assert reasons["volume-step-back"] > 0
    assert reasons["zero-price"] == reasons["price-scale"] == 0


def test_ticks_of_ignored_tokens_are_left_out_without_a_fault() -> None:
    plain, ignored = ScreenedTokens.plain(TOKENS), np.array([40, 50], dtype=np.int64)
    watched = ScreenedTokens(plain.tokens, plain.reference, plain.may_leap, ignored)
    screen = TickScreen(watched, SETTINGS)
    rows = np.concatenate([tick(40), tick(20), tick(60), tick(50)])

    for expected in ([20], []):
        kept, faults = screen.screen(rows, AT)
        assert kept["token"].tolist() == expected
        assert [fault.token for fault in faults.told() if fault.reason == "unknown-token"] == [60]
