"""What we asked of each order, so that what nobody of us asked for is seen as another's doing.

What is done about it is the guard's, by the policies of `execution/discrepancies.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from execution.discrepancies import DiscrepancyKind
from execution.orders import Order, OrderRequest, OrderState


class Terms(NamedTuple):
    """What of a resting order can be changed: units, limit and trigger in rupees."""

    quantity: int
    price: Decimal | None
    trigger: Decimal | None

    def __str__(self) -> str:
        """Say them in words."""
        told = [f"{self.quantity} units"]
        told += [f"limit {self.price}"] if self.price is not None else []
        told += [f"trigger {self.trigger}"] if self.trigger is not None else []
        return ", ".join(told)


class ByOthers(NamedTuple):
    """An order of ours that somebody else changed or cancelled: how, and what it was before."""

    kind: DiscrepancyKind
    before: Terms
    now: Terms


def terms_of(request: OrderRequest) -> Terms:
    """Return the terms of an order."""
    return Terms(request.quantity, request.price, request.trigger_price)


class AskedTerms:
    """Every change and cancellation that was asked for, whatever became of it."""

    def __init__(self) -> None:
        self._changes: dict[str, set[Terms]] = {}
        self._cancels: set[str] = set()

    def change(self, before: OrderRequest, wanted: OrderRequest) -> None:
        """Remember that an order was asked to change."""
        asked = self._changes.setdefault(wanted.client_id, set())
        asked.update((terms_of(before), terms_of(wanted)))

    def cancel(self, client_id: str) -> None:
        """Remember that an order was asked to end."""
        self._cancels.add(client_id)

    def by_others(self, before: Order, after: Order) -> ByOthers | None:
        """Return what news of an order shows that we never asked for, None for nothing.

        Terms that were asked for at any time are ours: old news may come late. An order that was
        triggered has become what it was for, one of a pair is changed by its sibling's fills, and
        an order that is not known to rest yet has nothing that could have been changed.
        """
        request, client_id = after.request, after.request.client_id
        if request is before.request and after.state is not OrderState.CANCELLED:
            return None
        if request.pair or not before.broker_id or before.state.is_final or after.triggered:
            return None
        known, told = terms_of(before.request), terms_of(request)
        if after.state is OrderState.CANCELLED:
            asked = client_id in self._cancels
            return None if asked else ByOthers(DiscrepancyKind.ORDER_CANCELLED, known, told)
        asked_for = self._changes.get(client_id, {known})
        if after.state.is_final or told == known or told in asked_for:
            return None
        if told.quantity not in {each.quantity for each in asked_for}:
            return ByOthers(DiscrepancyKind.ORDER_QUANTITY, known, told)
        return ByOthers(DiscrepancyKind.ORDER_PRICE, known, told)
