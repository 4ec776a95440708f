"""A desk before a kitesim in lockstep: each frame waits until all it led to has been settled.

So a day over sockets happens in the same order as one inside a single process, and must come out
the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import msgspec

from execution.kitesim.market import Market
from execution.kitesim.server import KiteSim, SimPlan
from execution.kitesim.settings import SimSettings
from marketdata.calendar import Calendar
from marketdata.clock import EventClock
from marketdata.kite.client import Client, RestLogin
from marketdata.kite.link import Link, Receiver
from marketdata.kite.picows_link import open_picows
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.pacing import Call, Lane
from marketdata.tape import TapeReader
from trading.bootstrap import Outside, session_windows
from trading.bootstrap_kite import (
    KiteAccess,
    KiteDay,
    KiteDesk,
    Wall,
    kite_live_desk,
    kite_paper_desk,
)
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.runner import Input
from trading.journal import MemoryJournal
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings

_LOOK_EVERY = timedelta(seconds=LiveSettings().look_every_seconds)


class FreePacer:
    """Every call has its turn at once."""

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        del call, lane, subject

    def hold(self, call: Call) -> None:
        del call


class HeldPrices:
    """A receiver that keeps prices back until they are released; all else passes at once."""

    def __init__(self, inner: Receiver) -> None:
        self._inner = inner
        self._held: list[bytes] = []
        self.pongs = 0

    def binary(self, data: bytes) -> None:
        if len(data) == 1:
            self._inner.binary(data)
        else:
            self._held.append(data)

    def text(self, data: bytes) -> None:
        self._inner.text(data)

    def pong(self) -> None:
        self.pongs += 1
        self._inner.pong()

    def lost(self, reason: str) -> None:
        self._inner.lost(reason)

    def release(self) -> int:
        """Pass on what was held back; return how many messages that were."""
        held, self._held = self._held, []
        for data in held:
            self._inner.binary(data)
        return len(held)


@dataclass(slots=True)
class Sockets:
    """Opens the one socket of a small day and keeps it at hand."""

    link: Link | None = None
    receiver: HeldPrices | None = None

    async def open(self, url: str, receiver: Receiver, within: float) -> Link:
        self.receiver = HeldPrices(receiver)
        self.link = await open_picows(url, self.receiver, within)
        return self.link

    async def caught_up(self) -> None:
        """Wait until everything sent before now has arrived: the pong comes behind it."""
        assert self.link is not None
        assert self.receiver is not None
        before = self.receiver.pongs
        self.link.send_ping()
        await until(lambda: self.receiver is not None and self.receiver.pongs > before)


class Loop(Protocol):
    """A loop whose turns can be told apart."""

    @property
    def number(self) -> float:
        """Return a number that grows with each turn."""


@dataclass(slots=True)
class Rounds:
    """Counts how often the loop asked what came from outside."""

    number: int = 0

    def inputs(self, at: datetime) -> Sequence[Input]:
        del at
        self.number += 1
        return ()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, without letting time pass on the day's clock."""
    for _ in range(200_000):
        if is_so():
            return
        await asyncio.sleep(0)
        await asyncio.sleep(0.00005)
    raise TimeoutError("lockstep: it never came to be so")


