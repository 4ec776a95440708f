"""One moment of the market as the rules of structures may ask it: quotes, contracts, chains.

It answers from the panel alone; choosing what to trade is the strategies'.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from marketdata.instruments import Instrument
from marketdata.options.chain import Chain, Chains, NoChain, by_expiry, chain_at
from marketdata.panel import Panel
from marketdata.universe import NotInUniverse, Universe
from strategies.signals import Signal
from strategies.structures import Quote
from trading.engine.quotes import quote_of

Unknown = Callable[[str, str], str]
"""From an underlying's name and a reading's to why that is not known; empty for no reason."""

_NO_QUOTE = Quote(math.nan, math.nan, math.nan, 0.0, 0.0)


class PanelMarket:
    """The market at `at`; quotes and chains are worked out once, when they are first asked for.

    `unknown`: tells why a reading of an underlying, by name, is not known.
    """

    def __init__(
        self, universe: Universe, panel: Panel, chains: Chains, at: datetime, unknown: Unknown
    ) -> None:
        self._universe = universe
        self._panel = panel
        self._chains = chains
        self._at = at
        self._unknown = unknown
        self._made: dict[tuple[str, int], Chain | NoChain] = {}
        self._quotes: dict[str, Quote] = {}

    @property
    def at(self) -> datetime:
        """Return the moment, aware."""
        return self._at

    def quote(self, instrument: Instrument) -> Quote:
        """Return the newest prices of an instrument; NaN where it is no column."""
        key = instrument.key
        known = self._quotes.get(key)
        if known is None:
            known = self._quotes[key] = self._quote(key)
        return known

    def _quote(self, key: str) -> Quote:
        try:
            return quote_of(self._panel, self._universe.column_of(key))
        except NotInUniverse:
            return _NO_QUOTE

    def contract_of(self, signal: Signal) -> Instrument | None:
        """Return the share or future an opinion is traded in, or None where there is none."""
        columns = self._universe.columns
        own = columns[self._universe.column_of(signal.instrument.key)]
        return None if own.trade_as is None else columns[own.trade_as].instrument

    def chain(self, underlying: str, nth_expiry: int) -> Chain | NoChain:
        """Return the option chain of an underlying's expiry, 0 for the nearest."""
        key = (underlying, nth_expiry)
        if key not in self._made:
            self._made[key] = self._chain(underlying, nth_expiry)
        return self._made[key]

    def why_unknown(self, instrument: Instrument, reading: str) -> str:
        """Return why a reading beside the bars is not known; empty where nothing tells it."""
        return self._unknown(instrument.name, reading)

    def _chain(self, underlying: str, nth_expiry: int) -> Chain | NoChain:
        there = by_expiry(self._chains, underlying)
        if not 0 <= nth_expiry < len(there):
            return NoChain(f"{underlying}: {len(there)} expiries watched, wanted {nth_expiry + 1}")
        return chain_at(there[nth_expiry], self._panel, self._at)
