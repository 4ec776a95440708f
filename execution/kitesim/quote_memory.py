"""Quotes that stand still: while the script says so, an instrument's first quote is told again.

What a quote is, is `quotes.py`.
"""

from __future__ import annotations

from datetime import datetime

from execution.kitesim.faults import FaultKind, Faults
from execution.kitesim.quotes import Quote
from marketdata.instruments import Instrument


class QuoteMemory:
    """The quotes that were told when they stopped moving, by instrument."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._kept: dict[str, Quote] = {}

    def told(self, item: Instrument, quote: Quote, at: datetime) -> Quote:
        """Return the quote that is told of an instrument whose true one is `quote`."""
        if self._faults.active(FaultKind.STALE_QUOTES, at, item.key) is None:
            self._kept.pop(item.key, None)
            return quote
        return self._kept.setdefault(item.key, quote)
