"""The venue of a real broker: calls run beside the engine's loop, their answers come as news.

What the broker's book says of our orders is worked out by `execution/reconcile.py`; what the
engine makes of it is the engine's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from execution.broker import Broker, OutcomeUnknown, SessionExpired
from execution.orders import Order, OrderState, OrderUpdate
from execution.positions import Position
from execution.reconcile import Discrepancy, DiscrepancyKind, reconcile
from marketdata.ticks import Ticks
from trading.engine.actions import PlaceOrder
from trading.engine.events import BrokerSaid, ChangeRefused, ConditionChanged
from trading.engine.venue import Wish, answered

BOOK = "broker-book"
"""Condition that is bad while the broker's book cannot be read or does not agree with ours."""
SESSION = "broker-session"
"""Condition that is bad while the broker wants a new login."""

News = BrokerSaid | ChangeRefused | ConditionChanged


class LiveBroker(Broker, Protocol):
    """A broker that also reads the messages it sends of its own accord."""

    def adopt(self, order: Order) -> None:
        """Take over an order that an earlier process sent."""

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        """Return what a message proves, its trades included; None where it can't be read."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How often the book is read, and when an order missing from it was never there."""

    look_every_seconds: float = 10.0
    absent_after: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class OwnBooks:
    """What the engine knows: its orders, its positions, the ids of the trades it has booked."""

    orders: Sequence[Order]
    positions: Sequence[Position]
    trades: Set[str]


@dataclass(slots=True)
class _Seen:
    """What the last look at the book found, to be believed when the next one finds it too."""

    absent: frozenset[str] = frozenset()
    discrepancies: frozenset[Discrepancy] = frozenset()


