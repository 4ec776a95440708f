"""One order as the simulated exchange keeps it; when it changes is decided in `exchange.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from execution.orders import FINAL, Fill, OrderRequest, OrderState, OrderType, OrderUpdate


@dataclass(slots=True)
class Resting:
    """An accepted order: what rests, since when, and what has become of it.

    `priority`: its place in the queue, renewed by changes that lose it. `closes_at`: the end of
    its instrument's session.
    """

    request: OrderRequest
    broker_id: str
    priority: int
    at: datetime
    closes_at: datetime
    state: OrderState = OrderState.OPEN
    triggered: bool = False
    modifications: int = 0
    reason: str = ""
    fills: list[Fill] = field(default_factory=list)
    filled: int = 0

    @property
    def left(self) -> int:
        """Return the units still to fill."""
        return 0 if self.state in FINAL else self.request.quantity - self.filled

    @property
    def rank(self) -> tuple[int, Decimal, int]:
        """Return its place in a step: market orders, then stops, then limits; price; time."""
        request = self.request
        if request.trigger_price is not None and not self.triggered:
            return 1, request.trigger_price * request.side.sign, self.priority
        if request.order_type in (OrderType.MARKET, OrderType.SL_M) or request.price is None:
            return 0, Decimal(0), self.priority
        if request.trigger_price is not None:
            return 1, -request.price * request.side.sign, self.priority
        return 2, -request.price * request.side.sign, self.priority

    def book(self, trade_id: str, quantity: int, price: Decimal, at: datetime) -> Fill:
        """Add a trade and return it."""
        request = self.request
        fill = Fill(
            trade_id=trade_id,
            client_id=request.client_id,
            broker_id=self.broker_id,
            instrument=request.instrument,
            side=request.side,
            quantity=quantity,
            price=price,
            at=at,
        )
        self.fills.append(fill)
        self.filled += quantity
        self.at = at
        is_whole = self.filled == request.quantity
        self.state = OrderState.FILLED if is_whole else OrderState.PARTIAL
        return fill

    def cancel(self, at: datetime, reason: str) -> None:
        """End it; what has filled stays."""
        self.state, self.at, self.reason = OrderState.CANCELLED, at, reason

    def update(self) -> OrderUpdate:
        """Return its last word, with all of its trades."""
        return OrderUpdate(
            self.request.client_id,
            self.broker_id,
            self.at,
            self.state,
            self.filled,
            tuple(self.fills),
            self.request if self.modifications else None,
            self.triggered,
            self.reason,
        )
