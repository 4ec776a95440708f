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
    """Return second orders of one request, those that our books don't know."""
    tags = Counter(row.form.tag for row in rows)
    return [
        row
        for row in rows
        if tags[row.form.tag] > 1
        and row.form.tag in engine.orders
        and engine.orders[row.form.tag].broker_id not in ("", row.order_id)
    ]


def own_rows(engine: Engine, rows: Sequence[OrderRow]) -> list[OrderRow]:
    """Return Kite's orders without the twins."""
    twins = {row.order_id for row in twins_of(engine, rows)}
    return [row for row in rows if row.order_id not in twins]


def held_and_covered(rows: Iterable[OrderRow], key: str) -> tuple[int, int]:
    """Return the signed units held of an instrument, and how many of them exits at Kite cover."""
    of_it = [row for row in rows if row.instrument.key == key]
    held = sum(row.form.side.sign * row.filled for row in of_it)
    side = Side.SELL if held > 0 else Side.BUY
    return held, sum(row.left for row in of_it if row.form.side is side)


def differences(engine: Engine, rows: Sequence[OrderRow], told: Sequence[str]) -> list[str]:
    """Return what does not agree at the end; `told` are the texts of all risk notes."""
    check(engine)
    own = own_rows(engine, rows)
    found = [
        f"{trade.plan_id}: {trade.state} at the end"
        for trade in engine.ledger.trades.values()
        if not trade.is_over
    ]
    for tag, times in Counter(row.form.tag for row in own).items():
        if times > 1:
            found.append(f"{tag}: {times} orders at Kite")
    for row in own:
        tag = row.form.tag
        if row.status not in FINAL:
            found.append(f"{tag}: still {row.status} at Kite")
        if tag not in engine.orders or engine.orders[tag].filled_quantity != row.filled:
            found.append(f"{tag}: {row.filled} filled at Kite, not so in our books")
    found += _money(engine, own)
    for row in twins_of(engine, rows):
        if not any("twin-order" in text and row.form.tag in text for text in told):
            found.append(f"{row.form.tag}: its twin {row.order_id} isn't named")
    return found


def _money(engine: Engine, own: Sequence[OrderRow]) -> list[str]:
    found = []
    cash = -sum(
        (fill.side.sign * fill.quantity * fill.price for row in own for fill in row.fills),
        Decimal(0),
    )
    charges = sum((trade.charges for trade in engine.ledger.trades.values()), Decimal(0))
    gained = engine.ledger.balance - engine.ledger.start + charges
    if gained != cash:
        found.append(f"balance: {gained} gained by our books, {cash} by Kite's")
    for key in sorted({row.instrument.key for row in own}):
        held, _ = held_and_covered(own, key)
        if held:
            found.append(f"{key}: {held} held at the end")
    return found
