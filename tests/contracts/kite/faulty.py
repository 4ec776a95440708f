"""A day over real sockets on which things go wrong: frames wait for the desk, but not for ever.

While a call hangs or a connection is gone the day's clock stands still, so that real seconds of
waiting are no simulated ones; what the desk makes of it is held against kitesim's books.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from execution.kitesim.faults import FaultRule
from execution.kitesim.order_row import Status
from marketdata.clock import EventClock
from marketdata.kite.link import Link, Receiver
from marketdata.kite.picows_link import open_picows
from tests.contracts.kite.lockstep import (
    FreePacer,
    HeldPrices,
    LockstepDay,
    Loop,
    Rounds,
    Sockets,
    told_of,
)
from tests.faults.kite.agreement import differences, held_and_covered
from trading.bootstrap_kite import KiteDesk, kite_live_desk
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.runner import Input
from trading.live_venue import LiveVenue

_PATIENCE = 12.0
"""Real seconds that the day waits for the desk to settle: a hanging call, a new connection."""
_NAKED_SECONDS = 5.0
_TIME_TO_LEAVE = timedelta(minutes=8)


@dataclass(slots=True)
class LeavingRounds(Rounds):
    """Rounds in which everything is closed at a moment, as a short day has no stages of its own."""

    leaves_at: datetime = datetime.max
    number: int = 0
    has_left: bool = False

    def inputs(self, at: datetime) -> Sequence[Input]:
        self.number += 1
        if self.has_left or at < self.leaves_at:
            return ()
        self.has_left = True
        return (CommandIssued(at, 1, CommandKind.FLATTEN, "test", "the day is short"),)


class Counting(HeldPrices):
    """A receiver that holds nothing back and counts pongs."""

    def binary(self, data: bytes) -> None:
        self._inner.binary(data)


class FreeSockets(Sockets):
    """Opens sockets and holds nothing back."""

    async def open(self, url: str, receiver: Receiver, within: float) -> Link:
        self.receiver = Counting(receiver)
        self.link = await open_picows(url, self.receiver, within)
        return self.link


@dataclass(slots=True)
class FaultyDay(LockstepDay):
    """A day with a fault script; `wrong` tells what was not as it must be.

    kitesim is away for `outage_seconds`, real and simulated, as soon as something is held.
    `longest`: simulated seconds for which something was held that no exit at Kite covered.
    """

    rules: tuple[FaultRule, ...] = ()
    outage_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0
    plans_made_in_outage: int = 0

    async def with_faults(self) -> Engine:
        """Trade the day live while the script strikes."""
        self.sim.backend.faults.replace(self.rules)
        engine = await self._trade(
            lambda day, access, journal, outside, wall: kite_live_desk(
                day, access, journal, outside, (wall, FreePacer())
            )
        )
        told = [body["text"] for _, body in told_of(self.journal, ("RiskNoted",))]
        self.wrong += differences(engine, self.sim.backend.books.orders(), told)
        return engine

    def _sockets(self) -> Sockets:
        return FreeSockets()

    def _rounds(self) -> Rounds:
        return LeavingRounds(leaves_at=self.tape.head.session_close - _TIME_TO_LEAVE)

    async def _drive(
        self, desk: KiteDesk, clock: EventClock, sockets: Sockets, rounds: Loop
    ) -> None:
        await _within(_PATIENCE, lambda: sockets.link is not None)
        since = Counter[str]()
        while (frame := self.sim.backend.market.peek()) is not None:
            if self.outage_seconds and self._holds(desk):
                await self._outage(desk, clock)
                await self._settle(desk, sockets, rounds)
                continue
            clock.set(frame.at)
            await self.sim.step()
            self._have_book_read(desk, frame.at)
            await self._settle(desk, sockets, rounds)
            if desk.runner.engine.ledger.alive():
                await self._looks_of(desk, sockets, rounds)
            self._look(since, (frame.at - self.tape.head.session_open).total_seconds())
        clock.set(self.tape.head.session_close)

    def _holds(self, desk: KiteDesk) -> bool:
        return any(trade.open_quantity for trade in desk.runner.engine.ledger.alive())

    async def _outage(self, desk: KiteDesk, clock: EventClock) -> None:
        """Let kitesim be away; market, books and the desk's clock go on all the same."""
        seconds, self.outage_seconds = self.outage_seconds, 0.0
        plans = len(desk.runner.engine.ledger.trades)
        away = asyncio.ensure_future(self.sim.outage(seconds))
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            left = ends_at - time.monotonic()
            frame = self.sim.backend.market.peek()
            if frame is None:
                break
            await asyncio.sleep(min((frame.at - clock.now()).total_seconds(), left))
            clock.set(frame.at)
            await self.sim.step()
        self.plans_made_in_outage = len(desk.runner.engine.ledger.trades) - plans
        await away

    async def _settle(self, desk: KiteDesk, sockets: Sockets, rounds: Loop) -> None:
        """Wait until what was sent has come, calls are answered and all news is taken."""
        venue = desk.venue
        assert isinstance(venue, LiveVenue)
        await _within(_PATIENCE, lambda: self.sim.state()["connections"] > 0)
        await self._caught_up(sockets)
        quiet, ends_at = 0, time.monotonic() + _PATIENCE
        while quiet < 3 and time.monotonic() < ends_at:
            before = rounds.number
            desk.bell.ring()
            await _within(1.0, lambda before=before: rounds.number > before)
            quiet = quiet + 1 if venue.is_idle and not venue.has_news else 0

    async def _looks_of(self, desk: KiteDesk, sockets: Sockets, rounds: Loop) -> None:
        """Let the desk look at Kite's book as often as it would in the seconds of a frame."""
        assert isinstance(desk.venue, LiveVenue)
        for _ in range(3):
            desk.venue.look()
            await self._settle(desk, sockets, rounds)

    async def _caught_up(self, sockets: Sockets) -> None:
        """Wait for a pong; a mute connection is given the time in which it is noticed."""
        receiver, link = sockets.receiver, sockets.link
        assert receiver is not None
        assert link is not None
        before = receiver.pongs
        link.send_ping()
        await _within(
            _PATIENCE, lambda: receiver.pongs > before or sockets.receiver is not receiver
        )

    def _look(self, since: Counter[str], now: float) -> None:
        rows = self.sim.backend.books.orders()
        for item in self.tape.head.instruments:
            held, covered = held_and_covered(rows, item.key)
            if abs(held) <= covered:
                since.pop(item.key, None)
                continue
            since.setdefault(item.key, int(now))
            naked = now - since[item.key]
            self.longest = max(self.longest, naked)
            rejected = any(row.status is Status.REJECTED for row in rows)
            if naked > _NAKED_SECONDS and not rejected:
                self.wrong.append(f"{item.symbol}: {held} held, {covered} covered for {naked:g} s")


async def _within(seconds: float, is_so: Callable[[], bool]) -> None:
    """Wait until something is so, at most so many real seconds."""
    ends_at = time.monotonic() + seconds
    while not is_so() and time.monotonic() < ends_at:
        await asyncio.sleep(0.0002)
