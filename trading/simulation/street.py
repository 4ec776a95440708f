"""Prices of a simulated day: a market that wanders by a chance of its own, and leaps when told to.

What the exchange makes of them is `floor.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import numpy as np

from marketdata.tape import microseconds
from marketdata.ticks import TICK, Ticks
from trading.simulation.market import CLOSES, MOVES, OPENS, STAND, STEP_SECONDS

_WIDEST = 300.0
_SPREADS = {1: 0.0, 2: 0.5, 3: 0.1, 4: 0.1, 5: 0.1, 6: 0.1, 7: 0.1, 8: 0.1}
_DEPTHS = (0, 65, 130, 500, 10_000, 10_000, 10_000)


class Street:
    """A price for each instrument, all moved by one index."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._offset = 0.0

    def leap(self, pick: int) -> float:
        """Let the market leap at its next step; return by how many points of the index."""
        points = (pick % 61 + 20) * (1 if pick % 2 else -1)
        self._offset += points
        return points

    def steps(self) -> Iterator[tuple[datetime, Ticks]]:
        """Yield the prices of every step up to the close."""
        for step in range(1, int((CLOSES - OPENS).total_seconds()) // STEP_SECONDS):
            self._offset += self._chance.gauss(0, 3.0)
            self._offset = max(-_WIDEST, min(_WIDEST, self._offset))
            moment = OPENS + timedelta(seconds=step * STEP_SECONDS)
            yield moment, self._ticks(moment, step)

    def _ticks(self, moment: datetime, step: int) -> Ticks:
        at, rows = microseconds(moment), []
        for token in STAND:
            price = max(1.0, round(STAND[token] + self._offset * MOVES[token], 1))
            spread = _SPREADS[token]
            depths = (self._depth(), self._depth()) if spread else (0, 0)
            bid, ask = round(price - spread, 2), round(price + spread, 2)
            prices = (price, price, price, price, bid, ask)
            rows.append((token, at, *prices, *depths, 1_000_000 + 100 * step, 100_000))
        return np.array(rows, TICK)

    def _depth(self) -> int:
        """Return one of the depths, all as likely: three bits, again for what is none."""
        place = self._chance.getrandbits(3)
        while place >= len(_DEPTHS):
            place = self._chance.getrandbits(3)
        return _DEPTHS[place]
