"""What must hold after every event; the running engine checks it, not only the tests.

A breach means a bug: the process stops and is restarted into recovery.
"""

from __future__ import annotations

from decimal import Decimal

from trading.engine.core import Engine
from trading.engine.trades import Trade


class InvariantBrokenError(Exception):
    """The engine's own books contradict each other."""


def check(engine: Engine) -> None:
    """Raise `InvariantBrokenError` unless books, orders and money fit together.

    Exit orders can never take out more than is held, whatever becomes of changes on their way (a
    target joined to its stop aside, and an order that rests larger than was asked), and cover all
    of it but for what is said to be filled already, unless such a change is on its way or a
    refused exit waits to be sent again; a plan that is over holds nothing and has no working
    order; the balance is the start plus everything booked.
    """
    for trade in engine.ledger.trades.values():
        if trade.is_over:
            _check_over(engine, trade)
        else:
            _check_covered(engine, trade)
    _check_money(engine)


def _check_over(engine: Engine, trade: Trade) -> None:
    ids = trade.entries + trade.stops + trade.targets + trade.exits
    works = engine.orders.unfinished(ids) and not engine.orders.is_surprised(ids)
    if trade.open_quantity or works:
        raise InvariantBrokenError(f"{trade.plan_id}: over, but holds or works something")


def _check_covered(engine: Engine, trade: Trade) -> None:
    protection = engine.protection
    covered, most = protection.covered(trade), protection.at_most(trade)
    is_surprised = engine.orders.is_surprised(trade.stops + trade.exits)
    if most > trade.open_quantity and not trade.targets and not is_surprised:
        raise InvariantBrokenError(
            f"{trade.plan_id}: exits could take {most} of {trade.open_quantity} units held"
        )
    waits = trade.exits_held_until is not None or protection.is_changing(trade)
    if covered + protection.claimed(trade) < trade.open_quantity and not waits:
        raise InvariantBrokenError(
            f"{trade.plan_id}: exits cover {covered} of {trade.open_quantity} units held"
        )


def _check_money(engine: Engine) -> None:
    booked = sum(
        (trade.booked_realised - trade.charges for trade in engine.ledger.trades.values()),
        Decimal(0),
    )
    if engine.ledger.start + booked != engine.ledger.balance:
        raise InvariantBrokenError(
            f"balance: {engine.ledger.balance}, expected {engine.ledger.start + booked}"
        )
