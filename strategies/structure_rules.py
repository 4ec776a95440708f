"""How an opinion becomes something to trade: the rule a strategy declares, and what it may ask.

The rules there are stand in `outright.py` and beside it; the market they ask is made elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from marketdata.instruments import Instrument
from marketdata.options.chain import Chain, NoChain
from strategies.signals import Signal
from strategies.structures import NotPossible, Quote, Structure


class StructureMarket(Protocol):
    """What a rule may ask of one moment of the market."""

    @property
    def at(self) -> datetime:
        """Return the moment, aware."""

    def quote(self, instrument: Instrument) -> Quote:
        """Return the newest prices of an instrument; NaN where it is not watched."""

    def contract_of(self, signal: Signal) -> Instrument | None:
        """Return the share or future an opinion is traded in, or None where there is none."""

    def chain(self, underlying: str, nth_expiry: int) -> Chain | NoChain:
        """Return the option chain of an underlying's expiry, 0 for the nearest."""

    def why_unknown(self, instrument: Instrument, reading: str) -> str:
        """Return why a reading beside the bars is not known; empty where nothing tells it."""


class StructureRule(Protocol):
    """One way of turning an opinion into legs."""

    def build(self, signal: Signal, market: StructureMarket, /) -> Structure | NotPossible:
        """Return what would be traded now, or why nothing can be, with the numbers."""
