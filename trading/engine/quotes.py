"""What the panel says of one contract as a quote; prices of several legs: `combinations.py`."""

from __future__ import annotations

from marketdata.panel import Panel
from strategies.structures import Quote

_TIGHT = 0.1
"""A book wider than this part of its middle says little about the middle."""


def quote_of(panel: Panel, column: int) -> Quote:
    """Return the newest prices of a column."""
    return Quote(
        panel.last.item(column),
        panel.bid.item(column),
        panel.ask.item(column),
        float(panel.bid_quantity.item(column)),
        float(panel.ask_quantity.item(column)),
    )


def worth(quote: Quote) -> float:
    """Return what a contract is worth now, in rupees, NaN where nothing tells.

    The middle of a book that is not wider than a tenth of it. Of a wider one the last price, moved
    into the book where it lies outside: one maker stepping away must not look like a move. Without
    a whole book the last price.
    """
    if not quote.has_book or quote.spread_fraction <= _TIGHT:
        return quote.fair
    return min(max(quote.last, quote.bid), quote.ask) if quote.last > 0 else quote.fair
