"""When a real broker's book is read: every so often, whenever asked for, and more often in doubt.

What a read proves, and whether there is doubt, is `live_venue.py`'s to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from itertools import count
from typing import Any

from execution.orders import Order, OrderState, Role
from trading.live_book import Patience

_MOST_LOOKS = 3
_MOST_GLANCES = 8

Read = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How often the book is read, and when an order missing from it was never there.

    `look_soon_seconds` goes while something is under way: an order that works and is no resting
    stop, anything sent or heard within the last `stirred`, or anything that isn't proven;
    `look_held_seconds` while nothing but stops rest. How soon it should be is asked every
    `look_at_once_seconds`; whoever wants the book read waits for a read under way for
    `look_beside_seconds`. Between looks orders and trades are glanced at by themselves, in turns
    of `glance_every_seconds`, as `Urgency` says; a call without an answer for `silent` is in doubt.
    A book that goes on agreeing is told of `confirm_every`. For one that doesn't agree once the run
    is over `look_at_once_seconds` are waited `last_words` times.
    """

    look_every_seconds: float = 10.0
    look_soon_seconds: float = 3.0
    look_at_once_seconds: float = 0.25
    look_held_seconds: float = 5.0
    look_beside_seconds: float = 0.5
    glance_every_seconds: float = 0.25
    silent: timedelta = timedelta(seconds=0.5)
    stirred: timedelta = timedelta(seconds=15)
    confirm_every: timedelta = timedelta(seconds=20)
    last_words: int = 120
    patience: Patience = field(default_factory=Patience)


class Urgency(Enum):
    """How soon something of our orders should be known.

    At once where nothing is proven of one, soon where one may fill at any moment; a stop that
    rests may be gone without a word. All together stays within the budget of reads.
    """

    DOUBT = auto()
    UNDER_WAY = auto()
    HELD = auto()
    NONE = auto()


_WORKS = (OrderState.SENT, OrderState.OPEN, OrderState.PARTIAL)


@dataclass(frozen=True, slots=True)
class Standing:
    """How orders stand: how soon news is wanted where nothing is in doubt, and what may be.

    `is_unknown`: of one nothing is proven. `sent`: client ids of those that nobody has answered.
    """

    urgency: Urgency
    is_unknown: bool
    sent: tuple[str, ...]


def standing_of(orders: Iterable[Order]) -> Standing:
    """Return how orders stand."""
    alive = [order for order in orders if not order.state.is_final]
    unknown = any(order.state is OrderState.UNKNOWN for order in alive)
    working = [order for order in alive if order.state in _WORKS]
    sent = tuple(o.request.client_id for o in working if o.state is OrderState.SENT)
    if sent or any(order.request.role is not Role.STOP for order in working):
        return Standing(Urgency.UNDER_WAY, unknown, sent)
    return Standing(Urgency.HELD if working else Urgency.NONE, unknown, sent)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the book is read and how soon again.

    `look` reads all of it, `glance` its orders and `trades` its trades alone; none may raise.
    `pause`: the seconds that should lie between two looks now.
    """

    look: Read
    glance: Read
    trades: Read
    pause: Callable[[], float]
    how_urgent: Callable[[], Urgency]


class BookWatch:
    """Reads the book until it is cancelled; a read that hangs keeps no other waiting for long."""

    def __init__(self, settings: LiveSettings, reading: Reading) -> None:
        self._settings = settings
        self._reading = reading
        self._wanted = asyncio.Event()

    def want(self) -> None:
        """Read the book soon: something may have been missed."""
        self._wanted.set()

    @property
    def is_wanted(self) -> bool:
        """Say whether a look is asked for that has not begun."""
        return self._wanted.is_set()

    async def run(self) -> None:
        """Read the book now, whenever asked to, and every so often."""
        await asyncio.gather(self._look_on(), self._glance_on())

    async def _look_on(self) -> None:
        looks: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wanted.clear()
                looks = {look for look in looks if not look.done()}
                looks.add(asyncio.create_task(self._reading.look()))
                await self._looked(looks)
                await self._rest()
        finally:
            _cancel(looks)

    async def _looked(self, looks: set[asyncio.Task[None]]) -> None:
        """Wait until looks have ended; unless many are under way not for long, if one is wanted.

        A look that began before something could be seen must not keep the one waiting that can.
        """
        while looks:
            _, looks = await asyncio.wait(looks, timeout=self._settings.look_beside_seconds)
            if len(looks) < _MOST_LOOKS and self.is_wanted:
                return

    async def _rest(self) -> None:
        """Wait until it is time to look again, or until somebody asks for it."""
        waited = 0.0
        while (left := self._reading.pause() - waited) > 0:
            step = min(left, self._settings.look_at_once_seconds)
            try:
                async with asyncio.timeout(step):
                    await self._wanted.wait()
            except TimeoutError:
                waited += step
            else:
                return

    async def _glance_on(self) -> None:
        glances: set[asyncio.Task[None]] = set()
        try:
            for turn in count():
                await asyncio.sleep(self._settings.glance_every_seconds)
                wanted = self._wanted_in(turn)
                if wanted:
                    glances = {glance for glance in glances if not glance.done()}
                if wanted and len(glances) < _MOST_GLANCES:
                    glances |= {asyncio.create_task(read()) for read in wanted}
        finally:
            _cancel(glances)

    def _wanted_in(self, turn: int) -> list[Read]:
        """Return what is to be glanced at in a turn."""
        match self._reading.how_urgent():
            case Urgency.DOUBT:
                every = {self._reading.glance: 1, self._reading.trades: 3}
            case Urgency.UNDER_WAY:
                every = {self._reading.trades: 2, self._reading.glance: 3}
            case Urgency.HELD:
                every = {self._reading.glance: 2}
            case Urgency.NONE:
                every = {}
        return [read for read, turns in every.items() if turn % turns == 0]


def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
