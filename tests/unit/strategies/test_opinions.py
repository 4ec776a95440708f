from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from marketdata.features.session_context import SessionContext
from marketdata.instruments import Instrument, Kind
from marketdata.universe import Column, Universe
from strategies.base import Frame, Repeat
from strategies.iron_condor import IronCondor
from strategies.opening_range import OpeningRange
from strategies.opinions import RepeatMemory, allow_batch, opinions
from strategies.signals import NEUTRAL_SIDE, Direction, Signals

ONCE = Repeat(once_a_side_a_day=True, gap_minutes=0)
GAP = Repeat(once_a_side_a_day=False, gap_minutes=15)
AT = datetime(2026, 11, 23, 4, 3, tzinfo=UTC)
PLAIN = OpeningRange(min_volume_ratio=0.0)


def _side(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


def test_each_column_has_each_side_once_a_session() -> None:
    memory = RepeatMemory(ONCE, 2)

    said = [memory.allow(_side(*row), 1, 60 * n) for n, row in enumerate([(1, 0), (1, 1), (-1, 1)])]

    assert [row.tolist() for row in said] == [[1, 0], [0, 1], [-1, 0]]


def test_a_new_session_may_say_it_again() -> None:
    memory = RepeatMemory(ONCE, 1)

    assert [int(memory.allow(_side(1), day, 86_400 * day)[0]) for day in (1, 1, 2, 2)] == [
        1,
        0,
        1,
        0,
    ]


def test_exactly_the_gap_is_late_enough_for_either_side() -> None:
    memory = RepeatMemory(GAP, 1)

    said = [int(memory.allow(_side(s), 1, at)[0]) for s, at in ((1, 0), (-1, 899), (-1, 900))]

    assert said == [1, 0, -1]


def test_a_gap_does_not_reach_into_the_next_session() -> None:
    memory = RepeatMemory(GAP, 1)

    assert [int(memory.allow(_side(1), day, 60 * day)[0]) for day in (1, 2)] == [1, 1]


def test_a_restored_memory_goes_on_as_the_first_would_have() -> None:
    first, second = RepeatMemory(ONCE, 2), RepeatMemory(ONCE, 2)
    first.allow(_side(1, -1), 7, 0)
    second.restore(first.state)
    first.allow(_side(-1, 0), 7, 60)

    assert second.allow(_side(1, 1), 7, 60).tolist() == [0, 1]
    assert first.allow(_side(-1, 1), 7, 120).tolist() == [0, 1]


def test_a_snapshot_stays_as_it_was_taken() -> None:
    memory, restored = RepeatMemory(GAP, 1), RepeatMemory(GAP, 1)
    memory.allow(_side(1), 7, 0)
    taken = memory.state
    restored.restore(taken)
    memory.allow(_side(1), 7, 900)
    restored.allow(_side(1), 7, 1800)

    assert (taken.last.tolist(), taken.said_long.tolist()) == ([0], [1])


def test_a_memory_of_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="state: 2 columns, expected 3"):
        RepeatMemory(ONCE, 3).restore(RepeatMemory(ONCE, 2).state)


@given(
    arrays.arrays(np.int8, (24, 3), elements=st.integers(-1, 1)),
    st.sampled_from([ONCE, GAP, Repeat(once_a_side_a_day=True, gap_minutes=10)]),
)
def test_batch_allows_what_live_allows(side: np.ndarray, repeat: Repeat) -> None:
    session = np.repeat(np.arange(3), 8)
    start = np.arange(24) * 300
    memory = RepeatMemory(repeat, 3)

    live = [memory.allow(side[t], int(session[t]), int(start[t])) for t in range(24)]

    assert np.array_equal(allow_batch(repeat, side, session, start), np.array(live))


@given(arrays.arrays(np.int8, (30, 2), elements=st.integers(-1, 1)))
def test_what_is_allowed_keeps_the_rule_and_adds_nothing(side: np.ndarray) -> None:
    allowed = allow_batch(ONCE, side, np.repeat([1, 2], 15), np.arange(30) * 60)

    assert ((allowed == side) | (allowed == 0)).all()
    for day in (allowed[:15], allowed[15:]):
        assert ((day > 0).sum(axis=0) <= 1).all()
        assert ((day < 0).sum(axis=0) <= 1).all()


@pytest.fixture
def universe(instrument: Callable[..., Instrument]) -> Universe:
    places = [
        ("NIFTY 50", Kind.INDEX, True),
        ("NIFTYFUT", Kind.FUTURE, False),
        ("TCS", Kind.EQUITY, True),
    ]
    return Universe(
        columns=tuple(
            Column(index, instrument(symbol, kind), scanned, index, index, "test")
            for index, (symbol, kind, scanned) in enumerate(places)
        ),
        left_out=(),
        blocked=frozenset(),
    )


@pytest.fixture
def seen(frame: Callable[..., Frame]) -> Frame:
    return frame(
        columns=3,
        range={"high": 100.0, "low": 95.0, "closes_above": 3.0, "closes_below": 0.0},
        day={
            "session_open": 98.0,
            "previous_close": np.nan,
            "gap": np.nan,
            "volume_today": 0.0,
            "previous_volume": np.nan,
            "return_today": 0.01,
        },
        volume={"relative_volume": 1.5},
    )


