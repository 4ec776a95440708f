"""What many strategies say over one history: bars in blocks, every feature computed once a block.

Which of it becomes a trade stands in `screen.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from marketdata.bars import BarGrid, Floats, Ints
from marketdata.features.base import Feature
from marketdata.features.kernels import Columns, CompiledFeature, columns_of
from strategies.base import Frame, Reading, Strategy
from strategies.signals import Signals

_LEAST_CELLS, _MOST_CELLS = 16_384, 65_536
"""Bars looked at together: what a strategy makes of them stays in the processor's cache."""
_BLOCKS = 16
"""Into how many blocks a history is cut between these: a short one isn't worth fresh memory."""

_LEVELS = ("entry", "stop", "target1", "target2")


@dataclass(frozen=True, slots=True)
class Said:
    """Every bar on which a strategy has an opinion, oldest first; each array of shape `(M,)`.

    `row`, `column`: which bar of the grid. `side`: 1 or -1. Levels in rupees.
    """

    row: Ints
    column: Ints
    side: Ints
    entry: Floats
    stop: Floats
    target1: Floats
    target2: Floats

    def taken(self, places: np.ndarray) -> Said:
        """Return the opinions at `places`, in that order."""
        return Said(**{each.name: getattr(self, each.name)[places] for each in fields(self)})


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a history from `first` on, ready for compiled features."""

    first: int
    bars: BarGrid
    ready: Columns


def blocks_of(grid: BarGrid) -> tuple[Block, ...]:
    """Cut a history into blocks of rows."""
    cells = min(max(grid.close.size // _BLOCKS, _LEAST_CELLS), _MOST_CELLS)
    rows = max(cells // max(grid.close.shape[1], 1), 1)
    names = [each.name for each in fields(grid) if each.name != "timeframe"]
    found = []
    for first in range(0, len(grid), rows):
        part = {name: getattr(grid, name)[first : first + rows] for name in names}
        bars = BarGrid(grid.timeframe, **part)
        found.append(Block(first, bars, columns_of(bars)))
    return tuple(found)


class _Line:
    """One feature brought forward block by block, no further than it is asked for."""

    def __init__(self, feature: Feature, blocks: Sequence[Block]) -> None:
        self._feature, self._blocks, self._done = feature, blocks, 0
        self._state = feature.new_state(blocks[0].bars.close.shape[1])
        self._kept = feature.kept(self._state) if isinstance(feature, CompiledFeature) else None
        self._out = np.empty((len(feature.outputs), *blocks[0].bars.close.shape))
        self._reading = Reading({})

    def reading(self, place: int) -> Reading:
        """Return the outputs over the block at `place`, which never goes back."""
        while self._done <= place:
            block = self._blocks[self._done]
            out = self._out[:, : len(block.bars)]
            self._take(block, out)
            self._reading = Reading(dict(zip(self._feature.outputs, out, strict=True)))
            self._done += 1
        return self._reading

    def _take(self, block: Block, out: Floats) -> None:
        if self._kept is not None:
            self._kept.take(block.ready, out)
            return
        for row in range(len(block.bars)):
            out[:, row] = self._feature.step(self._state, block.bars.row(row))


class _Readings(Mapping[str, Reading]):
    """A strategy's features over one block, computed when they are looked at."""

    def __init__(self, lines: Mapping[str, _Line]) -> None:
        self._lines, self.place = lines, 0

    def __getitem__(self, name: str) -> Reading:
        return self._lines[name].reading(self.place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def said_of(strategies: Sequence[Strategy], blocks: Sequence[Block]) -> tuple[Said, ...]:
    """Return what each strategy says of every bar; all must look at the blocks' time-frame.

    How often each may speak isn't considered. Equal features are computed once for all.
    """
    lines: dict[Feature, _Line] = {}
    looks: list[_Readings] = []
    for strategy in strategies:
        wanted = strategy.features()
        for feature in wanted.values():
            if feature not in lines:
                lines[feature] = _Line(feature, blocks)
        looks.append(_Readings({name: lines[feature] for name, feature in wanted.items()}))
    parts: list[list[Said]] = [[] for _ in strategies]
    for place, block in enumerate(blocks):
        for strategy, look, found in zip(strategies, looks, parts, strict=True):
            look.place = place
            found.append(_sparse(strategy.signals(_frame(block.bars, look)), block.first))
    return tuple(_joined(found) for found in parts)


def _frame(bars: BarGrid, look: _Readings) -> Frame:
    return Frame(
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
        minute=bars.minute[:, np.newaxis],
        features=look,
    )


def _sparse(signals: Signals, first: int) -> Said:
    side = signals.side.reshape(-1)
    places = np.flatnonzero(side != 0)
    row, column = np.divmod(places, signals.side.shape[1])
    return Said(
        row=row + first,
        column=column,
        side=side[places].astype(np.int64),
        **{name: getattr(signals, name).reshape(-1)[places] for name in _LEVELS},
    )


def _joined(parts: Sequence[Said]) -> Said:
    return Said(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Said)
        }
    )
