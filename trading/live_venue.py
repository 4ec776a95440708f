"""The venue of a real broker: calls run beside the engine's loop, their answers come as news.

What the broker's book proves of our orders is worked out by `live_book.py`; what the engine makes
of it is the engine's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from execution.broker import Broker, OutcomeUnknown, SessionExpired
from execution.orders import Order, OrderState, OrderUpdate, Role
from marketdata.ticks import Ticks
from trading.doorbell import Doorbell
from trading.engine.actions import PlaceOrder
from trading.engine.events import BOOK, BrokerSaid, ChangeRefused, ConditionChanged, TwinFound
from trading.engine.venue import Wish, answered
from trading.live_book import BookLooks, OwnBooks, Patience

SESSION = "broker-session"
"""Condition that is bad while the broker wants a new login."""

_MOST_LOOKS = 3
"""Reads of the book that may be under way at once."""

_WORKS = (OrderState.OPEN, OrderState.PARTIAL)

News = BrokerSaid | ChangeRefused | ConditionChanged | TwinFound


class LiveBroker(Broker, Protocol):
    """A broker that also reads the messages it sends of its own accord."""

    def adopt(self, order: Order) -> None:
        """Take over an order that an earlier process sent."""

    def doubt(self, client_id: str) -> None:
        """Take over that a change of an order may have happened: its book tells what rests."""

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        """Return what a message proves, its trades included; None where it can't be read."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How often the book is read, and when an order missing from it was never there.

    `look_soon_seconds` goes while something is under way: an order that works and is no resting
    stop, or anything sent or heard within the last `stirred`; `look_at_once_seconds` while the
    outcome of an order or of a change isn't proven; `look_held_seconds` while nothing but stops
    rest. A book that goes on agreeing is told of `confirm_every`. While something isn't proven the
    book is read again beside a read that takes longer than `look_beside_seconds`.
    """

    look_every_seconds: float = 10.0
    look_soon_seconds: float = 1.0
    look_at_once_seconds: float = 0.25
    look_held_seconds: float = 3.0
    look_beside_seconds: float = 0.25
    stirred: timedelta = timedelta(seconds=15)
    confirm_every: timedelta = timedelta(seconds=20)
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class _Calls:
    """Calls on their way; those of one order follow each other."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    last: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begin(self, subject: str, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start `call` once the one before it on the same subject has ended."""
        task = asyncio.create_task(self._after(self.last.get(subject), call))
        self.last[subject] = task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @staticmethod
    async def _after(
        before: asyncio.Task[None] | None, call: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait({before})
        await call()


class LiveVenue:
    """Sends wishes to a broker and gathers its answers, its messages and what its book proves.

    `books` tells what the engine knows, `rim` the moment it is and the bell to ring when there is
    news. Until the book has been read and agrees, the condition `BOOK` is bad.
    """

    is_relived = False

    def __init__(
        self,
        broker: LiveBroker,
        books: Callable[[], OwnBooks],
        rim: tuple[Callable[[], datetime], Doorbell],
        settings: LiveSettings,
    ) -> None:
        now, bell = rim
        self._broker = broker
        self._books = books
        self._now = now
        self._settings = settings
        self._calls = _Calls()
        self._looks = BookLooks(settings.patience, now())
        self._stirred_at = self._looked_at = now()
        self._broker_ids: dict[str, str] = {}
        self._twins: set[str] = set()
        self._doubted: set[str] = set()
        self._news: deque[News] = deque()
        self._bad: dict[str, str] = {}
        self._told_good_at = now()
        self._bell = bell
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
            if order.broker_id:
                self._broker_ids[order.request.client_id] = order.broker_id
        for client_id in self._books().changing:
            if client_id not in self._calls.last:
                self._broker.doubt(client_id)
                reason = "asked for before the restart"
                self._tell(ChangeRefused(self._now(), client_id, reason, proven=False))
        self._watching = asyncio.create_task(self._watch())

    async def end(self) -> None:
        """Stop reading the book; calls on their way are left to themselves."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})

    async def send(self, wish: Wish) -> tuple[()]:
        """Start the call; its answer comes among the news."""
        self._stirred_at = self._now()
        self._introduce()
        if isinstance(wish, PlaceOrder):
            subject = wish.request.client_id
            self._looks.sent(subject, self._stirred_at)
        else:
            subject = wish.client_id
        self._calls.begin(subject, lambda: self._guarded(self._carry_out(wish)))
        return ()

    # what comes in ----------------------------------------------------------------------------

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take a message about an order; what it proves comes among the news."""
        self._stirred_at = self._now()
        subject = str(message.get("order_id", ""))
        self._calls.begin(subject, lambda: self._guarded(self._read(message)))

    def look(self) -> None:
        """Read the book soon: something may have been missed."""
        self._wanted.set()

    def news(self, at: datetime) -> list[News]:
        """Return what has come since the last call, as of engine time `at`.

        Raises what a call failed with unexpectedly: the process then stops and recovers.
        """
        if self._failure is not None:
            raise self._failure
        found = [replace(news, at=at) for news in self._news]
        self._news.clear()
        return found

    @property
    def is_idle(self) -> bool:
        """Say whether no call is on its way and no look at the book is asked for."""
        return not self._calls.tasks and not self._wanted.is_set()

    @property
    def has_news(self) -> bool:
        """Say whether there is something that `news` has not told yet."""
        return bool(self._news) or self._failure is not None

    async def _watch(self) -> None:
        """Read the book now, whenever asked to, and every so often; runs until cancelled."""
        looks: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wanted.clear()
                looks = {look for look in looks if not look.done()}
                looks.add(asyncio.create_task(self._guarded(self._look())))
                await self._looked(looks)
                await self._rest()
        finally:
            for look in looks:
                look.cancel()

    async def _looked(self, looks: set[asyncio.Task[None]]) -> None:
        """Wait until looks have ended; in doubt, unless many are under way, not for long.

        A look that began before a doubt could be settled must not keep the one waiting that can.
        """
        while looks:
            _, looks = await asyncio.wait(looks, timeout=self._settings.look_beside_seconds)
            if len(looks) < _MOST_LOOKS and self._is_in_doubt():
                return

    async def _rest(self) -> None:
        """Wait until it is time to look again, or until somebody asks for it."""
        settings, waited = self._settings, 0.0
        while (left := self._pause() - waited) > 0:
            step = min(left, settings.look_at_once_seconds)
            try:
                await asyncio.wait_for(self._wanted.wait(), step)
            except TimeoutError:
                waited += step
            else:
                return

    def _pause(self) -> float:
        """Return the seconds that should lie between two looks, as things stand."""
        settings, orders = self._settings, self._books().orders
        if self._is_in_doubt():
            return min(settings.look_at_once_seconds, settings.look_every_seconds)
        is_stirred = self._now() - self._stirred_at <= settings.stirred
        if is_stirred or any(_is_under_way(order) for order in orders):
            return min(settings.look_soon_seconds, settings.look_every_seconds)
        if any(order.state in _WORKS for order in orders):
            return min(settings.look_held_seconds, settings.look_every_seconds)
        return settings.look_every_seconds

    def _is_in_doubt(self) -> bool:
        """Say whether nothing is proven of an order, or of a change."""
        books = self._books()
        if not self._doubted.isdisjoint(books.changing):
            return True
        return any(self._is_unproven(order) for order in books.orders)

    def _is_unproven(self, order: Order) -> bool:
        is_of_before = order.request.client_id not in self._calls.last
        return order.state is OrderState.UNKNOWN or (
            order.state is OrderState.SENT and is_of_before
        )

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
            self._bell.ring()
            raise

    async def _carry_out(self, wish: Wish) -> None:
        answer = await answered(self._broker, wish)
        if isinstance(answer, BrokerSaid):
            self._pass_on(answer.update, answer.answers)
        else:
            self._doubted.add(answer.client_id)
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
        self._pass_on(update)
        if max(order.filled_quantity, _proven(update)) < update.filled_quantity:
            self.look()

    def _ours(self, client_id: str) -> Order | None:
        orders = self._books().orders
        return next((order for order in orders if order.request.client_id == client_id), None)

    async def _look(self) -> None:
        """Hold our orders against the broker's book and tell what it proves.

        A book that was asked for before one that has been looked at tells nothing.
        """
        asked_at = self._now()
        self._introduce()
        try:
            book = await self._broker.book()
        except OutcomeUnknown as error:
            if asked_at >= self._looked_at:
                self._turn(BOOK, str(error))
            return
        if asked_at < self._looked_at:
            return
        self._looked_at = asked_at
        looked = self._looks.take(self._books(), book, asked_at)
        for update in looked.updates:
            self._pass_on(update)
        for client_id in looked.absent:
            update = OrderUpdate(client_id, "", asked_at, OrderState.PLANNED, reason="not there")
            self._tell(BrokerSaid(asked_at, update))
        for stray in looked.strays:
            if stray.broker_id not in self._twins:
                self._twins.add(stray.broker_id)
                self._tell(TwinFound(asked_at, stray.client_id, stray))
        self._turn(SESSION, "")
        if looked.problem is not None:
            self._turn(BOOK, looked.problem)
            self._confirm()

    def _introduce(self) -> None:
        """Tell the broker of orders that the engine took over from its book."""
        for order in self._books().orders:
            client_id = order.request.client_id
            if order.broker_id in self._twins and client_id not in self._broker_ids:
                self._broker_ids[client_id] = order.broker_id
                self._broker.adopt(order)

    # telling ----------------------------------------------------------------------------------

    def _turn(self, name: str, problem: str) -> None:
        """Tell a condition where it changed; no problem means that it is good."""
        if self._bad.get(name, "") != problem:
            self._bad[name] = problem
            if name == BOOK:
                self._told_good_at = self._now()
            self._tell(ConditionChanged(self._now(), name, not problem, problem))

    def _confirm(self) -> None:
        """Tell every so often that the book goes on agreeing."""
        now = self._now()
        if not self._bad[BOOK] and now - self._told_good_at >= self._settings.confirm_every:
            self._told_good_at = now
            self._tell(ConditionChanged(now, BOOK, good=True))

    def _pass_on(self, update: OrderUpdate, answers: int = 0) -> None:
        """Tell news of an order, unless it is of a second order under the same id.

        `answers`: the number of the change that it answers; of a change of a second order nothing
        is proven for the first.
        """
        known = self._broker_ids.get(update.client_id) or update.broker_id
        if update.broker_id and known != update.broker_id:
            if answers:
                reason = f"answered for {update.broker_id}, not {known}"
                self._tell(ChangeRefused(update.at, update.client_id, reason, False, answers))
            self.look()
            return
        self._broker_ids[update.client_id] = known
        self._tell(BrokerSaid(update.at, update, answers))

    def _tell(self, news: News) -> None:
        self._news.append(news)
        self._bell.ring()


def _proven(update: OrderUpdate) -> int:
    return sum(fill.quantity for fill in update.fills)


def _is_failure(answer: BrokerSaid | ChangeRefused) -> bool:
    if isinstance(answer, ChangeRefused):
        return True
    return answer.update.state in (OrderState.UNKNOWN, OrderState.REJECTED)


def _is_under_way(order: Order) -> bool:
    """Say whether news of an order is to be expected soon."""
    if order.state is OrderState.SENT:
        return True
    return order.state in _WORKS and order.request.role is not Role.STOP
