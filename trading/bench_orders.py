"""From a frame on the socket to an order on the wire: a live desk before a kitesim, timed.

Frames come one by one, each once all that the last one led to is done, so that no wait in a queue
is counted. The desk's own day, its journal on the disk and its calls are those of going live.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from execution.orders import Role
from marketdata.clock import EventClock
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.pacing import Call, Lane
from marketdata.tape import TapeReader
from risk.limits import RiskLimits
from trading.bench import Figure, build, spread
from trading.bench_kitesim import SimKite, as_listed, quiet, sim_kite, stamping
from trading.bootstrap import undisturbed
from trading.bootstrap_kite import KiteDay, KiteDesk, Wall, kite_live_desk
from trading.config import Config
from trading.engine.actions import Action, AskMargin, ModifyOrder, PlaceOrder
from trading.engine.core import Engine
from trading.engine.events import Event, MarginTold, MarketStep, TimerFired
from trading.journal import JournalFile
from trading.live_venue import LiveVenue
from trading.quiet_heap import quiet_heap

COLUMNS = 500
STRATEGIES = (
    "opening_range",
    "trend_pullback",
    "vwap_reversion",
    "breakout_retest",
    "bollinger_reversion",
)
_ASKED, _ENTRY, _OUT = "margin of an entry", "entry, its margin told", "exit or moved stop"
_SECONDS = 5
_CAPITAL = Decimal(10**9)
_SPAN = timedelta(minutes=75)
_LINE = re.compile(rb"^(POST|PUT|DELETE) /orders/regular/?(\w*)")
_QUESTION = re.compile(rb"^POST /margins/basket")
_TAG = re.compile(rb"(?:^|&)tag=(\w+)")
_ROOMY = RiskLimits(
    risk_per_trade=Decimal("0.0005"),
    heat=Decimal(1),
    daily_loss=Decimal(1),
    margin_share=Decimal(1),
    equity_share_per_position=Decimal("0.002"),
    max_positions=COLUMNS,
    max_positions_per_strategy=COLUMNS,
    max_positions_per_underlying=5,
    underlying_share=Decimal(1),
    strategy_share=Decimal(1),
    correlated_share=Decimal(1),
    max_correlation=Decimal(1),
    max_losses_in_row=10_000,
    max_losses_in_row_strategy=10_000,
    order_to_trade_from=10**6,
    account_stale_after_seconds=10**6,
)


class FreePacer:
    """Every call has its turn at once: waits for a rate budget are no work of the desk's."""

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        """Let it through."""
        del call, lane, subject

    def hold(self, call: Call) -> None:
        """Take no note."""
        del call


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, of the processor by all threads of this process, and by one thread."""

    clock: float
    process: float
    thread: float

    @classmethod
    def now(cls) -> Spent:
        """Return what has been spent until now, by the thread that asks."""
        return cls(time.perf_counter(), time.process_time(), time.thread_time())

    def since(self, other: Spent) -> Spent:
        """Return what was spent since another moment, of a thread where it is the same one."""
        return Spent(
            self.clock - other.clock, self.process - other.process, self.thread - other.thread
        )


@dataclass(frozen=True, slots=True)
class _Wish:
    """A wish under way: what it is, when its frame came, when the engine began on it."""

    kind: str
    came: Spent
    began: Spent


@dataclass(slots=True)
class Marks:
    """What became of each wish, by its kind: what was spent on it.

    `flushed`: from the frame, of an entry whose margin was told from that answer, to the intent on
    the disk, for which a question doesn't wait; `written`: from the frame to the request's bytes.
    """

    engine: Engine | None = None
    flushed: dict[str, list[Spent]] = field(default_factory=dict)
    written: dict[str, list[Spent]] = field(default_factory=dict)
    _came: Spent | None = None
    _asked: dict[str, Spent] = field(default_factory=dict)
    _planned: list[_Wish] = field(default_factory=list)
    _open: dict[str, _Wish] = field(default_factory=dict)
    _questions: list[_Wish] = field(default_factory=list)
    _on: dict[int, str] = field(default_factory=dict)

    def frame(self) -> None:
        """Take note that prices came; of several before a step the first counts."""
        if self._came is None:
            self._came = Spent.now()

    def handle(self, handle: Callable[[Event], tuple[Action, ...]], event: Event) -> Any:
        """Hand an event on, and remember what its answer wishes for."""
        began = Spent.now()
        came = began if self._came is None else self._came
        if isinstance(event, MarginTold):
            came = self._asked.pop(event.code, began)
        actions = handle(event)
        if isinstance(event, MarketStep | TimerFired | MarginTold):
            first = began if isinstance(event, MarginTold) else came
            for action in actions:
                self._wish(action, came, first)
        if isinstance(event, MarketStep):
            self._came = None
        return actions

    def _wish(self, action: Action, came: Spent, began: Spent) -> None:
        match action:
            case AskMargin(code=code):
                self._asked[code] = came
                self._questions.append(_Wish(_ASKED, came, began))
                return
            case PlaceOrder(request=request):
                wish = _Wish(_ENTRY if request.role is Role.ENTRY else _OUT, came, began)
                self._open[request.client_id] = wish
            case ModifyOrder(client_id=client_id) if self.engine is not None:
                wish = _Wish(_OUT, came, began)
                self._open[self.engine.orders[client_id].broker_id] = wish
            case _:
                return
        self._planned.append(wish)

    def on_disk(self) -> None:
        """Take note that all intents so far are on the disk."""
        now = Spent.now()
        for wish in self._planned:
            self.flushed.setdefault(wish.kind, []).append(now.since(wish.began))
        self._planned.clear()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Listen to what is audited of the standard library: bytes that are about to be sent."""
        if event != "http.client.send" or not isinstance(arguments[1], bytes):
            return
        now, (connection, data) = Spent.now(), arguments
        if _QUESTION.match(data):
            if self._questions:
                self._wrote(self._questions.pop(0), now)
        elif line := _LINE.match(data):
            self._on[id(connection)] = line[2].decode()
            if line[1] == b"DELETE":
                self._close(line[2].decode(), now)
        elif id(connection) in self._on:
            tag = _TAG.search(data)
            self._close(tag[1].decode() if tag else self._on[id(connection)], now)

    def _close(self, key: str, now: Spent) -> None:
        wish = self._open.pop(key, None)
        if wish is not None:
            self._wrote(wish, now)

    def _wrote(self, wish: _Wish, now: Spent) -> None:
        self.written.setdefault(wish.kind, []).append(now.since(wish.came))


