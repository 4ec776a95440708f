"""Orders that the broker took and that its lists lack: for how long, and what it says of each.

What becomes of one that is nowhere is the engine's, which takes it for cancelled by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from execution.broker import BrokerBook, OutcomeUnknown, Refused
from execution.orders import Order, OrderState, OrderUpdate
from execution.taken_out import is_part

_NOWHERE = "the broker knows no such order"


class Seeker(Protocol):
    """A broker that can be asked for one order by itself."""

    async def sought(self, client_id: str) -> OrderUpdate:
        """Return the last word on an order.

        Raises `Refused` where the broker says that there is none, `OutcomeUnknown`,
        `SessionExpired`.
        """


class Unlisted:
    """Counts since when whole books lack an order; after `patience` it is believed.

    One that was never listed counts from when it was `sent`, by client id, or before `began`.
    `lost`: those that should work. `gone`: broker ids of those that have ended without any fill;
    one that was found to be nowhere is missed at once, also by an engine that comes after.
    """

    def __init__(self, patience: timedelta, sent: Mapping[str, datetime], began: datetime) -> None:
        self._patience = patience
        self._sent = sent
        self._began = began
        self._listed: set[str] = set()
        self._since: dict[str, datetime] = {}
        self.lost: tuple[Order, ...] = ()
        self.gone: frozenset[str] = frozenset()

    def look(self, orders: Iterable[Order], book: BrokerBook, asked_at: datetime) -> None:
        """Take note of what a whole book that was asked for at `asked_at` lacks."""
        told = {update.broker_id for update in book.orders}
        told |= {fill.broker_id for fill in book.trades}
        self._listed |= told
        missing = [
            order
            for order in orders
            if order.broker_id and order.broker_id not in told and not is_part(order)
        ]
        self._since = {one.broker_id: self._missing_since(one, asked_at) for one in missing}
        overdue = [one for one in missing if was_nowhere(one) or self._is_overdue(one, asked_at)]
        self.lost = tuple(one for one in overdue if not one.state.is_final)
        self.gone = frozenset(
            one.broker_id for one in overdue if one.state.is_final and not one.claimed_quantity
        )

    def _missing_since(self, order: Order, asked_at: datetime) -> datetime:
        if order.broker_id in self._listed:
            return self._since.get(order.broker_id, asked_at)
        return self._sent.get(order.request.client_id, self._began)

    def _is_overdue(self, order: Order, asked_at: datetime) -> bool:
        return asked_at - self._since[order.broker_id] >= self._patience


class LastWords:
    """Asks for orders that the lists lack, one by one; `again` has the book read once more soon."""

    def __init__(self, broker: Seeker, again: Callable[[], None]) -> None:
        self._broker = broker
        self._again = again
        self._denied: set[str] = set()

    def lacking(self, lost: Sequence[Order]) -> Sequence[Order]:
        """Return the orders to ask for, all that are lacking now; any other is counted anew."""
        self._denied &= {order.request.client_id for order in lost}
        return lost

    async def of(self, order: Order, at: datetime) -> OrderUpdate | None:
        """Return what an order has come to; None where nothing is proven.

        One that the broker says twice in a row not to know is told as cancelled: should it be
        listed again it is called off, should it fill that is managed. Raises `SessionExpired`.
        """
        client_id = order.request.client_id
        try:
            word = await self._broker.sought(client_id)
        except OutcomeUnknown:
            return None
        except Refused as error:
            if client_id in self._denied:
                return _nowhere(order, at, str(error))
            self._denied.add(client_id)
            self._again()
            return None
        self._denied.discard(client_id)
        return word


def was_nowhere(order: Order) -> bool:
    """Say whether an order was taken for cancelled because the broker knew no such order."""
    return order.state is OrderState.CANCELLED and order.reason.startswith(_NOWHERE)


def has_returned(order: Order, told: OrderUpdate) -> bool:
    """Say whether a list shows at work what was nowhere, and so was taken for cancelled."""
    return was_nowhere(order) and told.state is OrderState.OPEN


def _nowhere(order: Order, at: datetime, why: str) -> OrderUpdate:
    return OrderUpdate(
        client_id=order.request.client_id,
        broker_id=order.broker_id,
        at=at,
        state=OrderState.CANCELLED,
        filled_quantity=order.claimed_quantity,
        reason=f"{_NOWHERE}: {why}",
    )
