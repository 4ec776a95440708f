"""What a strategy says of a whole history: on which bars, of which columns, and at what levels.

It is worked out once for all sessions; which bars an engine is shown is `skipping.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketdata.bars import BarGrid, Flags, Floats, Ints
from marketdata.features.board import Outputs
from strategies.base import Strategy
from strategies.context import BESIDE_OPTIONS
from strategies.frames import batch_frame
from strategies.levels import Sides
from strategies.opinions import allow_batch
from strategies.signals import NEUTRAL_SIDE, Signals
from trading.engine.settings import EngineSetup

_LEVELS = ("stop", "target1", "target2")


@dataclass(frozen=True, slots=True)
class Sayings:
    """Every opinion of one strategy that may be heard, in the order of bars and columns.

    `spans`: by the end of its bar (epoch seconds) the first opinion and the one behind the last;
    `column`, `side` and `values` (`entry`, `stop`, `target1`, `target2`, `confidence`; shape
    `(5, K)`) of each of the K opinions. `width`: how many columns there are.
    """

    spans: dict[int, tuple[int, int]]
    column: Ints
    side: Sides
    values: Floats
    width: int

    def at(self, end_s: int) -> Signals | None:
        """Return what is said of the bar that ends at `end_s`, shape `(width,)`, None for nothing.

        Levels of a column of which nothing is said are NaN.
        """
        span = self.spans.get(end_s)
        if span is None:
            return None
        here = slice(*span)
        columns = self.column[here]
        side = np.zeros(self.width, dtype=np.int8)
        side[columns] = self.side[here]
        values = np.full((5, self.width), np.nan)
        values[:, columns] = self.values[:, here]
        return Signals(side, *values)


@dataclass(frozen=True, slots=True)
class Said:
    """The ends of the bars on which a strategy may speak (epoch seconds) and of which columns.

    `columns`: shape `(ends, N)`. `sayings`: what it says, None where it must be asked bar by bar.
    """

    ends: Ints
    columns: Flags
    sayings: Sayings | None


def said_of(strategy: Strategy, grid: BarGrid, outputs: Outputs, setup: EngineSetup) -> Said:
    """Return on which bars from the set-up's day on a strategy may speak of scanned columns.

    One that asks for a day's events or expiries may on every bar: the bars alone don't tell them.
    It is asked bar by bar, and so is one that looks at anything else beside the bars, or whose
    answer somewhere is none.
    """
    begin = int(np.searchsorted(grid.session, setup.day.toordinal()))
    scanned = np.array([column.scanned for column in setup.universe.columns])
    if not BESIDE_OPTIONS.isdisjoint(strategy.context):
        ends = grid.start[begin:] + strategy.timeframe.seconds
        return Said(ends, np.broadcast_to(scanned, (len(ends), len(scanned))), None)
    said = strategy.signals(batch_frame(strategy.features(), grid, outputs))
    side = np.where(scanned, said.side[begin:], 0).astype(np.int8)
    allowed = allow_batch(strategy.repeat, side, grid.session[begin:], grid.start[begin:])
    rows = np.flatnonzero(allowed.any(axis=1))
    ends = grid.start[begin:][rows] + strategy.timeframe.seconds
    heard = allowed[rows]
    is_known = not strategy.context and _is_sound(said, begin, side)
    told = _sayings(said, begin + rows, heard, ends) if is_known else None
    return Said(ends, heard != 0, told)


def _is_sound(said: Signals, begin: int, side: Sides) -> bool:
    """Say whether no bar's answer would have the strategy put aside."""
    spoken = side != 0
    directed = spoken & (side != NEUTRAL_SIDE)
    if not set(np.unique(said.side[begin:]).tolist()) <= {-1, 0, 1, NEUTRAL_SIDE}:
        return False
    asked = {"entry": spoken, "confidence": spoken, **dict.fromkeys(_LEVELS, directed)}
    return all(
        np.isfinite(getattr(said, name)[begin:][where]).all() for name, where in asked.items()
    )


def _sayings(said: Signals, rows: Ints, heard: Sides, ends: Ints) -> Sayings:
    place, column = np.nonzero(heard)
    first = np.searchsorted(place, np.arange(len(rows) + 1)).tolist()
    names = ("entry", *_LEVELS, "confidence")
    return Sayings(
        spans={end: (first[at], first[at + 1]) for at, end in enumerate(ends.tolist())},
        column=column,
        side=heard[place, column],
        values=np.array([getattr(said, name)[rows[place], column] for name in names]),
        width=heard.shape[1],
    )


def joined(parts: Sequence[Said]) -> Said:
    """Return what is said of several histories, one behind the other, of which all is known."""
    told = [part.sayings for part in parts if part.sayings is not None]
    spans: dict[int, tuple[int, int]] = {}
    count = 0
    for each in told:
        spans |= {end: (first + count, last + count) for end, (first, last) in each.spans.items()}
        count += len(each.column)
    return Said(
        ends=np.concatenate([part.ends for part in parts]),
        columns=np.concatenate([part.columns for part in parts]),
        sayings=Sayings(
            spans=spans,
            column=np.concatenate([each.column for each in told]),
            side=np.concatenate([each.side for each in told]),
            values=np.concatenate([each.values for each in told], axis=1),
            width=told[0].width,
        ),
    )
