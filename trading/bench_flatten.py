"""How long the kill switch takes over real sockets: forty legs, some in slices, two half filled.

A live desk before a kitesim that keeps Kite's limits; the desk keeps its own, smaller budgets, so
that most of the time is their waiting. Nothing is asserted here.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from execution.broker import BrokerBook
from execution.orders import OrderState
from marketdata.clock import EventClock, SystemClock
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.pacing import Call, Lane, LocalPacer, Pacer, Patience, budgets_on
from risk.breakers import TradingState
from risk.exits import ExitRules
from strategies.ranking_settings import RankingSettings
from trading.bench import Figure
from trading.bench_flatten_market import (
    DAY,
    OPEN,
    ROOMY,
    SOON,
    SPOKEN,
    Everything,
    moments,
    write_day,
)
from trading.bench_kitesim import SimKite, quiet, sim_kite, stamping
from trading.bootstrap import Outside, setup_of
from trading.bootstrap_kite import ORDER_PATIENCE, KiteDay, KiteDesk, Wall, live_desk_of
from trading.config import Config
from trading.engine.actions import Action, CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, CommandKind, Event
from trading.engine.runner import Input
from trading.engine.settings import ExecutionSettings
from trading.journal import JournalFile
from trading.live_venue import LiveVenue

_ROUNDS = 5
_ORDER = re.compile(rb"^(POST|PUT|DELETE) /orders/regular/?(\w*)")
_TAG = re.compile(rb"(?:^|&)tag=(\w+)")
_SENT = PlaceOrder | ModifyOrder | CancelOrder


@dataclass(frozen=True, slots=True)
class Flattened:
    """What a kill switch came to.

    `wished`: orders that the command wished to place, change or cancel; `requests` that left, ones
    asked for again included. Seconds from the command: until each wish was asked for once, and
    until the broker had nothing left. `positions` it closed, `partly` of them still entering;
    `refused`: reasons of orders that were refused; `left`: what the broker holds or works
    afterwards; `twice`: client ids that it shows more than one order of.
    """

    positions: int
    partly: int
    wished: int
    requests: int
    to_all_sent: float
    to_flat: float
    refused: tuple[str, ...]
    left: tuple[str, ...]
    twice: tuple[str, ...]


class TwoPacers:
    """The desk's budgets by the wall's time, patient until `hurried`, then as they are live."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._pacer = self._with(Patience(urgent=120.0, normal=120.0))

    def _with(self, patience: Patience) -> Pacer:
        return LocalPacer(budgets_on(DAY), SystemClock().now, asyncio.sleep, patience)

    def hurry(self) -> None:
        """Keep the patience of a live day from now on."""
        self._pacer = self._with(self._patience)

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        """Wait for a turn."""
        await self._pacer.take(call, lane, subject)

    def hold(self, call: Call) -> None:
        """Take note."""
        self._pacer.hold(call)


