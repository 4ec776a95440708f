"""Telling a session to its engine without the stretches in which nothing can happen.

What is known ahead is `lookahead.py`; the same session told whole is `bar_feed.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

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

    plan_id: str
    column: int
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
        self._told_to = np.zeros(len(day.instruments), dtype=np.int64)
        self._read = 0
        self._busy: set[str] = set()
        self._resting: dict[str, _Resting] = {}
        self._unseen: list[_Resting] = []
        self._touches: list[tuple[int, int, _Resting]] = []
        self._pushed = 0
        self._risk = 0.0
        limits = engine.setup.limits
        self._allowed = float(limits.daily_loss_inr(engine.ledger.start))
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
        self._told_to[columns] = place + 1
        return self._stretches.single(place, columns)

    def _next(self, place: int) -> tuple[int, Ints]:
        """Return the next frame from `place` on that must be told by itself, and to which columns.

        Behind a candidate or a stage to those it concerns, where an order is touched to its own.
        """
        unseen, self._unseen = self._unseen, []
        for resting in unseen:
            self._await_touch(resting, place // 2)
        stop = bisect_left(self._stops, place)
        until = min([2 * self.day.minutes, *self._stops[stop : stop + 1]])
        found: list[tuple[int, int, _Resting]] = []
        while (touched := self._first_touched(place)) is not None and touched <= until:
            if touched < until:
                until, found = touched, []
            found.append(heappop(self._touches))
        for entry in found:
            heappush(self._touches, entry)
        columns = {resting.column for _, _, resting in found}
        columns.update(self._columns_of.get(until, ()))
        return until, np.array(sorted(columns), dtype=np.int64)

    def _first_touched(self, place: int) -> int | None:
        """Return the first frame from `place` on that may touch an order, None where none does."""
        minute = place // 2
        while self._touches:
            at, _, resting = self._touches[0]
            if self._resting.get(resting.plan_id) is not resting:
                heappop(self._touches)
            elif at < minute:
                heappop(self._touches)
                self._await_touch(resting, minute)
            else:
                return max(place, 2 * at)
        return None

    def _await_touch(self, resting: _Resting, minute: int) -> None:
        found = self._stretches.first_touch(resting.column, resting.levels, minute)
        if found is not None:
            self._pushed += 1
            heappush(self._touches, (found, self._pushed, resting))

    def is_busy(self) -> bool:
        """Say whether a plan may do more than wait for its resting stop or target."""
        ledger = self.engine.ledger
        if len(ledger.stirred) != self._read:
            self._read_on()
        return bool(self._busy) or (bool(self._resting) and self._loss_is_near())

    def _read_on(self) -> None:
        """Look anew at the plans that something has happened to."""
        ledger = self.engine.ledger
        for plan_id in dict.fromkeys(trade.plan_id for trade in ledger.stirred[self._read :]):
            trade = ledger.trades[plan_id]
            if trade.is_over:
                self._resting.pop(plan_id, None)
            if trade.is_over or self._waits(trade):
                self._busy.discard(plan_id)
            else:
                self._busy.add(plan_id)
        self._read = len(ledger.stirred)
        self._risk = sum([resting.risk for resting in self._resting.values()])

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
        resting = _Resting(trade.plan_id, trade.column, version, (lower, upper), risk)
        self._resting[trade.plan_id] = resting
        self._unseen.append(resting)
        return True

    def _loss_is_near(self) -> bool:
        """Say whether the day's loss could reach its limit before any stop is touched."""
        ledger = self.engine.ledger
        lost = float(ledger.start - ledger.balance)
        return (self._risk + lost) * _TO_BE_SURE >= self._allowed


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
