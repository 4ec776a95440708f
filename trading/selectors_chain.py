"""The chain from a trade back to the configuration it was made under.

Finding it is all that happens here; showing it is the business of commands and pages.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.models import (
    ConfigVersion,
    Decision,
    Fill,
    LedgerEntry,
    Order,
    OrderEvent,
    Plan,
    Signal,
)


class UnknownOrderError(LookupError):
    """No order, or more than one, answers to an id."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One order, what came of it, and everything that led to it.

    `plan`, `decision` and `signal` are None only for an order sent without a plan; the
    configuration is then the run's.
    """

    order: Order
    events: tuple[OrderEvent, ...]
    trades: tuple[Fill, ...]
    bookings: tuple[LedgerEntry, ...]
    plan: Plan | None
    decision: Decision | None
    signal: Signal | None
    config_version: ConfigVersion


def chain(order_id: str) -> Chain:
    """Return the chain of the order with this client id, or else this broker id.

    Raises `UnknownOrderError` when nothing, or more than one order, answers to it.
    """
    order = _order(order_id)
    plan = order.plan
    decision = plan.decision if plan else None
    return Chain(
        order=order,
        events=tuple(OrderEvent.objects.filter(order=order).order_by("seq")),
        trades=tuple(Fill.objects.filter(order=order).order_by("seq")),
        bookings=tuple(LedgerEntry.objects.filter(order=order).order_by("seq")),
        plan=plan,
        decision=decision,
        signal=decision.signal if decision else None,
        config_version=decision.config_version if decision else order.run.config_version,
    )


def _order(order_id: str) -> Order:
    known = Order.objects.select_related(
        "run__config_version",
        "instrument",
        "plan__decision__config_version",
        "plan__decision__signal__instrument",
        "plan__decision__signal__traded",
    )
    found = list(known.filter(client_id=order_id)) or list(known.filter(broker_id=order_id)[:10])
    if not order_id or not found:
        raise UnknownOrderError(f"order {order_id!r}: unknown, expected a client id or broker id")
    if len(found) > 1:
        names = ", ".join(order.client_id for order in found)
        raise UnknownOrderError(f"order {order_id!r}: broker id of {names}; ask by client id")
    return found[0]
