"""Telling a session to its engine without the stretches in which nothing can happen.

What is known ahead is `lookahead.py`; the same session told whole is `bar_feed.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from marketdata.bars import Ints
from marketdata.tape import Frame
from marketdata.ticks import Ticks
from risk.exits import ExitRules
from trading.engine.core import Engine
from trading.engine.scan import timeframes
from trading.engine.settings import EngineSetup, TargetStyle
from trading.engine.timeline import BAR, Timeline, bar_closes
from trading.engine.trades import PlanState, Trade
from trading.research.bar_days import TradingDay
from trading.research.bar_feed import BarFeed
from trading.research.bar_ticks import DayTicks
from trading.research.merging import Stretches

_TO_BE_SURE = 1.01


class SkippingTimeline(Timeline):
    """Alarms as in a whole session, less the bar closes at which nothing can happen."""

    def __init__(
        self, setup: EngineSetup, candidates: Sequence[datetime], is_busy: Callable[[], bool]
    ) -> None:
        """`candidates`: the ends of bars on which a strategy may speak, in order."""
        super().__init__(_stage_alarms(setup))
        shortest = timeframes(setup)[0].seconds
        self._ends = [due for due, _ in bar_closes(setup.opens_at, setup.closes_at, shortest)]
        self._candidates = candidates
        self._is_busy = is_busy
        self._next = 0

    def next_due(self, until: datetime) -> tuple[datetime, str] | None:
        """Take the next alarm that is due by `until`, that moment included; None for none."""
        while True:
            bar = self._next_bar(until)
            if self._heap and self._heap[0][0] <= until:
                due, rank, _ = self._heap[0]
                if bar is None or (due, rank) < (bar, 1):
                    found = super().next_due(due)
                    passed = bisect_right if rank else bisect_left
                    self._next = max(self._next, passed(self._ends, due))
                    if found is not None:
                        return found
                    continue
            if bar is None:
                self._next = max(self._next, bisect_right(self._ends, until))
                return None
            self._next = bisect_left(self._ends, bar) + 1
            return bar, BAR

    def _next_bar(self, until: datetime) -> datetime | None:
        if self._next >= len(self._ends):
            return None
        due = self._ends[self._next]
        if not self._is_busy():
            place = bisect_left(self._candidates, due)
            if place == len(self._candidates):
                return None
            due = self._candidates[place]
        return due if due <= until else None


def _stage_alarms(setup: EngineSetup) -> set[tuple[datetime, str]]:
    alarms = set()
    for column, stage in zip(setup.universe.columns, setup.stages, strict=True):
        if stage is not None:
            segment = column.instrument.segment
            alarms.add((stage.square_off_at, f"stage:square_off:{segment}"))
            alarms.add((stage.flat_by, f"stage:flat_by:{segment}"))
    return alarms


@dataclass(frozen=True, slots=True)
class _Resting:
    """What a plan waits for: the levels that end it, and the rupees its stop would cost.

    `version`: how many orders and units it had when this was read.
    """

    version: tuple[int, int]
    levels: tuple[float, float]
    risk: float


class SkippingFeed(BarFeed):
    """A feed that tells a stretch in which nothing can happen as one frame.

    Something can happen behind a candidate's bar or a stage, on a bar that touches a resting stop
    or target (told to its column alone), and on every frame while a plan is alive that may do
    more than wait for these.
    """

    def __init__(
        self, day: TradingDay, told: DayTicks, engine: Engine, stops: Mapping[int, Ints]
    ) -> None:
        """`stops`: the frames that must be told by themselves, in order, and to which columns."""
        super().__init__(day, told, engine)
        self._columns_of = stops
        self._stops = tuple(stops)
        self._stretches = Stretches(told)
        self._columns = np.arange(len(day.instruments))
        self._waiting: tuple[int, Sequence[Trade]] = (-1, ())
        self._told_to = np.zeros(len(day.instruments), dtype=np.int64)
        self._resting: dict[str, _Resting] = {}
        self._touches: dict[str, tuple[_Resting, int | None]] = {}
        self._can_wait = engine.setup.execution.target_style is TargetStyle.REST and not _decides(
            engine.setup.exits
        )

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the frames to be told; each is chosen when the one before has been dealt with."""
        if start:
            raise ValueError(f"start: {start}, expected 0")
        number = 0
        self._told_to[:] = 0
        for told in (self._stretch_by_stretch(), self.settlement()):
            for at, ticks in told:
                yield Frame(number, at, ticks)
                number += 1

    def _stretch_by_stretch(self) -> Iterator[tuple[datetime, Ticks]]:
        place, end, owed = 0, 2 * self.day.minutes, False
        while place < end:
            until, columns = place, self._columns
            if not owed and not self.is_busy():
                until, columns = self._next(place)
            is_stop = until in self._columns_of
            owed = owed or is_stop
            behind = self._columns if is_stop else columns
            ticks = self._stretches.merged(self._told_to, until, behind)
            self._told_to[behind] = until
            if len(ticks):
                yield self.at(until - 1), ticks
            place = until
            if until == end:
                break
            ticks = self._single(until, columns)
            if len(ticks):
                yield self.at(until), ticks
                owed = False
            place = until + 1

    def _single(self, place: int, columns: Ints) -> Ticks:
        """Return one frame of some columns, and remember that it was told."""
        minute, is_rest = divmod(place, 2)
        there = self.told.rest_there if is_rest else self.told.open_there
        found = columns[there[minute, columns]]
        self._told_to[columns] = place + 1
        return self._stretches.ticks(np.full(len(found), place), found)

    def _next(self, place: int) -> tuple[int, Ints]:
        """Return the next frame from `place` on that must be told by itself, and to which columns.

        Behind a candidate or a stage to those it concerns, where an order is touched to its own.
        """
        touches = [
            (frame, trade.column)
            for trade in self.engine.ledger.alive()
            if (frame := self._touch(trade, place)) is not None
        ]
        stop = bisect_left(self._stops, place)
        until = min([2 * self.day.minutes, *self._stops[stop : stop + 1], *dict(touches)])
        own = [column for frame, column in touches if frame == until]
        columns = np.array(own, dtype=np.int64)
        return until, np.union1d(columns, self._columns_of.get(until, columns))

    def _touch(self, trade: Trade, place: int) -> int | None:
        """Return the first frame from `place` on that may touch a plan's order, None for none."""
        resting, minute = self._resting[trade.plan_id], place // 2
        known = self._touches.get(trade.plan_id)
        if known is None or known[0] is not resting or (known[1] or minute) < minute:
            found = self._stretches.first_touch(trade.column, resting.levels, minute)
            known = self._touches[trade.plan_id] = (resting, found)
        return None if known[1] is None else max(place, 2 * known[1])

    def is_busy(self) -> bool:
        """Say whether a plan may do more than wait for its resting stop or target."""
        alive, version = self.engine.ledger.alive(), self.engine.orders.version
        if self._waiting[0] != version or self._waiting[1] is not alive:
            if not all(self._waits(trade) for trade in alive):
                return True
            self._waiting = version, alive
        return bool(alive) and self._loss_is_near(alive)

    def _waits(self, trade: Trade) -> bool:
        """Say whether a plan only waits, and remember for what."""
        if not self._can_wait or trade.state is not PlanState.OPEN or trade.closing is not None:
            return False
        version = len(trade.stops) + len(trade.targets), trade.open_quantity
        known = self._resting.get(trade.plan_id)
        if known is not None and known.version == version:
            return True
        orders = self.engine.orders
        stops, targets = orders.working(trade.stops), orders.working(trade.targets)
        if orders.unfinished(trade.entries) or len(stops) != 1 or len(targets) != 1:
            return False
        stop, target = orders.wanted(stops[0]).trigger_price, orders.wanted(targets[0]).price
        if stop is None or target is None:
            return False
        lower, upper = sorted((float(stop), float(target)))
        risk = abs(float(trade.position.average_price or 0) - float(stop)) * trade.open_quantity
        self._resting[trade.plan_id] = _Resting(version, (lower, upper), risk)
        return True

    def _loss_is_near(self, alive: Sequence[Trade]) -> bool:
        """Say whether the day's loss could reach its limit before any stop is touched."""
        ledger, limits = self.engine.ledger, self.engine.setup.limits
        risk = sum(self._resting[trade.plan_id].risk for trade in alive)
        lost = float(ledger.start - ledger.balance)
        return (risk + lost) * _TO_BE_SURE >= float(limits.daily_loss_inr(ledger.start))


def _decides(rules: ExitRules) -> bool:
    """Say whether any exit is decided by prices or time instead of resting at the exchange."""
    return (
        rules.trail
        or rules.target1
        or rules.target2
        or rules.break_even_after_target1
        or rules.time_stop
        or rules.volatility
        or rules.mae
    )
