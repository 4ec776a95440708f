"""The last price and the day's volume of every instrument, kept so that seeing costs little.

Panels, bars and what strategies look at are made in `marketdata`.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from execution.matching import step_of
from marketdata.ticks import TICK, Ticks

_KEPT = 64
_RAW = np.dtype((np.void, TICK.itemsize))


class LastSeen:
    """Steps are kept as raw bytes and looked into only when someone asks for an instrument."""

    def __init__(self) -> None:
        self._recent: dict[bytes, bytes] = {}
        self._places: dict[bytes, dict[int, int]] = {}
        self._rows: dict[int, bytes] = {}

    def see(self, ticks: Ticks) -> None:
        """Take note of a step; the array is copied.

        A step of the same instruments as an earlier one takes its place, as the newest.
        """
        tokens = ticks["token"].tobytes()
        self._recent.pop(tokens, None)
        self._recent[tokens] = ticks.tobytes()
        if len(self._recent) > _KEPT:
            self._fold(next(iter(self._recent)))

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
        for tokens, step in reversed(self._recent.items()):
            place = self._places_in(tokens).get(token)
            if place is not None:
                return _row_of(step, place)
        older = self._rows.get(token)
        return None if older is None else _row_of(older, 0)

    def _fold(self, tokens: bytes) -> None:
        """Keep the rows of the oldest step each by itself, so that none holds the whole step."""
        rows = np.frombuffer(self._recent.pop(tokens), _RAW).tolist()
        self._rows.update(zip(np.frombuffer(tokens, np.int64).tolist(), rows, strict=True))
        self._places.pop(tokens, None)

    def _places_in(self, tokens: bytes) -> dict[int, int]:
        """Return the first row of each token in steps of these instruments."""
        known = self._places.get(tokens)
        if known is None:
            order = np.frombuffer(tokens, np.int64).tolist()
            known = {token: place for place, token in reversed(list(enumerate(order)))}
            self._places[tokens] = known
        return known


def _row_of(step: bytes, place: int) -> np.void:
    row: np.void = np.frombuffer(step, TICK, 1, place * TICK.itemsize)[0]
    return row
