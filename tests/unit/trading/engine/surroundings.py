"""What stands around a runner in tests: a feed from a list, and doubles that tell what they did."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderChange, OrderRequest, OrderUpdate
from execution.paper import PaperBroker
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from marketdata.ticks import Ticks
from tests.unit.trading.engine.builders import BASE, at, setup
from tests.unit.trading.engine.desk import tick
from trading.bootstrap import timeline_of
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, ConditionChanged
from trading.engine.runner import Runner, Surroundings
from trading.engine.venue import InstantVenue
from trading.journal import JournalFile, MemoryJournal

Outside = CommandIssued | ConditionChanged


class ListFeed:
    """A feed that tells the frames it was given."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames

    @property
    def head(self) -> TapeHead:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        for frame in self._frames[start:]:
            yield frame


@dataclass(slots=True)
class TracingJournal:
    """A journal in memory that also tells when it was asked for what."""

    trace: list[tuple[str, str]]
    inner: MemoryJournal = field(default_factory=MemoryJournal)

    @property
    def recovered(self) -> Sequence[Any]:
        return self.inner.recovered

    @property
    def seq(self) -> int:
        return self.inner.seq

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        self.trace.append(("append", kind))
        return self.inner.append(kind, body, incoming=incoming)

    def write(self, before: int | None = None) -> None:
        del before
        self.trace.append(("write", ""))

    def flush(self) -> None:
        self.trace.append(("flush", ""))


class TracingVenue:
    """A paper broker that tells what it was asked, and fails where it is told to."""

    def __init__(self, trace: list[tuple[str, str]]) -> None:
        window = (at(9, 15), at(15, 30))
        keys = [column.instrument.key for column in setup().universe.columns]
        exchange = Exchange(ExchangeSettings(), dict.fromkeys(keys, window))
        self._broker = PaperBroker(exchange)
        self._trace = trace
        self.failures: deque[Exception] = deque()
        self.book = self._broker.book

    def observe(self, moment: datetime, ticks: Ticks) -> tuple[OrderUpdate, ...]:
        return self._broker.observe(moment, ticks)

    def advance(self, moment: datetime) -> tuple[OrderUpdate, ...]:
        return self._broker.advance(moment)

    async def place(self, request: OrderRequest) -> OrderUpdate:
        self._trace.append(("place", request.client_id))
        if self.failures:
            raise self.failures.popleft()
        return await self._broker.place(request)

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        self._trace.append(("modify", client_id))
        return await self._broker.modify(client_id, change)

    async def cancel(self, client_id: str) -> OrderUpdate:
        self._trace.append(("cancel", client_id))
        return await self._broker.cancel(client_id)


def frames(start: datetime, seconds: int, prices: dict[int, dict[int, float]]) -> list[Frame]:
    """Return a frame a second with every column; `prices`: by second and column, then kept."""
    told, made = dict(BASE), []
    for second in range(seconds):
        moment = start + timedelta(seconds=second)
        told |= prices.get(second, {})
        rows = [
            tick(setup().instrument(column).token, float(price), moment, volume=1_000_000 + second)
            for column, price in told.items()
        ]
        made.append(Frame(second, moment, np.concatenate(rows)))
    return made


@dataclass(slots=True)
class Stage:
    """One run of the scripted engine: what it is given, and what it leaves behind."""

    frames: list[Frame]
    trace: list[tuple[str, str]] = field(default_factory=list)
    inputs: dict[datetime, list[Outside]] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    fence: list[Exception] = field(default_factory=list)

    def runner(self, journal: Any, venue: Any) -> Runner:
        told = setup(**self.overrides)
        return Runner(
            Engine(told),
            Surroundings(
                journal=journal,
                venue=InstantVenue(venue),
                past=ListFeed(self.frames),
                feed=ListFeed(self.frames),
                now=lambda: None,
                screen=TickScreen(told.universe.tokens, ScreenSettings()),
                timeline=timeline_of(told),
                inputs=lambda moment: self.inputs.get(moment, []),
                before_orders=self._before_orders,
                symbols={c.instrument.token: c.instrument.symbol for c in told.universe.columns},
            ),
        )

    def _before_orders(self) -> None:
        if self.fence:
            raise self.fence.pop()

    async def run(self, until: datetime, *failures: Exception) -> tuple[Runner, MemoryJournal]:
        """Run to `until` in memory; the first orders placed meet `failures`."""
        journal, venue = TracingJournal(self.trace), TracingVenue(self.trace)
        venue.failures.extend(failures)
        runner = self.runner(journal, venue)
        await runner.run({"run": "T1"}, until)
        return runner, journal.inner

    async def run_into(self, path: Path, until: datetime) -> Runner:
        """Run to `until` into a journal file, going on from what it holds."""
        journal = JournalFile(path)
        try:
            runner = self.runner(journal, TracingVenue(self.trace))
            await runner.run({"run": "T1"}, until)
        finally:
            journal.close()
        return runner
