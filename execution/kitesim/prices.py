"""What the books need to know of the market: instruments, last prices, limits and the time.

The market itself is `market.py`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from execution.price_protection import Range
from marketdata.instruments import Instrument


class Prices(Protocol):
    """The market as books and funds see it; rupees."""

    @property
    def now(self) -> datetime:
        """Return the simulated time, aware."""

    def find(self, exchange: str, symbol: str) -> Instrument | None:
        """Return an instrument by its name on an exchange, None where there is none."""

    def last(self, instrument: Instrument) -> Decimal | None:
        """Return the last price, None before the first."""

    def previous_close(self, instrument: Instrument) -> Decimal | None:
        """Return the last price of the session before, None where it isn't known."""

    def circuit(self, instrument: Instrument) -> Range | None:
        """Return the day's lowest and highest price, None where there is no limit."""