class TimedJournal(JournalFile):
    """The journal's file, telling when a batch is on the disk."""

    def __init__(self, path: Path, marks: Marks) -> None:
        super().__init__(path)
        self._marks = marks

    def flush(self) -> None:
        """Wait until the disk has the batch."""
        super().flush()
        self._marks.on_disk()


def order_figures() -> list[Figure]:
    """Measure from frame to flushed intent and to the request's bytes, with five strategies."""
    marks = Marks()
    sys.addaudithook(marks.hear)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = build(COLUMNS, folder, _SECONDS)
        made = TapeReader(built.tape_path)
        tape = as_listed(made, folder / "listed.tape", made.head.session_open + _SPAN)
        asyncio.run(_day(tape, built.warmup_path, folder, marks))
    figures: list[Figure] = []
    for way, found in (("intent on the disk", marks.flushed), ("request bytes", marks.written)):
        for kind, took in sorted(found.items()):
            title = f"{COLUMNS} instruments, {kind}: to {way}"
            figures += spread(title, [spent.clock for spent in took])
            figures += spread(f"{title}, processor", [spent.process for spent in took])
            if found is marks.flushed:
                figures += spread(f"{title}, the loop's own", [spent.thread for spent in took])
            figures.append(Figure(f"{title}: how many", len(took), ""))
    return figures


@dataclass(slots=True)
class _Coming:
    """The frames of a day: as one comes it is stamped, and it is the moment of that frame."""

    frames: Sequence[datetime]
    clock: EventClock
    marks: Marks
    _count: int = 0

    def came(self) -> None:
        """Take note of a frame."""
        self.marks.frame()
        self.clock.set(self.frames[min(self._count, len(self.frames) - 1)])
        self._count += 1


async def _day(tape: TapeReader, warmup: Path | None, folder: Path, marks: Marks) -> None:
    config = Config(capital_inr=_CAPITAL, risk=_ROOMY, strategies={name: {} for name in STRATEGIES})
    clock = EventClock(tape.head.session_open)
    coming = _Coming([frame.at for frame in tape.frames()], clock, marks)
    async with sim_kite(tape.path, with_limits=False) as kite:
        writer = RawTapeWriter(folder / "live.tape", tape.head)
        day = KiteDay(config, writer, warmup, "BENCH", 1, frozenset())
        wall = Wall(clock=clock, open_link=stamping(coming.came))
        journal = TimedJournal(folder / "bench.journal", marks)
        desk = kite_live_desk(day, kite.access, journal, undisturbed(), (wall, FreePacer()))
        engine = marks.engine = desk.runner.engine
        desk.runner.answer = lambda event: marks.handle(engine.handle, event)
        with quiet_heap():
            running = asyncio.ensure_future(
                desk.runner.run({"run": "BENCH"}, engine.setup.closes_at)
            )
            driving = asyncio.ensure_future(_drive(desk, kite, coming.frames))
            await asyncio.wait({running, driving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (driving, running):
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait({running, driving})
        await desk.end()
        writer.close()


async def _drive(desk: KiteDesk, kite: SimKite, frames: Sequence[datetime]) -> None:
    """Let the frames happen one by one, each once nothing is under way any more."""
    venue = desk.venue
    if not isinstance(venue, LiveVenue):
        raise TypeError("desk: expected a live one")
    await quiet(lambda: venue.is_idle and not venue.has_news)
    await asyncio.sleep(1.0)
    for number in range(1, len(frames) + 1):
        with kite.stepping():
            await quiet(
                lambda number=number: (  # type: ignore[misc]
                    desk.feed.counts.steps >= number and venue.is_idle and not venue.has_news
                )
            )