@dataclass(slots=True)
class LockstepDay:
    """One day of a tape behind a kitesim, and what a desk makes of it."""

    tape: TapeReader
    warmup: Path | None
    folder: Path
    config: Config = field(default_factory=Config)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    sim: KiteSim = field(init=False)
    _looked_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        head = self.tape.head
        self._looked_at = head.session_open
        self.sim = KiteSim(
            SimPlan(
                market=Market(self.tape),
                windows=session_windows(head, Calendar.load()),
                settings=SimSettings(
                    cash=Decimal(10**12),
                    limits=None,
                    exchange=self.config.exchange,
                    rejected_later=frozenset(),
                    checks_price_protection=False,
                ),
                seed=1,
                pace=None,
                seconds=count(step=100).__next__,
                control=True,
            )
        )

    async def paper(self) -> Engine:
        """Trade the day on paper, on prices that come over the socket."""
        return await self._trade(kite_paper_desk)

    async def live(self) -> Engine:
        """Trade the day with every order going to kitesim."""
        return await self._trade(
            lambda day, access, journal, outside, wall: kite_live_desk(
                day, access, journal, outside, (wall, FreePacer())
            )
        )

    async def _trade(self, build: Callable[..., KiteDesk]) -> Engine:
        sim, head = self.sim, self.tape.head
        clock, sockets, rounds = EventClock(head.session_open), self._sockets(), self._rounds()
        wall = Wall(clock=clock, open_link=sockets.open)
        async with sim:
            access = await self._log_in(sim)
            writer = RawTapeWriter(self.folder / "live.tape", head)
            day = KiteDay(self.config, writer, self.warmup, "T1", 1, frozenset())
            desk = build(day, access, self.journal, Outside(rounds.inputs, lambda: None), wall)
            running = asyncio.ensure_future(
                desk.runner.run({"run": "T1"}, desk.runner.engine.setup.closes_at)
            )
            driving = asyncio.ensure_future(self._drive(desk, clock, sockets, rounds))
            await asyncio.wait({running, driving}, return_when=asyncio.FIRST_EXCEPTION)
            for task in (driving, running):
                if task.done():
                    task.result()
            await desk.end()
            await running
            writer.close()
        return desk.runner.engine

    def _sockets(self) -> Sockets:
        return Sockets()

    def _rounds(self) -> Rounds:
        return Rounds()

    async def _log_in(self, sim: KiteSim) -> KiteAccess:
        client = Client(RestLogin(sim.keys.api_key, root=sim.root))
        session: dict[str, Any] = await asyncio.to_thread(
            client.generate_session, sim.request_token(), sim.keys.api_secret
        )
        client.close()
        return KiteAccess(sim.keys.api_key, session["access_token"], sim.root, sim.ws_root)

    async def _drive(
        self, desk: KiteDesk, clock: EventClock, sockets: Sockets, rounds: Loop
    ) -> None:
        """Let the day happen frame by frame, then let its end come."""
        await until(lambda: sockets.link is not None)
        await sockets.caught_up()
        settle = self._settler(desk, rounds)
        await settle()
        for number in count():
            await self._before_frame(desk, number)
            if (frame := self.sim.backend.market.peek()) is None:
                break
            clock.set(frame.at)
            self._have_book_read(desk, frame.at)
            await settle()
            await self.sim.step()
            await sockets.caught_up()
            await settle()
            assert sockets.receiver is not None
            steps = desk.feed.counts.steps
            if sockets.receiver.release():
                await until(lambda before=steps: desk.feed.counts.steps > before)
            await settle()
        clock.set(self.tape.head.session_close)

    def _have_book_read(self, desk: KiteDesk, at: datetime) -> None:
        """Have the broker's book read as often as it would be if the day lasted as long."""
        if isinstance(desk.venue, LiveVenue) and at - self._looked_at >= _LOOK_EVERY:
            self._looked_at = at
            desk.venue.look()

    async def _before_frame(self, desk: KiteDesk, number: int) -> None:
        """Do nothing; a day on which more happens does it here."""

    @staticmethod
    def _settler(desk: KiteDesk, rounds: Loop) -> Callable[[], Awaitable[None]]:
        """Return what waits until the loop has looked around twice and found nothing new."""
        venue = desk.venue if isinstance(desk.venue, LiveVenue) else None

        def is_quiet() -> bool:
            return venue is None or (venue.is_idle and not venue.has_news)

        async def settle() -> None:
            quiet = 0
            while quiet < 2:
                before = rounds.number
                desk.bell.ring()
                await until(lambda before=before: rounds.number > before)
                quiet = quiet + 1 if is_quiet() else 0

        return settle

    def decided(self) -> list[tuple[str, Any]]:
        """Return every signal, decision and plan of the day."""
        return decided(self.journal)


DECISIVE = ("SignalNoted", "DecisionNoted", "PlanNoted")


def decided(journal: MemoryJournal) -> list[tuple[str, Any]]:
    """Return what a journal tells of decisions, in order."""
    return told_of(journal, DECISIVE)


def fills(journal: MemoryJournal) -> list[tuple[Any, ...]]:
    """Return when, what, how many and at which price was filled, in order."""
    return [
        (body["at"], body["client_id"], body["quantity"], Decimal(body["price"]))
        for _, body in told_of(journal, ("FillNoted",))
    ]


def told_of(journal: MemoryJournal, kinds: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return the records of some kinds as they read back, in order."""
    return [
        (kind, msgspec.json.decode(msgspec.json.encode(body)))
        for kind, _, body in journal.records
        if kind in kinds
    ]