def _signals(*side: int) -> Signals:
    sides = np.array(side, dtype=np.int8)
    entry = np.full(len(side), 101.0)
    return Signals(
        side=sides,
        entry=entry,
        stop=entry - 6.0 * sides,
        target1=entry + 7.2 * sides,
        target2=entry + 10.8 * sides,
        confidence=np.full(len(side), 0.75),
    )


def test_scanned_columns_with_a_side_speak_in_the_order_of_columns(
    universe: Universe, seen: Frame
) -> None:
    said = opinions(PLAIN, _signals(-1, 1, 1), universe, AT, seen)

    assert [(one.instrument.symbol, one.direction) for one in said.signals] == [
        ("NIFTY 50", Direction.SHORT),
        ("TCS", Direction.LONG),
    ]
    assert said.rejected == ()


def test_an_opinion_names_its_set_up_and_how_long_it_is_valid(
    universe: Universe, seen: Frame
) -> None:
    (one,) = opinions(PLAIN, _signals(1, 0, 0), universe, AT, seen).signals

    assert one.key == "opening_range/NSE:NIFTY 50/LONG@2026-11-23T04:03+00:00"
    assert (one.at, one.valid_until) == (AT, AT + timedelta(minutes=10))
    assert (one.entry, one.stop, one.target1, one.target2) == (101.0, 95.0, 108.2, 111.8)
    assert one.confidence == 0.75


def test_the_true_range_is_recorded_and_what_is_unknown_left_out(
    universe: Universe, seen: Frame
) -> None:
    (one,) = opinions(PLAIN, _signals(1, 0, 0), universe, AT, seen).signals

    recorded = dict(one.features)
    assert (recorded["range.high"], recorded["range.low"]) == (100.0, 95.0)
    assert recorded["volume"] == 1.5
    assert "day.gap" not in recorded


def test_a_price_that_is_no_number_is_rejected_with_the_reason(
    universe: Universe, seen: Frame
) -> None:
    signals = _signals(1, 0, 1)
    signals.target2[0] = np.nan

    said = opinions(PLAIN, signals, universe, AT, seen)

    assert [one.instrument.symbol for one in said.signals] == ["TCS"]
    assert [(one.column.index, one.reason) for one in said.rejected] == [
        (0, "target2 is nan, expected a number")
    ]


def test_a_stop_on_the_wrong_side_is_rejected_with_the_reason(
    universe: Universe, seen: Frame
) -> None:
    signals = _signals(1, 0, 0)

    said = opinions(PLAIN, replace(signals, stop=signals.entry), universe, AT, seen)

    assert said.signals == ()
    assert said.rejected[0].reason == "stop 101.0 is not on the losing side of entry 101.0"


NEUTRAL = np.array([NEUTRAL_SIDE], dtype=np.int8)


def test_an_opinion_without_a_direction_is_said_once_a_day_beside_the_other_two() -> None:
    memory = RepeatMemory(ONCE, 1)
    up, down = np.array([1], dtype=np.int8), np.array([-1], dtype=np.int8)

    said = [int(memory.allow(each, 1, place)[0]) for place, each in enumerate((NEUTRAL, up, down))]
    again = [int(memory.allow(each, 1, 9)[0]) for each in (NEUTRAL, up, down)]

    assert said == [NEUTRAL_SIDE, 1, -1]
    assert again == [0, 0, 0]
    assert int(memory.allow(NEUTRAL, 2, 100)[0]) == NEUTRAL_SIDE


def test_a_restored_memory_still_knows_what_had_no_direction() -> None:
    memory, restored = RepeatMemory(ONCE, 1), RepeatMemory(ONCE, 1)
    memory.allow(NEUTRAL, 1, 0)

    restored.restore(memory.state)

    assert restored.allow(NEUTRAL, 1, 60)[0] == 0


def test_an_opinion_without_a_direction_has_no_levels_and_tells_the_context_it_wanted(
    universe: Universe, frame: Callable[..., Frame]
) -> None:
    strategy = IronCondor()
    looks = frame(
        columns=3,
        minute=60,
        bar={"close": 101.0},
        day={"return_today": 0.001, **dict.fromkeys(SessionContext.outputs[:5], 0.0)},
        context={"days_to_expiry": 12.0, "iv_percentile": 40.0, "iv_rank": 1.0},
    )

    first, _ = opinions(strategy, strategy.signals(looks), universe, AT, looks).signals

    assert first.direction is Direction.NEUTRAL
    assert (first.entry, first.stop, first.target1, first.target2) == (101.0,) * 4
    assert (first.risk, first.reward_to_risk) == (0.0, 0.0)
    assert dict(first.features)["iv_percentile"] == 40.0
    assert "iv_rank" not in dict(first.features)


def test_what_may_be_acted_on_once_a_day_is_one_set_up_all_day(
    universe: Universe, frame: Callable[..., Frame]
) -> None:
    strategy = IronCondor()
    looks = frame(
        columns=3,
        minute=60,
        day=dict.fromkeys(SessionContext.outputs, 0.0),
        context={"days_to_expiry": 12.0},
    )
    said = strategy.signals(looks)

    keys = {
        opinions(strategy, said, universe, at, looks).signals[0].key
        for at in (AT, AT + timedelta(minutes=15), AT + timedelta(days=1))
    }

    assert keys == {
        "iron_condor/NSE:NIFTY 50/NEUTRAL@2026-11-23",
        "iron_condor/NSE:NIFTY 50/NEUTRAL@2026-11-24",
    }
