"""What a live engine knows of its orders and positions, for who reads the broker's book.

What a book proves of it is `live_book.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from execution.foreign import Foreign
from trading.engine.core import Engine
from trading.engine.events import ForeignSeen
from trading.live_book import OwnBooks


@dataclass(slots=True)
class EngineBooks:
    """Tells what an engine knows, the same value for as long as nothing of it changes."""

    engine: Engine
    _told: OwnBooks | None = None
    _version: int = -1
    _foreign: ForeignSeen | None = None

    def __call__(self) -> OwnBooks:
        """Return what is known now; positions change with their orders alone."""
        engine = self.engine
        told, version, foreign = self._told, engine.orders.version, engine.foreign
        if told is None or version != self._version or foreign is not self._foreign:
            self._told = told = _books_of(engine)
            self._version, self._foreign = version, foreign
        return told


def _books_of(engine: Engine) -> OwnBooks:
    return OwnBooks(
        engine.orders.all(),
        tuple(trade.position for trade in engine.ledger.trades.values()),
        engine.orders.known_trades(),
        engine.orders.changing(),
        engine.setup.run_code,
        Foreign(engine.foreign.orders, engine.foreign.positions),
        engine.orders.asked(),
    )
