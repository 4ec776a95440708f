from __future__ import annotations

from datetime import UTC, datetime

from trading.engine.events import StrategyOverran
from trading.strategy_watch import StrategyWatch, TimeBudget

AT = datetime(2026, 10, 6, 10, 0, tzinfo=UTC)


class Hand:
    """A clock whose hand the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def lived(*taken: float, strategy: str = "slow") -> StrategyWatch:
    """Return a watch that has seen a strategy take so many seconds, bar by bar."""
    clock = Hand()
    watch = StrategyWatch(clock, TimeBudget(each=0.25, in_a_row=3, at_once=2.5))
    for seconds in taken:
        watch.begun(strategy)
        clock.seconds += seconds
        watch.ended(strategy)
    return watch


def test_three_slow_bars_in_a_row_are_an_overrun_told_once():
    watch = lived(0.5, 0.5, 0.5)

    assert watch.overran(AT) == [StrategyOverran(AT, "slow", "took 500 ms, allowed 250 ms a bar")]
    assert watch.overran(AT) == []


def test_a_quick_bar_between_begins_the_count_again():
    assert lived(0.5, 0.5, 0.25, 0.5, 0.5).overran(AT) == []


def test_exactly_the_budget_is_in_time():
    assert lived(0.25, 0.25, 0.25, 0.25).overran(AT) == []


def test_one_bar_far_beyond_the_budget_is_enough():
    assert lived(2.5).overran(AT) == []
    assert [event.strategy for event in lived(3.0).overran(AT)] == ["slow"]
