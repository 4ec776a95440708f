"""Every order of the run as far as it is known, and which changes of it are on their way.

What the fills mean for money is the ledger's; which orders should rest is the guard's.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import structs

from execution.orders import (
    FINAL,
    Fill,
    Order,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderUpdate,
    Side,
)
from execution.orders_book import apply_update
from marketdata.kite_limits import changes_of_an_order
from trading.engine.asked_terms import AskedTerms, ByOthers

_UNKNOWN, _CANCELLED, _SENT = OrderState.UNKNOWN, OrderState.CANCELLED, OrderState.SENT
_OVER = FINAL | {OrderState.PLANNED}
_MOST_DOUBTS = 3
"""Changes of one order in a row that may fail without proof before it is replaced instead."""
_KEPT_FOR_LEAVING = 9
"""Of the changes that the broker allows one order, how many a stop keeps for leaving."""


class UnknownOrderError(Exception):
    """News came of an order that this run never planned."""


@dataclass(slots=True)
class _OnTheWay:
    """Changes of one order not answered yet: as the last leaves it, its largest, their numbers.

    `unproven`: one of them failed without proof, so it may have happened or happen yet.
    """

    request: OrderRequest
    most: int
    asked: frozenset[int]
    unproven: bool = False

    @property
    def is_over(self) -> bool:
        """Say whether nothing is on its way any more."""
        return not self.asked and not self.unproven


def _is_over(order: Order) -> bool:
    """Say whether it works no more; an order in the book is PLANNED if it is proven never sent."""
    return order.state in _OVER


class OrderBook:
    """Orders by client id; `wanted` tells one as it rests once changes on their way are done.

    `version`: rises with everything that changes an order or what is on its way.
    """

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._left: dict[str, int] = {}
        self._claimed: dict[str, int] = {}
        self._unknown: set[str] = set()
        self.version = 0
        self._trades: set[str] = set()
        self._pending: dict[str, _OnTheWay] = {}
        self._cancelling: dict[str, None] = {}
        self._rigid: set[str] = set()
        self._surprising: set[str] = set()
        self._doubts: dict[str, int] = {}
        self._undone: set[str] = set()
        self._twins: set[str] = set()
        self._asked = AskedTerms()
        self._by_others: dict[str, ByOthers] = {}

    def __getitem__(self, client_id: str) -> Order:
        try:
            return self._orders[client_id]
        except KeyError:
            raise UnknownOrderError(client_id) from None

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._orders

    def add(self, request: OrderRequest) -> Order:
        """Take in an order that is about to be sent."""
        self.version += 1
        order = Order(request, _SENT)
        self._orders[request.client_id] = order
        self._left[request.client_id] = request.quantity
        return order

    def adopt(self, request: OrderRequest, broker_id: str) -> Order:
        """Take in an order that the broker made without being asked for it.

        What it does is a surprise whatever it is: nothing was planned with it.
        """
        order = structs.replace(self.add(request), broker_id=broker_id)
        self._orders[request.client_id] = order
        self._twins.add(request.client_id)
        self._surprising.add(request.client_id)
        return order

    def is_twin(self, client_id: str) -> bool:
        """Say whether it was adopted."""
        return client_id in self._twins

    def knows(self, broker_id: str) -> bool:
        """Say whether an order of ours is the broker's `broker_id`."""
        return any(order.broker_id == broker_id for order in self._orders.values())

    def all(self) -> tuple[Order, ...]:
        """Return every order, oldest first."""
        return tuple(self._orders.values())

    def known_trades(self) -> frozenset[str]:
        """Return the broker's ids of all fills booked."""
        return frozenset(self._trades)

    def working(self, client_ids: list[str]) -> list[str]:
        """Return those of `client_ids` that may still fill and are not being cancelled."""
        left, cancelling = self._left, self._cancelling
        if not cancelling:
            return [each for each in client_ids if left[each] > 0]
        return [each for each in client_ids if left[each] > 0 and each not in cancelling]

    def resting(self, client_ids: list[str]) -> int:
        """Return the units still open of the working ones, changes on their way included."""
        if not self._pending and not self._cancelling:
            return sum(map(self._left.__getitem__, client_ids))
        return sum([self.open_quantity(client_id) for client_id in self.working(client_ids)])

    def on_side(self, client_ids: list[str], side: Side) -> list[str]:
        """Return those of `client_ids` that buy or that sell, as `side` says."""
        orders = self._orders
        return [each for each in client_ids if orders[each].request.side is side]

    def any_unknown(self) -> bool:
        """Say whether the outcome of any order is not proven."""
        return bool(self._unknown)

    def unfinished(self, client_ids: list[str]) -> bool:
        """Say whether any of `client_ids` may still fill, those being cancelled included."""
        return any(map(self._left.__getitem__, client_ids))

    def wanted(self, client_id: str) -> OrderRequest:
        """Return what rests, or will rest once a change on its way is done."""
        pending = self._pending.get(client_id)
        return pending.request if pending else self._orders[client_id].request

    def open_quantity(self, client_id: str) -> int:
        """Return the units still open, changes on their way included."""
        pending = self._pending.get(client_id)
        if pending is None:
            return self._left[client_id]
        order = self._orders[client_id]
        return 0 if _is_over(order) else pending.request.quantity - order.filled_quantity

    def most(self, client_id: str) -> int:
        """Return the most units that may still fill, whatever becomes of what is on its way.

        Of an order that is over these are the ones it is said to have filled and no trade proves.
        """
        pending = self._pending.get(client_id)
        if pending is None:
            return self._left[client_id] or self._claimed.get(client_id, 0)
        order = self._orders[client_id]
        if _is_over(order):
            return order.claimed_quantity - order.filled_quantity
        return max(order.request.quantity, pending.most) - order.filled_quantity

    def most_of(self, client_ids: list[str]) -> int:
        """Return the most units that may still fill of all of them, as `most` tells each."""
        if not self._pending and not self._claimed:
            return sum(map(self._left.__getitem__, client_ids))
        return sum(map(self.most, client_ids))

    def is_changing(self, client_ids: list[str]) -> bool:
        """Say whether a change or a cancellation of any of `client_ids` is on its way."""
        if not self._pending and not self._cancelling:
            return False
        return any(
            client_id in self._pending or client_id in self._cancelling for client_id in client_ids
        )

    def is_cancelling(self, client_id: str) -> bool:
        """Say whether a cancellation of the order is on its way, or accepted and not done."""
        return client_id in self._cancelling

    def changing(self) -> tuple[str, ...]:
        """Return the orders whose changes or cancellation aren't answered, one entry for each."""
        return (*self._cancelling, *self._pending)

    def asked(self) -> tuple[tuple[str, int], ...]:
        """Return what isn't answered: the order with the change's number, 0 for a cancellation."""
        return (
            *((client_id, 0) for client_id in self._cancelling),
            *(
                (each, number)
                for each, way in self._pending.items()
                for number in sorted(way.asked)
            ),
        )

    def is_rigid(self, client_id: str) -> bool:
        """Say whether changes of the order don't succeed: it can only be replaced."""
        return client_id in self._rigid

    def is_doubtful(self, client_id: str) -> bool:
        """Say whether nothing is proven of a change: the broker's book has to tell what rests."""
        pending = self._pending.get(client_id)
        return pending is not None and pending.unproven

    def was_undone(self, client_id: str) -> bool:
        """Say, once, whether a doubtful change was found not to have happened."""
        if client_id not in self._undone:
            return False
        self._undone.discard(client_id)
        return True

    def by_others(self, client_id: str) -> ByOthers | None:
        """Return, once, what somebody else did to an order of ours; None for nothing."""
        return self._by_others.pop(client_id, None)

    def is_free(self, client_id: str) -> bool:
        """Say whether a change of the order can be expected to happen at once.

        Not before it is known to rest, nor while another change is on its way, nor once one failed.
        """
        has_come = self._orders[client_id].state in (OrderState.OPEN, OrderState.PARTIAL)
        has_failed = client_id in self._rigid or client_id in self._doubts
        return has_come and client_id not in self._pending and not has_failed

    def may_grow(self, client_id: str) -> bool:
        """Say whether units that come in can be covered by a change of the order at once."""
        return self.is_free(client_id) and not self.is_spent(client_id)

    def is_spent(self, client_id: str) -> bool:
        """Say whether so many changes were asked for that the last are kept for leaving."""
        left = changes_of_an_order() - self._orders[client_id].modifications
        return left <= _KEPT_FOR_LEAVING

    def is_surprised(self, client_ids: list[str]) -> bool:
        """Say whether one of them was found to rest larger than asked, or filled once cancelled."""
        return bool(self._surprising) and not self._surprising.isdisjoint(client_ids)

    def expect_change(self, client_id: str, change: OrderChange) -> int:
        """Remember that a modification is on its way; return its number, counted by order."""
        self.version += 1
        order = self._orders[client_id]
        number = order.modifications + 1
        before = self._pending.get(client_id)
        request = self.wanted(client_id).changed_by(change)
        self._asked.change(order.request, request)
        most = max(request.quantity, before.most if before else 0)
        self._orders[client_id] = structs.replace(order, modifications=number, most_asked=most)
        self._pending[client_id] = _OnTheWay(
            request,
            most,
            (before.asked if before else frozenset()) | {number},
            before.unproven if before else False,
        )
        return number

    def expect_cancel(self, client_id: str) -> None:
        """Remember that a cancellation is on its way."""
        self.version += 1
        self._cancelling[client_id] = None
        self._asked.cancel(client_id)

    def change_refused(
        self, client_id: str, number: int, *, proven: bool, later: bool = False
    ) -> bool:
        """Take note that what was on its way did not happen; say whether it was a cancellation.

        `number`: of the change; 0 is the cancellation, or without one every change on its way. A
        change that was refused makes the order rigid, and so do several in a row of which nothing
        is proven; one that was never sent (`later`) says nothing of it. What may have happened
        nevertheless, because nothing is proven or more than one change was on its way, goes on
        being reckoned with.
        """
        self.version += 1
        if not number and client_id in self._cancelling:
            self._cancelling.pop(client_id, None)
            return True
        if not later:
            self._doubts[client_id] = self._doubts.get(client_id, 0) + 1
            if proven or self._doubts[client_id] >= _MOST_DOUBTS:
                self._rigid.add(client_id)
        pending = self._pending.get(client_id)
        if pending:
            pending.asked = pending.asked - {number} if number else frozenset()
            pending.unproven |= not proven
            self._drop_answered(client_id)
        return False

    def apply(self, update: OrderUpdate, answers: int = 0) -> tuple[Order, Order, tuple[Fill, ...]]:
        """Take news in; return the order before, the order after and the fills not known yet.

        `answers`: the number of the change that it is the answer to. Only that ends the waiting
        for a change: other news may be older than the change, whatever it says of the order.
        """
        client_id = update.client_id
        before, most = self[client_id], self.most(client_id)
        after, fills = apply_update(before, update, self._trades)
        self.version += 1
        self._trades.update([fill.trade_id for fill in fills])
        self._keep(client_id, after)
        pending = self._pending.get(client_id)
        if pending is None:
            if after is not before and (hand := self._asked.by_others(before, after)):
                self._by_others[client_id] = hand
        else:
            pending.asked -= {answers}
            if not pending.asked and update.request is not None:
                self._told(pending, update.request, after)
            self._drop_answered(client_id)
        is_over = after.state in _OVER
        if is_over:
            self._pending.pop(client_id, None)
            self._cancelling.pop(client_id, None)
        if before.state is _CANCELLED and (fills or not is_over):
            self._surprising.add(client_id)
        elif not is_over and after.request.quantity - before.filled_quantity > most:
            self._surprising.add(client_id)
            self._rigid.add(client_id)
        return before, after, fills

    def _keep(self, client_id: str, order: Order) -> None:
        """Keep an order as news left it, with what it has left and whether it is proven."""
        self._orders[client_id] = order
        is_over = order.state in _OVER
        self._left[client_id] = 0 if is_over else order.request.quantity - order.filled_quantity
        if is_over and order.claimed_quantity != order.filled_quantity:
            self._claimed[client_id] = order.claimed_quantity - order.filled_quantity
        else:
            self._claimed.pop(client_id, None)
        if order.state is _UNKNOWN:
            self._unknown.add(client_id)
        else:
            self._unknown.discard(client_id)

    def _told(self, pending: _OnTheWay, told: OrderRequest, after: Order) -> None:
        """Take note that the broker told what rests while no change was on its way.

        What newer news has overtaken proves nothing: then the book has to tell.
        """
        if after.request == pending.request:
            self._doubts.pop(told.client_id, None)
        elif after.request != told:
            pending.unproven = True
            return
        elif pending.unproven:
            self._undone.add(told.client_id)
        pending.unproven = False

    def _drop_answered(self, client_id: str) -> None:
        pending = self._pending.get(client_id)
        if pending is not None and pending.is_over:
            del self._pending[client_id]
            order = self._orders[client_id]
            self._orders[client_id] = structs.replace(order, most_asked=0)
