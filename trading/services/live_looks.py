"""What the gate before LIVE sees of the world outside the rows, as values, and how it is looked at.

Who looks is put together in `bootstrap_gate.py`; what the findings mean is `live_gate.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.code_revision import CodeRevision


class LookFailed(Exception):
    """Something could not be measured now; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSeen:
    """What the broker answered just now.

    `positions`: instruments held, in any product. `orders`: orders that may still fill, triggers
    that may still become one included. `user_id`: whose login it was. `clock_drift`: seconds by
    which the broker's clock is ahead of ours, the worst that its answers allow; None untold.
    `funds_inr`: what is free for intraday trading, rupees.
    """

    positions: int
    orders: int
    user_id: str
    clock_drift: float | None
    funds_inr: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How the world is looked at; each look is made anew.

    `broker`: at a moment, with the desk's login. `egress`: the address from which the network
    sees this machine. Both raise `LookFailed`. `code`: what this process runs.
    """

    broker: Callable[[datetime], BrokerSeen]
    egress: Callable[[], str]
    code: Callable[[], CodeRevision]
