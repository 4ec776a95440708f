"""The last price and the day's volume of every instrument, kept so that seeing costs little.

Panels, bars and what strategies look at are made in `marketdata`.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from execution.matching import price_of
from marketdata.bars import Floats, Ints
from marketdata.ticks import TICK, Ticks, words_of

_FEW = 12
"""Steps of up to so many instruments are remembered one by one."""


class LastSeen:
    """Wide steps are laid over columns, one place an instrument; narrow ones are kept beside them.

    Whoever asks looks beside first: a wide step takes up what stands there before it.
    """

    def __init__(self) -> None:
        """Begin with nothing seen; the loop is compiled here rather than at the first step."""
        self._beside: dict[int, tuple[float, int]] = {}
        self._tokens: Ints = np.empty(0, np.int64)
        self._order: Ints = np.empty(0, np.int64)
        self._ordered: Ints = np.empty(0, np.int64)
        self._last: Floats = np.empty(0)
        self._volume: Ints = np.empty(0, np.int64)
        self._places(words_of(np.zeros(0, TICK)), 0)

    def see(self, ticks: Ticks) -> None:
        """Take note of a step, a token at most once in it; nothing of the array is held."""
        if len(ticks) <= _FEW:
            for row in ticks.tolist():
                self._beside[row[0]] = (row[2], row[10])
            return
        if self._beside:
            self._take_up()
        places = self._places(words_of(ticks), len(ticks))
        self._last[places] = ticks["last"]
        self._volume[places] = ticks["volume"]

    def last(self, token: int) -> Decimal | None:
        """Return the last price, or None where the newest tick had none above 0."""
        seen = self._seen(token)
        return None if seen is None else price_of(seen[0])

    def volume(self, token: int) -> int | None:
        """Return the day's total so far, or None where the instrument was not seen."""
        seen = self._seen(token)
        return None if seen is None else seen[1]

    def _seen(self, token: int) -> tuple[float, int] | None:
        beside = self._beside.get(token)
        if beside is not None:
            return beside
        at = int(np.searchsorted(self._ordered, token))
        if at == len(self._ordered) or self._ordered[at] != token:
            return None
        place = self._order[at]
        return float(self._last[place]), int(self._volume[place])

    def _take_up(self) -> None:
        tokens: Ints = np.array(list(self._beside), np.int64)
        if not self._has_room(tokens):
            self._make_room(tokens)
        places = self._order[np.searchsorted(self._ordered, tokens)]
        self._last[places], self._volume[places] = zip(*self._beside.values(), strict=True)
        self._beside.clear()

    def _has_room(self, tokens: Ints) -> bool:
        """Say whether each of some instruments has a place."""
        if not len(self._ordered):
            return False
        at = np.minimum(np.searchsorted(self._ordered, tokens), len(self._ordered) - 1)
        return bool((self._ordered[at] == tokens).all())

    def _places(self, words: Ints, count: int) -> Ints:
        """Return the place of each tick's instrument; new ones are given places."""
        from marketdata.panel_kernels import find_columns

        places = np.empty(count, np.int64)
        if find_columns(words, self._tokens, self._order, self._ordered, places) >= 0:
            self._make_room(words.reshape(count, -1)[:, 0])
            find_columns(words, self._tokens, self._order, self._ordered, places)
        return places

    def _make_room(self, tokens: Ints) -> None:
        """Give those of some instruments that have no place one, behind the others."""
        fresh = tokens[~np.isin(tokens, self._tokens)]
        self._tokens = np.concatenate((self._tokens, fresh))
        self._order = np.argsort(self._tokens, kind="stable")
        self._ordered = self._tokens[self._order]
        self._last = np.concatenate((self._last, np.zeros(len(fresh))))
        self._volume = np.concatenate((self._volume, np.zeros(len(fresh), np.int64)))