@dataclass(slots=True)
class _Calls:
    """Calls on their way; those of one order follow each other."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    last: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begin(self, subject: str, call: Coroutine[Any, Any, None]) -> None:
        """Start `call` once the one before it on the same subject has ended."""
        task = asyncio.create_task(self._after(self.last.get(subject), call))
        self.last[subject] = task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @staticmethod
    async def _after(before: asyncio.Task[None] | None, call: Coroutine[Any, Any, None]) -> None:
        if before is not None and not before.done():
            await asyncio.wait({before})
        await call


class LiveVenue:
    """Sends wishes to a broker and gathers its answers, its messages and what its book proves.

    `books` tells what the engine knows, `now` the moment it is. Until the book has been read and
    agrees, the condition `BOOK` is bad.
    """

    is_relived = False

    def __init__(
        self,
        broker: LiveBroker,
        books: Callable[[], OwnBooks],
        now: Callable[[], datetime],
        settings: LiveSettings,
    ) -> None:
        self._broker = broker
        self._books = books
        self._now = now
        self._settings = settings
        self._calls = _Calls()
        self._sent: dict[str, datetime] = {}
        self._began = now()
        self._seen = _Seen()
        self._news: deque[News] = deque()
        self._bad: dict[str, str] = {}
        self._stirred = asyncio.Event()
        self._wanted = asyncio.Event()
        self._failure: BaseException | None = None
        self._watching: asyncio.Task[None] | None = None
        self._turn(BOOK, "not read yet")

    # the port Venue ---------------------------------------------------------------------------

    def observe(self, at: datetime, ticks: Ticks) -> tuple[OrderUpdate, ...]:
        """Return nothing: prices move no order here."""
        del at, ticks
        return ()

    def advance(self, at: datetime) -> tuple[OrderUpdate, ...]:
        """Return nothing: time moves no order here."""
        del at
        return ()

    async def begin(self) -> None:
        """Take over what earlier processes sent and begin to read the broker's book."""
        for order in self._books().orders:
            self._broker.adopt(order)
        self._watching = asyncio.create_task(self._watch())

    async def end(self) -> None:
        """Stop reading the book; calls on their way are left to themselves."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})

    async def send(self, wish: Wish) -> tuple[()]:
        """Start the call; its answer comes among the news."""
        subject = wish.request.client_id if isinstance(wish, PlaceOrder) else wish.client_id
        self._sent[subject] = self._now()
        self._calls.begin(subject, self._guarded(self._carry_out(wish)))
        return ()

    # what comes in ----------------------------------------------------------------------------

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take a message about an order; what it proves comes among the news."""
        self._calls.begin(str(message.get("order_id", "")), self._guarded(self._read(message)))

    def look(self) -> None:
        """Read the book soon: something may have been missed."""
        self._wanted.set()

    def news(self, at: datetime) -> list[News]:
        """Return what has come since the last call, as of engine time `at`.

        Raises what a call failed with unexpectedly: the process then stops and recovers.
        """
        if self._failure is not None:
            raise self._failure
        self._stirred.clear()
        found = [replace(news, at=at) for news in self._news]
        self._news.clear()
        return found

    async def pause(self, seconds: float) -> None:
        """Wait for so many seconds, or until there is news."""
        try:
            await asyncio.wait_for(self._stirred.wait(), seconds)
        except TimeoutError:
            return

    @property
    def is_idle(self) -> bool:
        """Say whether no call is on its way and no look at the book is asked for."""
        return not self._calls.tasks and not self._wanted.is_set()

    async def _watch(self) -> None:
        """Read the book now, whenever asked to, and every so often; runs until cancelled."""
        while True:
            self._wanted.clear()
            await self._guarded(self._look())
            try:
                await asyncio.wait_for(self._wanted.wait(), self._settings.look_every_seconds)
            except TimeoutError:
                continue

    # calls ------------------------------------------------------------------------------------

    async def _guarded(self, call: Coroutine[Any, Any, None]) -> None:
        """Run `call`; what nobody expected is raised by the next `news`."""
        try:
            await call
        except SessionExpired as error:
            self._turn(SESSION, str(error))
        except OutcomeUnknown:
            self.look()
        except Exception as error:
            self._failure = error
            self._stirred.set()
            raise

    async def _carry_out(self, wish: Wish) -> None:
        answer = await answered(self._broker, wish)
        self._tell(answer)
        if _is_failure(answer):
            self.look()

    async def _read(self, message: Mapping[str, Any]) -> None:
        """Tell what a message says of an order of ours; anything else the book must explain."""
        update = await self._broker.hear(message)
        order = self._ours(update.client_id) if update is not None else None
        if update is None or order is None:
            self.look()
            return
        self._tell(BrokerSaid(update.at, update))
        if max(order.filled_quantity, _proven(update)) < update.filled_quantity:
            self.look()

    def _ours(self, client_id: str) -> Order | None:
        orders = self._books().orders
        return next((order for order in orders if order.request.client_id == client_id), None)

    async def _look(self) -> None:
        """Hold our orders against the broker's book and tell what it proves."""
        asked_at = self._now()
        try:
            book = await self._broker.book()
        except OutcomeUnknown as error:
            self._turn(BOOK, str(error))
            return
        own = self._books()
        found = reconcile(own.orders, own.positions, book, own.trades)
        for update in found.updates:
            self._tell(BrokerSaid(update.at, update))
        absent = frozenset(name for name in found.absent if self._was_sent_before(name, asked_at))
        for client_id in sorted(absent & self._seen.absent):
            update = OrderUpdate(client_id, "", asked_at, OrderState.PLANNED, reason="not there")
            self._tell(BrokerSaid(asked_at, update))
        discrepancies = frozenset(found.discrepancies)
        lasting = discrepancies & self._seen.discrepancies
        self._seen = _Seen(absent, discrepancies)
        self._turn(SESSION, "")
        if absent:
            self._turn(BOOK, f"orders not found: {' '.join(sorted(absent))}")
        elif lasting:
            self._turn(BOOK, "; ".join(sorted(_text(one) for one in lasting)))
        elif book.complete and not discrepancies:
            self._turn(BOOK, "")

    def _was_sent_before(self, client_id: str, asked_at: datetime) -> bool:
        sent = self._sent.get(client_id, self._began)
        return asked_at - sent >= self._settings.absent_after

    # telling ----------------------------------------------------------------------------------

    def _turn(self, name: str, problem: str) -> None:
        """Tell a condition where it changed; no problem means that it is good."""
        if self._bad.get(name, "") != problem:
            self._bad[name] = problem
            self._tell(ConditionChanged(self._now(), name, not problem, problem))

    def _tell(self, news: News) -> None:
        self._news.append(news)
        self._stirred.set()


def _proven(update: OrderUpdate) -> int:
    return sum(fill.quantity for fill in update.fills)


def _is_failure(answer: BrokerSaid | ChangeRefused) -> bool:
    if isinstance(answer, ChangeRefused):
        return True
    return answer.update.state in (OrderState.UNKNOWN, OrderState.REJECTED)


def _text(one: Discrepancy) -> str:
    kind = one.kind.value.lower().replace("_", "-")
    held = one.kind in (DiscrepancyKind.POSITION, DiscrepancyKind.FOREIGN_POSITION)
    unit = " units" if held else ""
    return f"{kind} {one.subject}: ours {one.ours}{unit}, the broker's {one.theirs}{unit}"
