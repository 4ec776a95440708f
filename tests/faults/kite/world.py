"""A day before a Kite that goes on whatever becomes of the desk, which is started when it dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kitesim.books import Account, Books
from execution.kitesim.faults import FaultKind, Faults
from execution.kitesim.settings import SimSettings
from marketdata.kite.client import RestLogin
from marketdata.pacing import LocalPacer, Patience, budgets_on
from marketdata.quality import ScreenSettings, TickScreen
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from tests.faults.kite.in_process import BooksAdapter, Gate, InProcessLanes, Stale
from tests.faults.kite.naked import LOOK_SECONDS
from tests.faults.kite.script import Script
from tests.faults.kite.simulated_time import LoopClock
from tests.faults.kite.street import CLOSES, OPENS, TRADED, Street, eager_setup
from tests.faults.kite.watch import Watch
from tests.unit.trading.engine.builders import D
from tests.unit.trading.engine.surroundings import ListFeed
from trading.bootstrap import timeline_of
from trading.doorbell import Doorbell
from trading.engine.core import Engine
from trading.engine.events import ConditionChanged
from trading.engine.runner import Runner, Surroundings
from trading.journal import JournalFile
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings
from trading.own_books import EngineBooks

HEAD = {"run": "T1"}
_FEED = "market-feed"


@dataclass(slots=True)
class Desk:
    """One life of the desk: its runner and what it is told."""

    runner: Runner
    venue: LiveVenue
    broker: KiteBroker
    bell: Doorbell
    frames: asyncio.Queue[Frame | None] = field(default_factory=asyncio.Queue)
    conditions: list[ConditionChanged] = field(default_factory=list)
    dead: asyncio.Event = field(default_factory=asyncio.Event)


class World:
    """Market, books and faults of one seed, and the desk before them."""

    def __init__(self, seed: int, script: Script, folder: Path) -> None:
        self.script, self._folder = script, folder
        self._chance = Random(f"world {seed}")
        self.clock = LoopClock(OPENS)
        self.street = Street(self.clock, Random(f"street {seed}"))
        self.faults = Faults(script.rules, seed=seed)
        windows = {item.key: (OPENS, CLOSES) for item in TRADED}
        settings = SimSettings(cash=D(10**12), limits=None, protects_market_orders=bool(seed % 2))
        account = Account("AB1234", 1, seed % 999)
        self.books = Books(account, self.street, windows, settings, self.faults)
        self.books.on_message(self._send)
        self.gate = Gate()
        self.stale = Stale(seconds=script.stale_seconds)
        self.tape: list[Frame] = []
        self.desk: Desk | None = None
        self.engine: Engine | None = None
        self.lives = 0
        self.calls = 0
        self.is_connected = True
        self._is_over = False
        self.strikes: Counter[str] = Counter()
        self.watch = Watch(self)
        self._held: list[dict[str, Any]] = []
        self._left = list(script.dies_at)
        budgets = budgets_on(OPENS.date())
        self._pacer = LocalPacer(budgets, self.clock.now, asyncio.sleep, Patience())

    @property
    def journal(self) -> Path:
        """Return the newest copy of the journal."""
        return self._folder / f"{self.lives}.journal"

    # the market -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Let the day happen, with a desk before it for as much of it as it lives."""
        market = asyncio.create_task(self._market())
        others = [asyncio.create_task(self._nemesis(*told)) for told in self._troubles()]
        others.append(asyncio.create_task(self._look_on()))
        try:
            while True:
                await self._live()
                if self.desk is None:
                    await asyncio.sleep(self._chance.uniform(0.5, 4))
                else:
                    break
            await market
        finally:
            for task in (market, *others):
                task.cancel()

    async def _market(self) -> None:
        for frame in self.street.frames():
            await self._until(frame.at)
            await self.books.on_frame(frame)
            if self.desk is not None and self.is_connected:
                self.desk.frames.put_nowait(frame)
        await self._until(CLOSES)
        self.books.advance(CLOSES)
        self._is_over = True
        if self.desk is not None:
            self.desk.frames.put_nowait(None)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.watch.look(self.clock.now())

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(max((at - self.clock.now()).total_seconds(), 0))

    def _troubles(self) -> list[tuple[str, datetime, float]]:
        return [
            *(("gap", at, seconds) for at, seconds in self.script.gaps),
            *(("outage", at, seconds) for at, seconds in self.script.outages),
            *(("death", at, seconds) for at, seconds in self.script.deaths),
            *(("crash", at, 0.0) for at in self.script.dies),
        ]

    async def _nemesis(self, what: str, at: datetime, seconds: float) -> None:
        """Let something happen to everybody at its moment, and have it over after its time."""
        await self._until(at)
        self.strikes[what] += 1
        if what == "crash":
            self._die()
            return
        self.gate.is_down = self.gate.is_down or what == "outage"
        if what == "death":
            self.gate.token = "dead"
        self._disconnect()
        await asyncio.sleep(seconds)
        if what == "outage":
            self.gate.is_down = False
        if what == "death":
            self.gate.token = f"token{self.clock.now():%H%M%S}"
            if self.desk is not None:
                self.desk.broker.renew(self.gate.token)
        self._connect()

    def _disconnect(self) -> None:
        self.is_connected = False
        self._feed_is(good=False)

    def _connect(self) -> None:
        if self.gate.is_down or self.gate.token == "dead":
            return
        self.is_connected = True
        self._feed_is(good=True)
        if self.desk is not None:
            self.desk.venue.look()

    def _feed_is(self, *, good: bool) -> None:
        if self.desk is not None:
            told = ConditionChanged(self.clock.now(), _FEED, good, "" if good else "no connection")
            self.desk.conditions.append(told)
            self.desk.bell.ring()

    # order messages ---------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        """Carry an order message to the desk, unless something happens to it on its way."""
        subject = f"{message['status']} {message['exchange']}:{message['tradingsymbol']}"
        if self._strikes(FaultKind.MESSAGE_LOSE, subject):
            return
        if self._strikes(FaultKind.MESSAGE_REORDER, subject):
            self._held.append(message)
            return
        twice = self._strikes(FaultKind.MESSAGE_DUPLICATE, subject)
        held, self._held = self._held, []
        for told in (message, message, *held) if twice else (message, *held):
            late = self._chance.random() < self.script.late_share
            self.strikes["late"] += late
            delay = self._chance.uniform(0.5, 8) if late else 0.03
            asyncio.get_running_loop().call_later(delay, self._deliver, told)

    def _deliver(self, message: dict[str, Any]) -> None:
        if self.desk is not None and self.is_connected:
            self.desk.venue.hear(message)

    def _strikes(self, kind: FaultKind, subject: str) -> bool:
        strikes = self.faults.active(kind, self.clock.now(), subject) is not None
        self.strikes[kind] += strikes
        return strikes

    # the desk ---------------------------------------------------------------------------------

    def _dies(self, when: str) -> bool:
        """Say whether the desk dies at this order call."""
        self.calls += when == "before"
        if self.desk is None or (self.calls, when) not in self._left:
            return False
        self._left.remove((self.calls, when))
        self.strikes["crash"] += 1
        self._die()
        return True

    def _die(self) -> None:
        if self.desk is not None:
            self.desk.dead.set()

    async def _live(self) -> None:
        """Run a desk to the end of the day, or to its death: then what it wrote is kept."""
        before = asyncio.all_tasks()
        journal = JournalFile(self.journal)
        self.desk = desk = self._desk(journal)
        running = asyncio.create_task(desk.runner.run(HEAD, CLOSES))
        dying = asyncio.create_task(desk.dead.wait())
        try:
            await asyncio.wait({running, dying}, return_when=asyncio.FIRST_COMPLETED)
            written = self.journal.read_bytes()
            if running.done():
                running.result()
                await desk.venue.end()
                return
            self.desk = None
        finally:
            mine = asyncio.all_tasks() - before - self._calls_under_way()
            for task in mine - {asyncio.current_task()}:
                task.cancel()
            await asyncio.gather(*mine - {asyncio.current_task()}, return_exceptions=True)
            journal.close()
        self.lives += 1
        torn = b'1234abcd {"s":' if self._chance.random() < 0.5 else b""
        self.journal.write_bytes(written + torn)

    def _calls_under_way(self) -> set[asyncio.Task[Any]]:
        """Return the calls that get to Kite although their desk is dead."""
        return {task for task in asyncio.all_tasks() if task.get_name() == "at kite"}

    def _login(self) -> RestLogin:
        return RestLogin("key", self.gate.token, "http://kite.invalid")

    def _desk(self, journal: JournalFile) -> Desk:
        told = eager_setup()
        self.engine = engine = Engine(told)
        adapter = BooksAdapter(self.books, self.street, self.faults, self.gate, self.stale)
        lanes = InProcessLanes(self._login(), adapter, self._chance, self._dies)
        around = Around(
            lanes=lanes,  # type: ignore[arg-type] # the same calls without threads
            pacer=self._pacer,
            clock=self.clock,
            instrument={item.key: item for item in TRADED}.get,
            pause=asyncio.sleep,
        )
        broker, bell = KiteBroker(around, BrokerSettings()), Doorbell()
        venue = LiveVenue(broker, EngineBooks(engine), (self.clock.now, bell), LiveSettings())
        desk = Desk(None, venue, broker, bell)  # type: ignore[arg-type]
        if self._is_over:
            desk.frames.put_nowait(None)

        def inputs(at: datetime) -> Sequence[Any]:
            conditions, desk.conditions = desk.conditions, []
            return [*conditions, *venue.news(at)]

        desk.runner = Runner(
            engine,
            Surroundings(
                journal=journal,
                venue=venue,
                past=ListFeed(list(self.tape)),
                feed=_TapedFeed(self.tape, desk, self.clock),
                now=self.clock.now,
                screen=TickScreen(told.universe.tokens, ScreenSettings()),
                timeline=timeline_of(told),
                inputs=inputs,
                before_orders=lambda: None,
                symbols={c.instrument.token: c.instrument.symbol for c in told.universe.columns},
                pause=bell.wait,
                listen_seconds=0.25,
            ),
        )
        return desk


class _TapedFeed:
    """What is on the tape, then what comes, which goes onto it first."""

    def __init__(self, tape: list[Frame], desk: Desk, clock: LoopClock) -> None:
        self._tape, self._desk, self._clock = tape, desk, clock

    @property
    def head(self) -> TapeHead:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        for frame in self._tape[start:]:
            yield frame
        while (frame := await self._desk.frames.get()) is not None:
            step = Frame(len(self._tape), self._clock.now(), frame.ticks)
            self._tape.append(step)
            yield step
