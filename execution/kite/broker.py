"""The port `Broker` on Kite: every order is sent once, and what isn't proven is said to be so.

Words are turned in `mapping.py`, failures judged in `errors.py`; deciding is nobody's here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from execution.broker import (
    BrokerBook,
    MarginAnswer,
    OutcomeUnknown,
    Refused,
    SessionExpired,
)
from execution.kite.asking import Insistence, first_answer
from execution.kite.basket import Margins
from execution.kite.books import Lists, book_of, trades_of
from execution.kite.calls import Around, KiteCalls
from execution.kite.errors import TooManyRequests
from execution.kite.limits import lane_of_change, lane_of_order
from execution.kite.mapping import Names, change_fields, changed_by, order_update, place_fields
from execution.kite.memory import Memory
from execution.kite.rows import Row, RowError
from execution.kite.shown import Shown
from execution.margins import MarginLeg
from execution.orders import Fill, Order, OrderChange, OrderRequest, OrderState, OrderUpdate
from marketdata.kite.client import Client
from marketdata.pacing import Call, Lane, OverBudget

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """How the adapter behaves.

    `settle_seconds`: how long after a placement without proof an order missing from the book may
    still come; what was too much for Kite's gate never came in. `algo_id`: of the registered
    strategy, empty for none.
    """

    variety: str = "regular"
    algo_id: str = ""
    settle_seconds: float = 0.75
    insistence: Insistence = field(default_factory=Insistence)

    @property
    def settle(self) -> timedelta:
        """Return `settle_seconds` as a span."""
        return timedelta(seconds=self.settle_seconds)


@dataclass(frozen=True, slots=True)
class _Asking:
    """When a book was asked for, how many orders had been sent, which of them were not settled."""

    at: datetime
    sent: int
    unsettled: frozenset[str]


class KiteBroker:
    """Kite's order book behind the port, for one session's token at a time."""

    def __init__(self, around: Around, settings: BrokerSettings) -> None:
        self._around = around
        self._settings = settings
        self._memory = Memory()
        self._shown = Shown()
        self._calls = KiteCalls(around, settings.insistence)
        self._margins = Margins(self._ask_calmly, around.clock.now)

    def adopt(self, order: Order) -> None:
        """Take over an order that an earlier process sent, before anything else is done with it."""
        self._memory.adopt(order, self._around.clock.now())

    def doubt(self, client_id: str) -> None:
        """Take over that a change of an order may have happened: the book tells what rests."""
        self._memory.doubt(client_id)

    def renew(self, access_token: str) -> None:
        """Go on with the token of a new login."""
        self._calls.renew(access_token)

    @property
    def is_expired(self) -> bool:
        """Say whether the broker refused the token; nothing is sent before `renew`."""
        return self._calls.is_expired

    def close(self) -> None:
        """Begin no further call."""
        self._around.lanes.close()

    async def place(self, request: OrderRequest) -> OrderUpdate:
        """Send the order once; one that was accepted before is answered, not sent.

        Raises `Refused`, `OutcomeUnknown` or `SessionExpired`.
        """
        known = self._memory.answer(request.client_id)
        if known is not None:
            return known
        settings = self._settings
        form = place_fields(request, variety=settings.variety, algo_id=settings.algo_id)
        lane = lane_of_order(request)
        self._memory.sending(request)
        call = self._calls.send(
            (Call.PLACE, lane, ""),
            lambda client: str(client.place_order(**form)),
            lambda late: self._accepted(late, request),
        )
        try:
            broker_id = await self._shown.first(request.client_id, call)
        except (Refused, SessionExpired):
            self._memory.refused(request.client_id)
            raise
        except TooManyRequests:
            settled_at = self._around.clock.now() - self._settings.settle
            self._memory.unproven(request.client_id, settled_at)
            raise
        except BaseException:
            self._memory.unproven(request.client_id, self._around.clock.now())
            raise
        return self._accepted(broker_id or "", request)

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        """Change a resting order; accepted is not done. Raises as `place`."""
        broker_id, resting = await self._find(client_id), self._memory.request(client_id)
        form = change_fields(change, resting)
        wanted = None if resting is None else changed_by(resting, change)
        changed: OrderRequest | None = None
        self._memory.changing(client_id, wanted)
        call = self._calls.send(
            (Call.MODIFY, lane_of_change(change, resting), broker_id),
            lambda client: client.modify_order(self._settings.variety, broker_id, **form),
        )
        try:
            await self._shown.first(client_id, call)
            changed = wanted
        finally:
            self._memory.changed(client_id, changed, self._around.clock.now())
        return replace(self._works(client_id, broker_id), request=changed)

    async def cancel(self, client_id: str) -> OrderUpdate:
        """Cancel a resting order; accepted is not done. Raises as `place`."""
        broker_id = await self._find(client_id)
        await self.call_off(broker_id)
        return self._works(client_id, broker_id)

    async def call_off(self, broker_id: str) -> None:
        """Cancel an order by Kite's own id, of several with one tag too. Raises as `place`."""
        await self._calls.send(
            (Call.CANCEL, Lane.URGENT, ""),
            lambda client: client.cancel_order(self._settings.variety, broker_id),
        )

    async def book(self) -> BrokerBook:
        """Return orders, trades and net units, read at once.

        Complete when every row could be read; of placements that were under way, or ended without
        proof just before, it says nothing. Raises `OutcomeUnknown` or `SessionExpired`.
        """
        asked = self._asking()
        order_rows, trade_rows, positions = await asyncio.gather(
            self._calls.read(lambda client: client.orders()),
            self._calls.read(lambda client: client.trades()),
            self._calls.read(lambda client: client.positions()),
        )
        return self._learned(Lists(order_rows, trade_rows, positions["net"]), asked)

    async def glance(self) -> BrokerBook:
        """Return the orders of the book alone, without trades and units, asked for once.

        Raises as `book`.
        """
        rows, asked = await first_answer(self._orders, Insistence(tries=1), self._around.pause)
        return self._learned(Lists(rows, (), ()), asked)

    async def trades(self) -> BrokerBook:
        """Return the trades of the book alone, asked for once. Raises as `book`."""
        once = Insistence(tries=1)
        rows: Sequence[Row] = await first_answer(
            lambda: self._calls.ask(lambda client: client.trades()), once, self._around.pause
        )
        fills = trades_of(rows, self._names(), self._around.clock.now())
        self._memory.note_trades(fills)
        return BrokerBook((), fills, (), complete=False)

    async def sought(self, client_id: str) -> OrderUpdate:
        """Return Kite's last word on an order, asked for by itself.

        Raises `Refused` where Kite knows none, `OutcomeUnknown`, also for an answer that can't be
        read, or `SessionExpired`.
        """
        broker_id = self._memory.broker_id(client_id)
        if not broker_id:
            raise OutcomeUnknown(f"{client_id} has no order id to ask by")
        try:
            rows: Sequence[Row] = await self._calls.seek(
                lambda client: client.order_history(broker_id)
            )
            update = order_update(rows[-1], self._names(), self._around.clock.now())
        except (OverBudget, RowError, IndexError) as error:
            raise OutcomeUnknown(f"{client_id}: {error}") from error
        if update.broker_id != broker_id:
            raise OutcomeUnknown(f"{client_id}: told of another order")
        self._learn(update)
        return replace(update, fills=await self._trades_of(broker_id))

    async def _orders(self) -> tuple[Sequence[Row], _Asking]:
        """Return the rows of all orders, and what stood when their turn to be asked for came."""
        await self._calls.turn_to_read(Lane.URGENT)
        asked = self._asking()
        rows: Sequence[Row] = await self._calls.read_now(lambda client: client.orders())
        return rows, asked

    def _asking(self) -> _Asking:
        """Return what stands as a book is asked for."""
        started, sent = self._around.clock.now(), self._memory.sent
        unsettled = self._memory.unsettled(started, self._settings.settle, sent)
        return _Asking(started, sent, unsettled)

    def _learned(self, lists: Lists, asked: _Asking) -> BrokerBook:
        """Return the book of lists that were asked for at `asked`, and remember what it tells."""
        settle = self._settings.settle
        beliefs = self._memory.beliefs(asked.at, settle)
        names = replace(self._names(), requests=beliefs, doubted=self._memory.doubted)
        book = book_of(lists, names, self._memory.not_before_told(self._around.clock.now()))
        unsettled = self._memory.unsettled(asked.at, settle, asked.sent)
        book = replace(book, unsettled=asked.unsettled | unsettled)
        for update in book.orders:
            self._learn(update)
        self._memory.note_trades(book.trades)
        if book.complete:
            self._memory.absent(book.unsettled)
        return book

    async def margin(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        """Return what legs would block if they were opened now, and what is free for it.

        What is held beside them is left out: the desk adds that itself. Raises `Refused`,
        `OutcomeUnknown`, also for an answer that can't be read, or `SessionExpired`.
        """
        return await self._margins.answer(legs)

    async def _ask_calmly(self, call: Callable[[Client], object]) -> object:
        return await self._calls.ask(call, Lane.NORMAL)

    async def hear(self, row: Row) -> OrderUpdate | None:
        """Return what a message of the socket or a postback says, with the trades it speaks of.

        None for a message that can't be read: then the book has to be asked. Where the trades
        can't be had now, the update only claims them.
        """
        try:
            update = order_update(row, self._names(), self._around.clock.now())
        except RowError as error:
            _log.warning("order message unreadable", fault=str(error))
            return None
        self._learn(update)
        if update.filled_quantity <= self._memory.proven(update.broker_id):
            return update
        return replace(update, fills=await self._trades_of(update.broker_id))

    def _learn(self, update: OrderUpdate) -> None:
        """Remember what a row says; one that shows what a call asked for answers that call."""
        client_id = update.client_id
        is_placed = self._memory.is_on_its_way(client_id)
        is_changed = update.request is not None and (
            self._memory.wanted.get(update.broker_id) == update.request
        )
        self._memory.learn(update)
        if is_placed or is_changed:
            self._shown.show(client_id)

    def _accepted(self, broker_id: str, request: OrderRequest) -> OrderUpdate:
        """Remember an order that was accepted; where two were made, the one heard of first counts.

        The other stays what it is: a second order under our tag, which the book shows.
        """
        known = self._memory.broker_id(request.client_id) or broker_id
        update = self._works(request.client_id, known)
        self._memory.placed(update)
        return update

    def _works(self, client_id: str, broker_id: str) -> OrderUpdate:
        """Return what an accepted call says: the order is there and, as far as known, works."""
        filled = self._memory.claimed(broker_id)
        state = OrderState.PARTIAL if filled else OrderState.OPEN
        at = self._memory.not_before_told(self._around.clock.now())
        return OrderUpdate(client_id, broker_id, at, state, filled)

    async def _find(self, client_id: str) -> str:
        """Return Kite's id of an order, from the book where it isn't known.

        Raises `Refused` where there is none, or the book can't be asked: then nothing was sent.
        """
        if not self._memory.broker_id(client_id):
            try:
                insistence, pause = self._settings.insistence, self._around.pause
                for each in (await first_answer(self.glance, insistence, pause)).changed:
                    self.doubt(each)
            except OutcomeUnknown as error:
                raise Refused(f"Not sent: {client_id} has no order id, {error}.") from error
        broker_id = self._memory.broker_id(client_id)
        if not broker_id:
            raise Refused(f"Couldn't find the order {client_id}.")
        return broker_id

    def _names(self) -> Names:
        return Names(
            self._memory.client_ids,
            self._around.instrument,
            asked=self._memory.requests,
            wanted=self._memory.wanted,
        )

    async def _trades_of(self, broker_id: str) -> tuple[Fill, ...]:
        try:
            rows: Sequence[Row] = await self._calls.read(
                lambda client: client.order_trades(broker_id)
            )
        except (OutcomeUnknown, SessionExpired) as error:
            _log.warning("trades not told", order=broker_id, kind=type(error).__name__)
            return ()
        fills = trades_of(rows, self._names(), self._around.clock.now())
        told = tuple(fill for fill in fills if fill.broker_id == broker_id)
        self._memory.note_trades(told)
        return told
