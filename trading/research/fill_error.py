"""The error bar of a backtest's fills: what its net could be within what the bars tell.

What is taken for granted stands in `assumptions.py`; the fills themselves are the exchange's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from trading.engine.actions import FillNoted, PlanNoted
from trading.research.bar_market import Market
from trading.research.collector import Collector

_FEW_FILLS = 20


@dataclass(frozen=True, slots=True)
class FillError:
    """How far the fills of a backtest may be off; rupees, over all of them.

    `one_tick`: what one tick on every fill comes to. `net_worst` and `net_best`: the net if every
    fill had met the worst, or the best, price of its own minute, or the price it has where that
    lies beyond. `undecided`: exits within a minute that reached the last target too, of which bars
    don't tell which came first; `undecided_more`: what these targets would have brought besides.
    """

    fills: int
    net: float
    one_tick: float
    net_worst: float
    net_best: float
    undecided: int
    undecided_more: float

    @property
    def lines(self) -> Iterator[str]:
        """Yield it in words, a sentence each."""
        yield (
            f"Fills: {self.fills:,}; one tick worse on each makes the net "
            f"{self.net - self.one_tick:,.2f} INR instead of {self.net:,.2f}."
        )
        yield (
            "With every fill at the worst price of its minute the net would be "
            f"{self.net_worst:,.2f} INR, at the best {self.net_best:,.2f}."
        )
        yield (
            f"{self.undecided} exits came in a minute that reached the last target too; had the "
            f"targets come first, the net would be {self.undecided_more:,.2f} INR higher."
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the warning that a profit is smaller than what fills may be off, if it is."""
        if self.fills < _FEW_FILLS or not 0 < self.net <= self.one_tick:
            return ()
        return (
            f"too good to be sure: the net of {self.net:,.2f} INR is not more than one tick on "
            f"each fill, {self.one_tick:,.2f} INR",
        )


class _Off(NamedTuple):
    """How far one fill may be off, in rupees: a tick, to the worst, to the best, to a target."""

    tick: float
    worse: float
    better: float
    missed: float


def fill_error_of(market: Market, notes: Collector, net: float) -> FillError:
    """Return the error bar of the fills of a run that earned `net` rupees."""
    off = list(_offs(market, notes))
    missed = [each.missed for each in off if each.missed > 0]
    return FillError(
        fills=len(off),
        net=net,
        one_tick=round(sum(each.tick for each in off), 2),
        net_worst=round(net - sum(each.worse for each in off), 2),
        net_best=round(net + sum(each.better for each in off), 2),
        undecided=len(missed),
        undecided_more=round(sum(missed), 2),
    )


def _offs(market: Market, notes: Collector) -> Iterator[_Off]:
    starts = market.laid.start.tolist()
    listed = {
        (day.date.toordinal(), instrument.key): (place, float(instrument.tick_size))
        for day in market.days
        for place, instrument in enumerate(day.instruments)
    }
    plans = {(plan.at.toordinal(), plan.plan_id): plan for plan in notes.plans}
    for fill in notes.fills:
        today, row = fill.at.toordinal(), _row(starts, fill.at)
        column, tick = listed[today, fill.instrument]
        reach = float(market.laid.low[row, column]), float(market.laid.high[row, column])
        down, up = _beyond(float(fill.price), reach)
        is_buy = fill.side == "BUY"
        yield _Off(
            tick=fill.quantity * tick,
            worse=fill.quantity * (up if is_buy else down),
            better=fill.quantity * (down if is_buy else up),
            missed=_missed(fill, plans.get((today, fill.plan_id)), starts[row], reach),
        )


def _beyond(price: float, reach: tuple[float, float]) -> tuple[float, float]:
    """Return how far a minute reached below and above a price; 0 where it has no bar (NaN)."""
    low, high = reach
    return (price - low if low < price else 0.0), (high - price if high > price else 0.0)


def _row(starts: Sequence[int], at: datetime) -> int:
    return bisect_right(starts, at.timestamp()) - 1


def _missed(
    fill: FillNoted, plan: PlanNoted | None, start: int, reach: tuple[float, float]
) -> float:
    """Return what the last target would have brought more than an exit, 0 where that is decided.

    An exit at the first moment of a minute came before anything else in it.
    """
    if plan is None or plan.target2 is None or fill.at.timestamp() <= start:
        return 0.0
    way, (low, high) = plan.direction, reach
    is_exit = (fill.side == "SELL") is (way > 0)
    touched = high >= plan.target2 if way > 0 else low <= plan.target2
    better = way * (plan.target2 - float(fill.price)) * fill.quantity
    return better if is_exit and touched and better > 0 else 0.0
