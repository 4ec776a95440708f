"""Our books held against Kite's: what is covered now, and what must agree at the end of a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from execution.kitesim.order_row import FINAL, OrderRow
from execution.orders import Side
from trading.engine.core import Engine
from trading.engine.invariants import check


def twins_of(engine: Engine, rows: Sequence[OrderRow]) -> list[OrderRow]:
    """Return second orders of one request: those that our books hold under another id."""
    known = _known(engine)
    tags = Counter(row.form.tag for row in rows)
    return [
        row for row in rows if tags[row.form.tag] > 1 and known.get(row.order_id) != row.form.tag
    ]


def _known(engine: Engine) -> dict[str, str]:
    """Return our ids by Kite's."""
    orders = engine.orders.all()
    return {order.broker_id: order.request.client_id for order in orders if order.broker_id}


def held_and_covered(rows: Iterable[OrderRow], key: str) -> tuple[int, int]:
    """Return the signed units held of an instrument, and how many of them exits at Kite cover."""
    of_it = [row for row in rows if row.instrument.key == key]
    held = sum(row.form.side.sign * row.filled for row in of_it)
    side = Side.SELL if held > 0 else Side.BUY
    return held, sum(row.left for row in of_it if row.form.side is side)


def differences(engine: Engine, rows: Sequence[OrderRow], told: Sequence[str]) -> list[str]:
    """Return what does not agree at the end; `told` are the texts of all risk notes."""
    check(engine)
    known, twins = _known(engine), {row.order_id for row in twins_of(engine, rows)}
    found = [
        f"{trade.plan_id}: {trade.state} at the end"
        for trade in engine.ledger.trades.values()
        if not trade.is_over
    ]
    for row in rows:
        tag = row.form.tag
        if row.status not in FINAL:
            found.append(f"{tag}: still {row.status} at Kite")
        ours = known.get(row.order_id, "" if row.order_id in twins else tag)
        if ours not in engine.orders or engine.orders[ours].filled_quantity != row.filled:
            found.append(f"{tag}: {row.filled} filled at Kite, not so in our books")
        if row.order_id in twins and not any(_names(text, row) for text in told):
            found.append(f"{tag}: its twin {row.order_id} isn't named")
    return found + _money(engine, rows)


def _names(text: str, twin: OrderRow) -> bool:
    return "twin-order" in text and str(twin.form.tag) in text and twin.order_id in text


def _money(engine: Engine, rows: Sequence[OrderRow]) -> list[str]:
    found = []
    cash = -sum(
        (fill.side.sign * fill.quantity * fill.price for row in rows for fill in row.fills),
        Decimal(0),
    )
    charges = sum((trade.charges for trade in engine.ledger.trades.values()), Decimal(0))
    gained = engine.ledger.balance - engine.ledger.start + charges
    if gained != cash:
        found.append(f"balance: {gained} gained by our books, {cash} by Kite's")
    for key in sorted({row.instrument.key for row in rows}):
        held, _ = held_and_covered(rows, key)
        if held:
            found.append(f"{key}: {held} held at the end")
    return found
