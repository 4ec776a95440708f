"""Every order of the run as far as it is known, and which changes of it are on their way.

What the fills mean for money is the ledger's; which orders should rest is the guard's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from execution.orders import (
    Fill,
    Order,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderUpdate,
)
from execution.orders_book import apply_update


class UnknownOrderError(Exception):
    """News came of an order that this run never planned."""


@dataclass(slots=True)
class _OnTheWay:
    """Changes of one order not answered yet: as the last leaves it, its largest, how many.

    `unproven`: one of them failed without proof, so it may have happened or happen yet.
    """

    request: OrderRequest
    most: int
    asked: int
    unproven: bool = False

    @property
    def is_over(self) -> bool:
        """Say whether nothing is on its way any more."""
        return self.asked <= 0 and not self.unproven


def _is_over(order: Order) -> bool:
    """Say whether it works no more; an order in the book is PLANNED if it is proven never sent."""
    return order.state.is_final or order.state is OrderState.PLANNED


class OrderBook:
    """Orders by client id; `wanted` tells one as it rests once changes on their way are done."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._trades: set[str] = set()
        self._pending: dict[str, _OnTheWay] = {}
        self._cancelling: set[str] = set()
        self._rigid: set[str] = set()
        self._surprising: set[str] = set()

    def __getitem__(self, client_id: str) -> Order:
        try:
            return self._orders[client_id]
        except KeyError:
            raise UnknownOrderError(client_id) from None

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._orders

    def add(self, request: OrderRequest) -> Order:
        """Take in an order that is about to be sent."""
        order = Order(request).moved_to(OrderState.SENT)
        self._orders[request.client_id] = order
        return order

    def all(self) -> tuple[Order, ...]:
        """Return every order, oldest first."""
        return tuple(self._orders.values())

    def known_trades(self) -> frozenset[str]:
        """Return the broker's ids of all fills booked."""
        return frozenset(self._trades)

    def working(self, client_ids: list[str]) -> list[str]:
        """Return those of `client_ids` that may still fill and are not being cancelled."""
        return [
            client_id
            for client_id in client_ids
            if self._left(client_id) > 0 and client_id not in self._cancelling
        ]

    def any_unknown(self) -> bool:
        """Say whether the outcome of any order is not proven."""
        return any(order.state is OrderState.UNKNOWN for order in self._orders.values())

    def unfinished(self, client_ids: list[str]) -> bool:
        """Say whether any of `client_ids` may still fill, those being cancelled included."""
        return any(self._left(client_id) > 0 for client_id in client_ids)

    def _left(self, client_id: str) -> int:
        order = self._orders[client_id]
        return 0 if _is_over(order) else order.request.quantity - order.filled_quantity

    def wanted(self, client_id: str) -> OrderRequest:
        """Return what rests, or will rest once a change on its way is done."""
        pending = self._pending.get(client_id)
        return pending.request if pending else self._orders[client_id].request

    def open_quantity(self, client_id: str) -> int:
        """Return the units still open, changes on their way included."""
        order = self._orders[client_id]
        if _is_over(order):
            return 0
        return self.wanted(client_id).quantity - order.filled_quantity

    def most(self, client_id: str) -> int:
        """Return the most units that may still fill, whatever becomes of what is on its way.

        Of an order that is over these are the ones it is said to have filled and no trade proves.
        """
        order = self._orders[client_id]
        if _is_over(order):
            return order.claimed_quantity - order.filled_quantity
        pending = self._pending.get(client_id)
        quantity = max(order.request.quantity, pending.most if pending else 0)
        return quantity - order.filled_quantity

    def is_changing(self, client_ids: list[str]) -> bool:
        """Say whether a change or a cancellation of any of `client_ids` is on its way."""
        return any(
            client_id in self._pending or client_id in self._cancelling for client_id in client_ids
        )

    def changing(self) -> tuple[str, ...]:
        """Return the orders whose change or cancellation isn't answered, one entry for each."""
        return (*self._cancelling, *self._pending)

    def is_rigid(self, client_id: str) -> bool:
        """Say whether a change of the order failed before: it can only be replaced."""
        return client_id in self._rigid

    def is_free(self, client_id: str) -> bool:
        """Say whether a change of the order can be expected to happen at once.

        Not before it is known to rest, nor while another change is on its way, nor once one failed.
        """
        has_come = self._orders[client_id].state in (OrderState.OPEN, OrderState.PARTIAL)
        return has_come and client_id not in self._pending and client_id not in self._rigid

    def is_surprised(self, client_ids: list[str]) -> bool:
        """Say whether one of them was found to rest larger than asked, or filled once cancelled."""
        return any(client_id in self._surprising for client_id in client_ids)

    def expect_change(self, client_id: str, change: OrderChange) -> None:
        """Remember that a modification is on its way, and count it."""
        order = self._orders[client_id]
        self._orders[client_id] = replace(order, modifications=order.modifications + 1)
        before = self._pending.get(client_id)
        request = self.wanted(client_id).changed_by(change)
        self._pending[client_id] = _OnTheWay(
            request,
            max(request.quantity, before.most if before else 0),
            before.asked + 1 if before else 1,
            before.unproven if before else False,
        )

    def expect_cancel(self, client_id: str) -> None:
        """Remember that a cancellation is on its way."""
        self._cancelling.add(client_id)

    def change_refused(self, client_id: str, *, proven: bool) -> bool:
        """Take note that what was on its way did not happen; say whether it was a cancellation.

        A change that failed makes the order rigid. What may have happened nevertheless, because
        nothing is proven or more than one change was on its way, goes on being reckoned with.
        """
        if client_id in self._cancelling:
            self._cancelling.discard(client_id)
            return True
        self._rigid.add(client_id)
        pending = self._pending.get(client_id)
        if pending:
            pending.asked -= 1
            pending.unproven |= not proven
            self._drop_answered(client_id)
        return False

    def apply(self, update: OrderUpdate) -> tuple[Order, Order, tuple[Fill, ...]]:
        """Take news in; return the order before, the order after and the fills not known yet."""
        before, most = self[update.client_id], self.most(update.client_id)
        after, fills = apply_update(before, update, self._trades)
        self._orders[update.client_id] = after
        self._trades.update(fill.trade_id for fill in fills)
        pending = self._pending.get(update.client_id)
        if pending and update.request is not None and after.request == update.request:
            pending.asked -= 1
            pending.unproven = False
        if _is_over(after) or (pending and pending.request == after.request):
            self._pending.pop(update.client_id, None)
        self._drop_answered(update.client_id)
        if _is_over(after):
            self._cancelling.discard(update.client_id)
        if before.state is OrderState.CANCELLED and (fills or not _is_over(after)):
            self._surprising.add(update.client_id)
        elif not _is_over(after) and after.request.quantity - before.filled_quantity > most:
            self._surprising.add(update.client_id)
            self._rigid.add(update.client_id)
        return before, after, fills

    def _drop_answered(self, client_id: str) -> None:
        pending = self._pending.get(client_id)
        if pending is not None and pending.is_over:
            del self._pending[client_id]
