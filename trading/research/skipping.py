"""Telling a session to its engine without the stretches in which nothing can happen.

What is known ahead is `lookahead.py`, what plans wait for `waiting.py`; the same session told whole
is `bar_feed.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from marketdata.bars import Ints
from marketdata.tape import Frame
from marketdata.ticks import TICK, Ticks
from trading.engine.core import Engine
from trading.engine.scan import timeframes
from trading.engine.settings import EngineSetup
from trading.engine.timeline import BAR, Timeline, bar_closes
from trading.research.bar_days import TradingDay
from trading.research.bar_feed import BarFeed
from trading.research.bar_ticks import DayTicks
from trading.research.lookahead import Lookahead, Stop
from trading.research.merging import Stretches
from trading.research.waiting import Waits

_MINUTE = timedelta(minutes=1)
_NOTHING = np.zeros(0, TICK)


class SkippingTimeline(Timeline):
    """Alarms as in a whole session, less the bar closes at which nothing can happen."""

    def __init__(
        self, setup: EngineSetup, candidates: Sequence[datetime], feed: SkippingFeed
    ) -> None:
        """`candidates`: the ends of bars on which a strategy may speak, in order."""
        super().__init__(_stage_alarms(setup))
        shortest = timeframes(setup)[0].seconds
        self._ends = [due for due, _ in bar_closes(setup.opens_at, setup.closes_at, shortest)]
        self._candidates = candidates
        self._feed = feed
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
        if not self._feed.is_busy():
            told: list[datetime] = []
            for ends in (self._candidates, self._feed.awake_ends):
                place = bisect_left(ends, due)
                told += ends[place : place + 1]
            if not told:
                return None
            due = min(told)
        return due if due <= until else None


def _stage_alarms(setup: EngineSetup) -> set[tuple[datetime, str]]:
    alarms = set()
    for column, stage in zip(setup.universe.columns, setup.stages, strict=True):
        if stage is not None:
            segment = column.instrument.segment
            alarms.add((stage.square_off_at, f"stage:square_off:{segment}"))
            alarms.add((stage.flat_by, f"stage:flat_by:{segment}"))
    return alarms


class SkippingFeed(BarFeed):
    """A feed that tells a stretch in which nothing can happen as one frame.

    Something can happen behind a candidate's bar or a stage, in a minute in which a plan that
    only waits may be reached (told to the columns of living plans alone), and on every frame
    while a plan is alive that may do more than wait.
    """

    def __init__(self, day: TradingDay, told: DayTicks, engine: Engine, ahead: Lookahead) -> None:
        super().__init__(day, told, engine)
        self._stop_at = ahead.stops(day, engine.setup)
        self._stops = tuple(self._stop_at)
        self._stretches = Stretches(told, int(day.opens_at.timestamp()))
        self._waits = Waits(engine, self._stretches, ahead)
        self._columns = np.arange(len(day.instruments))
        self._told_to = np.zeros(len(day.instruments), dtype=np.int64)
        self._awake_until = 0
        self._passed = -1
        self.awake_ends: list[datetime] = []

    def is_busy(self) -> bool:
        """Say whether a plan may do more than wait for what is known ahead."""
        return self._waits.is_busy()

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the frames to be told; each is chosen when the one before has been dealt with."""
        if start:
            raise ValueError(f"start: {start}, expected 0")
        number = 0
        self._told_to[:] = 0
        for told in (self._stretch_by_stretch(), self.settlement()):
            for at, ticks in told:
                if ticks is None:
                    yield Frame(-1, at, _NOTHING)
                else:
                    yield Frame(number, at, ticks)
                    number += 1

    def _stretch_by_stretch(self) -> Iterator[tuple[datetime, Ticks | None]]:
        """Yield the ticks to be told, None where time alone has to come to a moment."""
        place, end, shown, owed = 0, 2 * self.day.minutes, 0, False
        while place < end:
            self._waits.look(place, shown)
            until, columns = (place, self._columns) if owed else self._next(place)
            stop = self._stop_at.get(until)
            behind = columns if stop is None else self._looked_at(stop)
            if (self._told_to[behind] < until).any():
                ticks = self._stretches.merged(self._told_to, until, behind)
                if len(ticks):
                    yield self.at(until - 1), ticks
            place = until
            if until == end:
                break
            if self._may_come_to_nothing(until, columns, owed=owed):
                yield self.at(until), None
                self._passed = until
                if not self._waits.is_busy():
                    continue
            owed = owed or stop is not None or until < self._awake_until
            ticks = self._single(until, columns)
            if len(ticks):
                yield self.at(until), ticks
                owed = False
            place, shown = until + 1, until

    def _may_come_to_nothing(self, place: int, columns: Ints, *, owed: bool) -> bool:
        """Say whether a frame is told only for what strategies say of the bar before it.

        Where they say nothing that is traded, what comes behind it can wait.
        """
        stop = self._stop_at.get(place)
        if stop is None or stop.is_stage or owed or place < self._awake_until:
            return False
        return columns is stop.columns

    def _single(self, place: int, columns: Ints) -> Ticks:
        """Return one frame of some columns, and remember that it was told."""
        self._told_to[columns] = place + 1
        return self._stretches.single(place, columns)

    def _next(self, place: int) -> tuple[int, Ints]:
        """Return the next frame from `place` on that must be told by itself, and to which columns.

        Behind a candidate or a stage to those it concerns, where an order is touched to its own,
        and where an exit rule may decide to those of all plans.
        """
        if place < self._awake_until or self._waits.is_busy():
            return place, self._living(place)
        following = bisect_left(self._stops, max(place, self._passed + 1))
        until = min([2 * self.day.minutes, *self._stops[following : following + 1]])
        until, reached = self._waits.next_reached(until)
        if any(waiting.is_watched for waiting in reached):
            self._wake(until)
            return until, self._living(until)
        stop = self._stop_at.get(until)
        if stop is not None and not reached:
            return until, stop.columns
        columns = {waiting.trade.column for waiting in reached}
        columns.update(() if stop is None else stop.columns.tolist())
        return until, np.array(sorted(columns), dtype=np.int64)

    def _living(self, place: int) -> Ints:
        """Return the columns of all living plans, and those that a frame concerns anyway."""
        columns = {trade.column for trade in self.engine.ledger.alive()}
        stop = self._stop_at.get(place)
        columns.update(() if stop is None else stop.columns.tolist())
        return np.array(sorted(columns), dtype=np.int64)

    def _looked_at(self, stop: Stop) -> Ints:
        """Return the columns whose prices are looked at behind a stop."""
        living = {trade.column for trade in self.engine.ledger.alive()}
        if living.issubset(stop.asked):
            return np.array(stop.asked, dtype=np.int64)
        return np.array(sorted(living.union(stop.asked)), dtype=np.int64)

    def _wake(self, place: int) -> None:
        """Tell a minute whole: its frames, the bars that end where it begins and where it ends.

        The frame behind it is told too, so that what the later bar leads to meets the next price.
        """
        minute = place // 2
        self._awake_until = 2 * minute + 3
        ends = (minute, minute + 1) if place == 2 * minute else (minute + 1,)
        self.awake_ends += [self.day.opens_at + each * _MINUTE for each in ends if each]
