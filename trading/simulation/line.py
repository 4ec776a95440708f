"""The desk's line to the broker in one of its lives: calls that may fail, and what it knows.

Every call is made once. What the broker itself does is `floor.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from execution.broker import BrokerBook, MarginAnswer, OutcomeUnknown, Refused, SessionExpired
from execution.margins import MarginLeg, margin_of
from execution.orders import Fill, Order, OrderChange, OrderRequest, OrderState, OrderUpdate
from trading.simulation.floor import Floor, Shown
from trading.simulation.mortality import Mortality
from trading.simulation.troubles import Kind

T = TypeVar("T")
_GIVEN_UP = 1.0
"""Seconds after which an answer isn't waited for any more, as those to exits at Kite."""
_FUNDS = Decimal(10**12)
_WAY = (0.005, 0.1)
_SETTLE = timedelta(seconds=0.75)


@dataclass(slots=True)
class Reach:
    """How the broker can be reached: whether anybody answers, and whether the token is good.

    `calls` are under way: they get there although the desk that made them is dead. `is_stale`: the
    orders it showed last were those of an earlier look.
    """

    is_down: bool = False
    is_expired: bool = False
    is_stale: bool = False
    orders: tuple[Shown, ...] = ()
    calls: list[asyncio.Task[Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asking:
    """When a book was asked for, how many orders had been sent, which were not settled then."""

    at: datetime
    sent: int
    unsettled: frozenset[str]


@dataclass(slots=True)
class _Known:
    """What this life knows: ids both ways, what is on its way, what isn't proven, what was told.

    `read`: for looks and glances, a book of orders that told nothing new, and as what it was told.
    """

    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    flying: dict[str, None] = field(default_factory=dict)
    unproven: dict[str, datetime] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    changing: Counter[str] = field(default_factory=Counter)
    changed_at: dict[str, datetime] = field(default_factory=dict)
    requests: dict[str, OrderRequest] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)
    claimed: Counter[str] = field(default_factory=Counter)
    read: dict[bool, tuple[tuple[Shown, ...], tuple[OrderUpdate, ...]]] = field(
        default_factory=dict
    )

    def pair(self, client_id: str, broker_id: str) -> None:
        if client_id not in self.ids or broker_id not in self.names:
            self.read.clear()
        self.ids.setdefault(client_id, broker_id)
        self.names.setdefault(broker_id, client_id)


class Line:
    """The port `LiveBroker` on the floor; `judge` looks at every order before it leaves."""

    def __init__(
        self, floor: Floor, reach: Reach, mortality: Mortality, judge: Callable[[str], None]
    ) -> None:
        self._floor, self._reach, self._mortality = floor, reach, mortality
        self._judge = judge
        self._known = _Known()
        self.dead = asyncio.Event()

    def adopt(self, order: Order) -> None:
        """Take over an order that an earlier process sent."""
        client_id, known = order.request.client_id, self._known
        known.read.clear()
        known.requests[client_id] = order.request
        if order.broker_id:
            known.ids[client_id] = order.broker_id
            known.names[order.broker_id] = client_id
            known.claimed[order.broker_id] = order.claimed_quantity
        elif order.state in (OrderState.SENT, OrderState.UNKNOWN):
            known.unproven[client_id] = self._now()

    def doubt(self, client_id: str) -> None:
        """Take over that a change of an order may have happened: the book tells what rests."""
        self._known.read.clear()
        self._known.doubted.add(client_id)

    async def place(self, request: OrderRequest) -> OrderUpdate:
        """Send the order once. Raises `Refused`, `OutcomeUnknown` or `SessionExpired`."""
        client_id, known = request.client_id, self._known
        self._judge(client_id)
        known.flying[client_id] = None
        known.sent.append(client_id)
        known.read.clear()
        known.requests[client_id] = request
        try:
            word = await self._call(lambda: self._floor.place(request), f"place {client_id}")
        except (Refused, SessionExpired):
            known.read.clear()
            known.requests.pop(client_id, None)
            raise
        except OutcomeUnknown:
            known.unproven[client_id] = self._now()
            raise
        finally:
            known.flying.pop(client_id, None)
        known.pair(client_id, word.broker_id)
        return self._works(client_id, known.ids[client_id])

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        """Change a resting order. Raises as `place`."""
        broker_id, known = await self._find(client_id), self._known
        resting = known.requests.get(client_id)
        changed: OrderRequest | None = None
        known.changing[client_id] += 1
        try:
            await self._call(lambda: self._floor.modify(broker_id, change), f"modify {client_id}")
            changed = None if resting is None else resting.changed_by(change)
        finally:
            known.changing[client_id] -= 1
            known.changed_at[client_id] = self._now()
            known.read.clear()
            if changed is None:
                known.doubted.add(client_id)
            else:
                known.requests[client_id] = changed
        return replace(self._works(client_id, broker_id), request=changed)

    async def cancel(self, client_id: str) -> OrderUpdate:
        """Cancel a resting order; accepted is not done. Raises as `place`."""
        broker_id = await self._find(client_id)
        await self._call(lambda: self._floor.cancel(broker_id), f"cancel {client_id}")
        return self._works(client_id, broker_id)

    async def margin(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        """Return what the dated tables say of legs; the floor asks for no margin and has it all."""
        on = self._now().date()
        required = await self._call(lambda: margin_of(legs, on), "margin")
        return MarginAnswer(required, _FUNDS)

    async def book(self) -> BrokerBook:
        """Return the broker's orders, trades and units, each read at a moment of its own."""
        asked = self._asking()
        orders, trades, net = await asyncio.gather(
            self._call(self._orders), self._call(self._floor.trades), self._call(self._floor.net)
        )
        book = self._learned(orders, asked, glanced=False)
        return replace(
            book,
            trades=tuple(self._of_ours(fill) for fill in trades),
            net_quantity=tuple(sorted((key, units) for key, units in net.items() if units)),
        )

    async def glance(self) -> BrokerBook:
        """Return the broker's orders alone."""
        asked = self._asking()
        shown = await self._call(self._orders)
        return self._learned(shown, asked, glanced=True)

    async def trades(self) -> BrokerBook:
        """Return the broker's trades alone."""
        trades = await self._call(self._floor.trades)
        return BrokerBook((), tuple(self._of_ours(fill) for fill in trades), (), complete=False)

    def _asking(self) -> _Asking:
        asked_at, sent = self._now(), len(self._known.sent)
        return _Asking(asked_at, sent, self._unsettled(asked_at, sent))

    def _learned(self, shown: tuple[Shown, ...], asked: _Asking, *, glanced: bool) -> BrokerBook:
        """Return a book of orders that were asked for at `asked`; what it proves is known then."""
        known = self._known
        book = BrokerBook(
            orders=self._told(shown, asked.at, glanced=glanced),
            trades=(),
            net_quantity=(),
            complete=True,
            unsettled=asked.unsettled | self._unsettled(asked.at, asked.sent),
        )
        for client_id in known.unproven.keys() - book.unsettled:
            del known.unproven[client_id]
        return book

    async def sought(self, client_id: str) -> OrderUpdate:
        """Return the last word on an order. Raises `Refused` where there is none."""
        broker_id = self._known.ids.get(client_id, "")
        word = await self._call(lambda: self._floor.word_of(broker_id))
        return replace(word, client_id=client_id)

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        """Return what a message says; its trades are asked for, and may not be told."""
        word: OrderUpdate = message["word"]
        self._learn(word)
        word = replace(word, client_id=self._name(word.broker_id, word.client_id))
        if not word.filled_quantity:
            return word
        try:
            fills = await self._call(self._floor.trades)
        except (OutcomeUnknown, SessionExpired):
            return replace(word, fills=())
        told = tuple(self._of_ours(fill) for fill in fills if fill.broker_id == word.broker_id)
        return replace(word, fills=told)

    def _told(
        self, shown: tuple[Shown, ...], asked_at: datetime, *, glanced: bool
    ) -> tuple[OrderUpdate, ...]:
        """Learn what a book of orders says and return it; what told nothing new is told again."""
        known = self._known
        before = known.read.get(glanced)
        if before is not None and before[0] is shown and not known.unproven:
            return before[1]
        for line in shown:
            self._learn(line.word)
        is_no_news = all(self._agrees(line.word.client_id, line.request) for line in shown)
        orders = tuple(
            self._as_ours(line.bare if glanced else line.word, line.request, asked_at)
            for line in shown
        )
        if is_no_news:
            known.read[glanced] = (shown, orders)
        return orders

    def _agrees(self, client_id: str, resting: OrderRequest) -> bool:
        """Say whether an order is known to rest as the book says."""
        known = self._known.requests.get(client_id)
        return client_id not in self._known.doubted and (known is resting or known == resting)

    # calls ------------------------------------------------------------------------------------

    async def _call(self, act: Callable[[], T], order: str = "") -> T:
        """Make a call that gets there even if its desk dies meanwhile; `order` names one's call."""
        if self._reach.is_expired:
            raise SessionExpired("The session has ended.")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        journey = asyncio.create_task(self._journey(act, order))
        self._reach.calls.append(journey)
        journey.add_done_callback(partial(self._ended, answer))
        return await answer

    def _ended(self, answer: asyncio.Future[T], journey: asyncio.Task[T]) -> None:
        """Hand an answer over to who waits for it, if anybody does yet."""
        self._reach.calls.remove(journey)
        if journey.cancelled():
            answer.cancel()
        elif (error := journey.exception()) is not None:
            if not answer.done():
                answer.set_exception(error)
        elif not answer.done():
            answer.set_result(journey.result())

    async def _journey(self, act: Callable[[], T], order: str) -> T:
        surface = self._floor.surface
        if order:
            surface.story.tell(f"-> {order}")
            self._die_here()
        await asyncio.sleep(surface.chance.uniform(*_WAY))
        if self._reach.is_down:
            raise OutcomeUnknown("no connection")
        if order and surface.strike(Kind.LOSE_REQUEST) is not None:
            await asyncio.sleep(_GIVEN_UP)
            raise OutcomeUnknown("timeout")
        if order and surface.strike(Kind.ERROR_BEFORE) is not None:
            raise OutcomeUnknown("503")
        answer = act()
        if order:
            self._die_here()
            await self._way_back()
        await asyncio.sleep(surface.chance.uniform(*_WAY))
        return answer

    async def _way_back(self) -> None:
        surface = self._floor.surface
        if surface.strike(Kind.LOSE_ANSWER) is not None:
            await asyncio.sleep(_GIVEN_UP)
            raise OutcomeUnknown("timeout")
        if surface.strike(Kind.ERROR_AFTER) is not None:
            raise OutcomeUnknown("502")
        late = surface.strike(Kind.SLOW_ANSWER)
        if late is not None:
            await asyncio.sleep(min(late, _GIVEN_UP))
        if late is not None and late > _GIVEN_UP:
            raise OutcomeUnknown("no answer yet")

    def _die_here(self) -> None:
        """Let the desk die at this effect, where it is to; the call goes on without it."""
        if not self.dead.is_set() and self._mortality.strikes():
            self.dead.set()

    # what is known ----------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._floor.surface.clock.now()

    def _orders(self) -> tuple[Shown, ...]:
        reach = self._reach
        reach.is_stale = self._floor.surface.strike(Kind.STALE_BOOK) is not None
        if not reach.is_stale or not reach.orders:
            reach.orders = self._floor.orders()
        return reach.orders

    def _unsettled(self, at: datetime, sent: int) -> frozenset[str]:
        known = self._known
        fresh = [name for name, ended in known.unproven.items() if ended > at - _SETTLE]
        return frozenset((*known.flying, *fresh, *known.sent[sent:]))

    def _learn(self, word: OrderUpdate) -> None:
        known = self._known
        known.claimed[word.broker_id] = max(known.claimed[word.broker_id], word.filled_quantity)
        known.pair(self._name(word.broker_id, word.client_id), word.broker_id)
        known.unproven.pop(word.client_id, None)

    def _name(self, broker_id: str, tag: str) -> str:
        return self._known.names.get(broker_id, tag)

    def _as_ours(self, word: OrderUpdate, resting: OrderRequest, asked_at: datetime) -> OrderUpdate:
        """Return a row of the book; what rests is told unless a change was just on its way."""
        client_id, known = self._name(word.broker_id, word.client_id), self._known
        if client_id != word.client_id:
            fills = tuple(self._of_ours(fill) for fill in word.fills)
            word = replace(word, client_id=client_id, fills=fills)
            resting = replace(resting, client_id=client_id)
        if self._agrees(client_id, resting):
            return word
        if known.ids.get(client_id) != word.broker_id or not self._is_settled(client_id, asked_at):
            return word
        known.requests[client_id] = resting
        known.doubted.discard(client_id)
        return replace(word, request=resting, at=max(word.at, self._now()))

    def _is_settled(self, client_id: str, asked_at: datetime) -> bool:
        known = self._known
        changed_at = known.changed_at.get(client_id)
        return not known.changing[client_id] and (
            changed_at is None or changed_at <= asked_at - _SETTLE
        )

    def _of_ours(self, fill: Fill) -> Fill:
        name = self._name(fill.broker_id, fill.client_id)
        return fill if name == fill.client_id else replace(fill, client_id=name)

    def _works(self, client_id: str, broker_id: str) -> OrderUpdate:
        """Return what an accepted call says: the order is there and, as far as known, works."""
        filled = self._known.claimed[broker_id]
        state = OrderState.PARTIAL if filled else OrderState.OPEN
        return OrderUpdate(client_id, broker_id, self._now(), state, filled)

    async def _find(self, client_id: str) -> str:
        if client_id not in self._known.ids:
            try:
                for each in (await self.book()).changed:
                    self.doubt(each)
            except OutcomeUnknown as error:
                raise Refused(f"Not sent: {client_id} has no order id, {error}.") from error
        if client_id not in self._known.ids:
            raise Refused(f"Couldn't find the order {client_id}.")
        return self._known.ids[client_id]
