"""What of the account is somebody else's, as a page shows it.

Folded from the engine's inbox; what it counts as risk is the engine's `foreign.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading.broadcast_delta import Document


def foreign_entries(body: Mapping[str, Any]) -> list[Document]:
    """Return an entry for each order and position of a `ForeignSeen`; prices in rupees."""
    orders = [
        {
            "id": f"order:{order['broker_id']}",
            "kind": "order",
            "instrument": order["instrument"],
            "side": order["side"],
            "quantity": order["quantity"],
            "filled": order["filled"],
            "price": float(order["price"]) or None,
        }
        for order in body["orders"]
    ]
    held = [
        {
            "id": f"position:{position['instrument']}",
            "kind": "position",
            "instrument": position["instrument"],
            "side": "BUY" if position["quantity"] > 0 else "SELL",
            "quantity": abs(position["quantity"]),
            "filled": abs(position["quantity"]),
            "price": float(position["last"]) or None,
        }
        for position in body["positions"]
    ]
    return orders + held
