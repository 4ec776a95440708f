"""What is held but is no whole number of lots: how its lots are counted, and that it is told.

No plan asks for it. It comes where a contract's lot is another one than the day's list says, and is
managed like anything else; `execution/slicing.py` cuts it into orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from execution.orders import Fill
from trading.engine.outbox import Outbox
from trading.engine.trades import Trade


def whole_lots(quantity: int, lot_size: int) -> int:
    """Return the units of the whole lots in `quantity`, those of one lot where there is none."""
    return max(quantity // lot_size, 1) * lot_size


def tell_of_odd_fills(outbox: Outbox, at: datetime, trade: Trade, fills: Iterable[Fill]) -> None:
    """Tell of fills that are no whole number of lots: the lot may be another than we know."""
    lot = trade.instrument.lot_size
    if not (odd := [fill.quantity for fill in fills if fill.quantity % lot]):
        return
    filled = " and ".join(map(str, odd))
    text = (
        f"{trade.plan_id}: {filled} units filled of {trade.instrument.symbol}, "
        f"not whole lots of {lot}; {trade.open_quantity} are held"
    )
    outbox.alert(at, "odd-lot", text)
    outbox.risk(at, "odd-lot", text, severity="CRITICAL")
