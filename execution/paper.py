"""A broker whose exchange is the simulated one; time is that of the last event, never a clock's.

What the exchange does with an order is `exchange.py`.
"""

from __future__ import annotations

from datetime import datetime

from execution.broker import BrokerBook
from execution.exchange import Exchange
from execution.orders import OrderChange, OrderRequest, OrderUpdate
from marketdata.ticks import Ticks


class PaperBroker:
    """The port `Broker` over an `Exchange`, plus the two ways the market reaches it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._at: datetime | None = None

    def observe(self, at: datetime, ticks: Ticks) -> tuple[OrderUpdate, ...]:
        """Go on to `at`, match the step's ticks, and return the news of orders."""
        return self.advance(at) + self._exchange.on_ticks(ticks, at)

    def advance(self, at: datetime) -> tuple[OrderUpdate, ...]:
        """Go on to `at` without prices; return the cancellations of sessions that ended."""
        if at.tzinfo is None:
            raise ValueError(f"at: {at}, expected an aware datetime")
        self._at = at
        return self._exchange.close_session(at)

    async def place(self, request: OrderRequest) -> OrderUpdate:
        """Send the order once. Raises `Refused`."""
        return self._exchange.place(request, self._now())

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        """Change a resting order. Raises `Refused`."""
        return self._exchange.modify(client_id, change, self._now())

    async def cancel(self, client_id: str) -> OrderUpdate:
        """Cancel a resting order; here accepted is done. Raises `Refused`."""
        return self._exchange.cancel(client_id, self._now())

    async def book(self) -> BrokerBook:
        """Return the exchange's book."""
        return self._exchange.book()

    def _now(self) -> datetime:
        if self._at is None:
            raise ValueError("at: no event yet, expected advance() or observe() first")
        return self._at