@dataclass(slots=True)
class _Kill:
    """The command, once it is given, what it wished for, and the requests that left since.

    `sent`: when each order's first request since then left, in that order.
    """

    given: list[Input] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    requests: int = 0
    wished: int = 0
    began: float = 0.0
    _on: dict[int, str] = field(default_factory=dict)

    def inputs(self, at: datetime) -> Sequence[Input]:
        """Return what was given since the last call."""
        told = [replace_at(one, at) for one in self.given]
        self.given.clear()
        return told

    def give(self) -> None:
        """Press the switch."""
        command = CommandIssued(OPEN, 1, CommandKind.FLATTEN, "bench", "measured")
        self.sent.clear()
        self.requests = 0
        self.began = time.perf_counter()
        self.given.append(command)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Listen to what is audited of the standard library: bytes that are about to be sent."""
        if event != "http.client.send" or not isinstance(arguments[1], bytes):
            return
        connection, data = arguments
        line = _ORDER.match(data)
        if line:
            self.requests += 1
            self._on[id(connection)] = line[2].decode()
        key = self._on.get(id(connection), "")
        if not line and (tag := _TAG.search(data)):
            key = tag[1].decode()
        if key and (not line or line[1] == b"DELETE"):
            self.sent.setdefault(key, time.perf_counter())

    def handle(
        self, handle: Callable[[Event], tuple[Action, ...]], event: Event
    ) -> tuple[Action, ...]:
        """Hand an event on; count what the command makes the engine wish for."""
        actions = handle(event)
        if isinstance(event, CommandIssued):
            self.wished = sum(isinstance(action, _SENT) for action in actions)
        return actions

    @property
    def to_all_sent(self) -> float:
        """Return the seconds until as many orders were asked for as the command wished for."""
        moments = sorted(self.sent.values())[: self.wished]
        return max(moments, default=self.began) - self.began


def replace_at(command: Any, at: datetime) -> CommandIssued:
    """Return a command as given at the moment it is taken up."""
    return CommandIssued(at, command.command_id, command.kind, command.by, command.reason)


def flatten_once(folder: Path, patience: Patience) -> Flattened:
    """Buy everything, press the kill switch and return what came of it."""
    return asyncio.run(_lived(folder, patience))


async def _lived(folder: Path, patience: Patience) -> Flattened:
    tape = write_day(folder / "flatten.tape")
    clock, pacer, kill = EventClock(OPEN), TwoPacers(patience), _Kill()
    sys.addaudithook(kill.hear)
    async with sim_kite(tape.path, with_limits=True) as kite:
        writer = RawTapeWriter(folder / "live.tape", tape.head)
        config = Config(
            capital_inr=Decimal(10**9),
            risk=ROOMY,
            ranking=RankingSettings(top_n=100, max_correlated=1000),
            exits=ExitRules(trail=False, time_stop=False, volatility=False, mae=False),
            execution=ExecutionSettings(entry_timeout_seconds=600),
            strategies={},
        )
        day = KiteDay(config, writer, None, "BENCH", 1, frozenset())
        setup = setup_of(config, tape.head, "BENCH", banned=frozenset(), events=())
        engine = Engine(replace(setup, live=True, strategies=(Everything(),)))
        rim = (
            Outside(kill.inputs, lambda: None),
            Wall(clock=clock, open_link=stamping(lambda: None)),
            pacer,
        )
        journal = JournalFile(folder / "flatten.journal")
        desk = live_desk_of(day, (engine, None), kite.access, journal, rim)
        desk.runner.answer = lambda event: kill.handle(engine.handle, event)
        running = asyncio.ensure_future(desk.runner.run({"run": "BENCH"}, setup.closes_at))
        driving = asyncio.ensure_future(_drive(_Hand(desk, kite, clock, kill, pacer)))
        await asyncio.wait({running, driving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (driving, running):
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait({running, driving}, return_when=asyncio.ALL_COMPLETED)
        await desk.end()
        writer.close()
        journal.close()
        return driving.result()


@dataclass(slots=True)
class _Hand:
    """What moves a day on: the kitesim's frames, the desk's clock, the switch and the budgets."""

    desk: KiteDesk
    kite: SimKite
    clock: EventClock
    kill: _Kill
    pacer: TwoPacers
    _frames: int = 0

    @property
    def venue(self) -> LiveVenue:
        """Return where the orders go. Raises `TypeError` for a desk on paper."""
        if not isinstance(self.desk.venue, LiveVenue):
            raise TypeError("desk: expected a live one")
        return self.desk.venue

    async def step(self) -> None:
        """Let a frame come."""
        self.clock.set(moments()[self._frames])
        self._frames += 1
        await asyncio.to_thread(self.kite.step)
        await quiet(lambda: self.desk.feed.counts.steps >= self._frames)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        await quiet(lambda: self.venue.is_idle and not self.venue.has_news)

    async def enter(self) -> None:
        """Let everything be bought."""
        await self.settle()
        await asyncio.sleep(1.0)
        while moments()[self._frames] <= OPEN + SPOKEN:
            await self.step()
        await self.settle()
        await self.step()
        await self.settle()

    async def press(self) -> float:
        """Press the switch; return the seconds until the desk is flat. Time passes as it does."""
        self.pacer.hurry()
        await asyncio.sleep(1.1)
        self.kill.give()
        before, began = self._frames, self.kill.began
        self.desk.bell.ring()
        while self.desk.runner.engine.breakers.state is not TradingState.HALTED:
            due = began + (self._frames - before) * SOON.total_seconds()
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            await self.step()
        return time.perf_counter() - began

    async def left(self) -> tuple[BrokerBook, tuple[str, ...]]:
        """Return the broker's book, and what it still holds or works. Raises as `Broker.book`."""
        if self.desk.broker is None:
            raise TypeError("desk: expected a live one")
        book = await self.desk.broker.book()
        held = [f"{units:+d} {key}" for key, units in book.net_quantity]
        works = [update.broker_id for update in book.orders if not update.state.is_final]
        return book, (*held, *works)


async def _drive(hand: _Hand) -> Flattened:
    orders, ledger = hand.desk.runner.engine.orders, hand.desk.runner.engine.ledger
    await hand.enter()
    partly = sum(bool(order.open_quantity and order.filled_quantity) for order in orders.all())
    held = sum(bool(trade.open_quantity) for trade in ledger.alive())
    flat = await hand.press()
    await hand.settle()
    book, left = await hand.left()
    sent = Counter(update.client_id for update in book.orders)
    return Flattened(
        positions=held,
        partly=partly,
        wished=hand.kill.wished,
        requests=hand.kill.requests,
        to_all_sent=hand.kill.to_all_sent,
        to_flat=flat,
        refused=tuple(o.reason for o in orders.all() if o.state is OrderState.REJECTED),
        left=left,
        twice=tuple(name for name, count in sent.items() if count > 1),
    )


def flatten_figures() -> list[Figure]:
    """Measure it a few times, each on a day of its own."""
    found = []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            found.append(flatten_once(Path(name), ORDER_PATIENCE))
    worst_sent = max(each.to_all_sent for each in found)
    most = max(each.requests for each in found)
    return [
        Figure("flatten: positions", float(min(each.positions for each in found)), ""),
        Figure("flatten: entries half filled", float(min(each.partly for each in found)), ""),
        Figure("flatten: wishes", float(max(each.wished for each in found)), ""),
        Figure("flatten: requests", float(most), ""),
        Figure("flatten: to all sent, worst", worst_sent, "s"),
        Figure("flatten: to flat, worst", max(each.to_flat for each in found), "s"),
        Figure("flatten: calls refused", float(max(len(each.refused) for each in found)), ""),
        Figure("flatten: left at the broker", float(max(len(each.left) for each in found)), ""),
    ]
