"""The port to a broker, and the three ways a call to one can fail.

Adapters live in `paper.py` and the vendor folders; none of them decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from execution.margins import MarginLeg
from execution.orders import Fill, OrderChange, OrderRequest, OrderUpdate, Product, Side


class Refused(Exception):
    """The broker's reply proves that nothing was accepted; the text says why."""


class NotNow(Refused):
    """Nothing was sent, because it would have had to wait too long; it may be asked for again."""


class OutcomeUnknown(Exception):
    """Nothing is proven: timeout, disconnect, 5xx or unreadable reply. Never send it again."""


class SessionExpired(Exception):
    """The broker wants a new login; nothing was sent."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as the broker shows it, whoever sent it; `price` is 0 where it has none.

    `product` in the broker's word.
    """

    broker_id: str
    instrument: str
    side: Side
    quantity: int
    filled: int
    price: Decimal
    product: str = Product.MIS.value


@dataclass(frozen=True, slots=True)
class HeldLine:
    """Signed units of an instrument under one product; `carried` of them came into the day.

    `last`: its last price in rupees, 0 where none is told.
    """

    instrument: str
    product: str
    quantity: int
    carried: int
    last: Decimal


@dataclass(frozen=True, slots=True)
class BrokerBook:
    """What the broker holds now: each order's last word, every trade, net units per instrument.

    `lines` and `held` show orders and positions in the broker's own words, also what isn't ours;
    a simulated exchange, which knows nobody else, leaves them out. `complete` says whether an
    order missing from `orders` is proven never to have existed, unless its client id is among the
    `unsettled`, which were on their way while the book was read. `gone`: broker ids of orders that
    have ended and that it lacks for good, so that their lack doesn't show it to be an old one.
    """

    orders: tuple[OrderUpdate, ...]
    trades: tuple[Fill, ...]
    net_quantity: tuple[tuple[str, int], ...]
    complete: bool
    unsettled: frozenset[str] = frozenset()
    lines: tuple[OrderLine, ...] = ()
    held: tuple[HeldLine, ...] = ()
    gone: frozenset[str] = frozenset()

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the orders of which it tells what rests, by client id; the next book doesn't.

        Whoever lets the book go unheard has to put them in doubt again (`LiveBroker.doubt`).
        """
        return tuple(update.client_id for update in self.orders if update.request is not None)


@dataclass(frozen=True, slots=True)
class MarginAnswer:
    """What legs would block together, and what the account has free, in rupees."""

    required_inr: Decimal
    free_inr: Decimal


class MarginDesk(Protocol):
    """Who answers what a position would block before it is opened."""

    async def margin(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        """Ask for legs as they would be opened together. Raises as `Broker.book`, or `Refused`."""


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
