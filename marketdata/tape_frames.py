"""Grouping loose ticks into the frames of a tape, each token at most once in a frame.

Writing the frames is the work of `tape.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from marketdata.ticks import Ticks

Ints = NDArray[np.int64]

_APART = 1_000
"""Microseconds between the frames that one moment is split into."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Ticks and when each arrives, microseconds since the epoch; both of shape `(n,)`.

    In the order of arrival among the ticks of one token.
    """

    at: Ints
    ticks: Ticks


def merged(parts: Sequence[Arrivals]) -> Arrivals:
    """Return the arrivals of several tokens as one, at least one part."""
    return Arrivals(
        np.concatenate([part.at for part in parts]), np.concatenate([part.ticks for part in parts])
    )


def grouped(arrivals: Arrivals) -> Iterator[tuple[int, Ticks]]:
    """Yield `(at, ticks)` frames in the order of time.

    Where a token arrives again in the same moment, its second tick goes into a frame 1 ms later,
    its third 2 ms later, and so on. Raises `ValueError` where a later moment leaves no room for
    that.
    """
    at, ticks = arrivals.at, arrivals.ticks
    at = at + _APART * _occurrence(at, ticks["token"])
    if np.any(_occurrence(at, ticks["token"])):
        raise ValueError("at: too many ticks of one token in one moment to tell them apart")
    order = np.argsort(at, kind="stable")
    at, ticks = at[order], ticks[order]
    bounds = np.append(np.flatnonzero(np.diff(at, prepend=-1)), len(at))
    for start, end in pairwise(bounds.tolist()):
        yield int(at[start]), ticks[start:end]


def _occurrence(at: Ints, token: Ints) -> Ints:
    """Return how many ticks of the same token and moment arrived before each tick."""
    order = np.lexsort((token, at))
    first = np.ones(len(at), np.bool_)
    first[1:] = (np.diff(at[order]) != 0) | (np.diff(token[order]) != 0)
    place = np.arange(len(at))
    counted = np.empty(len(at), np.int64)
    counted[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return counted
