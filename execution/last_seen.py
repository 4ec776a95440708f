"""The last price and the day's volume of every instrument, kept so that seeing costs little.

Panels, bars and what strategies look at are made in `marketdata`.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from execution.matching import step_of
from marketdata.ticks import TICK, Ticks

_KEPT = 64


class LastSeen:
    """Steps are kept as raw bytes and looked into only when someone asks for an instrument."""

    def __init__(self) -> None:
        self._recent: dict[bytes, bytes] = {}
        self._rows: dict[int, np.void] = {}

    def see(self, ticks: Ticks) -> None:
        """Take note of a step; the array is copied.

        A step of the same instruments as an earlier one takes its place, as the newest.
        """
        tokens = ticks["token"].tobytes()
        self._recent.pop(tokens, None)
        self._recent[tokens] = ticks.tobytes()
        if len(self._recent) > _KEPT:
            for step in self._recent.values():
                older = np.frombuffer(step, TICK)
                self._rows.update(zip(older["token"].tolist(), older, strict=True))
            self._recent.clear()

    def last(self, token: int) -> Decimal | None:
        """Return the last price, or None where the newest tick had none above 0."""
        row = self._row(token)
        step = None if row is None else step_of(row, None)
        return None if step is None else step.last

    def volume(self, token: int) -> int | None:
        """Return the day's total so far, or None where the instrument was not seen."""
        row = self._row(token)
        return None if row is None else int(row["volume"])

    def _row(self, token: int) -> np.void | None:
        for step in reversed(self._recent.values()):
            ticks = np.frombuffer(step, TICK)
            found = np.flatnonzero(ticks["token"] == token)
            if len(found):
                row: np.void = ticks[found[0]]
                return row
        return self._rows.get(token)
