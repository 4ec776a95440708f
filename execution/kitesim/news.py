"""Order messages: the row of an order that has changed, in the fields of a postback.

How they travel is known to the socket and to `postback.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from execution.kitesim.answers import as_json
from execution.kitesim.order_row import OrderRow, Status

Message = dict[str, Any]
Hears = Callable[[Message], None]
"""Someone who is told of every change of an order, in the order of the changes."""


def message_of(row: OrderRow, status: Status, app_id: int) -> Message:
    """Return what is told of an order, as JSON has it; the checksum is blank, as on the socket."""
    told = row.as_dict() | {
        "user_id": row.account_id,
        "app_id": app_id,
        "status": str(status),
        "unfilled_quantity": row.left,
        "checksum": "",
    }
    message: Message = json.loads(as_json(told))
    return message
