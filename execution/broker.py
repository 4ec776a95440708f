"""The port to a broker, and the three ways a call to one can fail.

Adapters live in `paper.py` and the vendor folders; none of them decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from execution.orders import Fill, OrderChange, OrderRequest, OrderUpdate


class Refused(Exception):
    """The broker's reply proves that nothing was accepted; the text says why."""


class OutcomeUnknown(Exception):
    """Nothing is proven: timeout, disconnect, 5xx or unreadable reply. Never send it again."""


class SessionExpired(Exception):
    """The broker wants a new login; nothing was sent."""


@dataclass(frozen=True, slots=True)
class BrokerBook:
    """What the broker holds now: each order's last word, every trade, net units per instrument.

    `complete` says whether an order missing from `orders` is proven never to have existed, unless
    its client id is among the `unsettled`, which were on their way while the book was read.
    """

    orders: tuple[OrderUpdate, ...]
    trades: tuple[Fill, ...]
    net_quantity: tuple[tuple[str, int], ...]
    complete: bool
    unsettled: frozenset[str] = frozenset()


class Broker(Protocol):
    """Where orders go. A call answers what is known at once; fills arrive later as updates."""

    async def place(self, request: OrderRequest) -> OrderUpdate:
        """Send the order once. Raises `Refused`, `OutcomeUnknown` or `SessionExpired`."""

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        """Change a resting order. Raises as `place`."""

    async def cancel(self, client_id: str) -> OrderUpdate:
        """Cancel a resting order; accepted is not done. Raises as `place`."""

    async def book(self) -> BrokerBook:
        """Return the broker's book. Raises `OutcomeUnknown` or `SessionExpired`."""
