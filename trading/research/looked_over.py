"""What bars of one length come to over all sessions: their features, and what is said of them.

Features that only strategies read are kept where one is heard; a year of all would fill the memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from marketdata.bars import BarGrid, Flags, Floats, Ints
from marketdata.features.base import Feature
from marketdata.features.board import FeatureBoard, Outputs, rows_of, run
from marketdata.features.kernels import CompiledFeature
from strategies.base import Strategy
from trading.engine.settings import EngineSetup
from trading.research.sayings import Said, joined, said_of

_SESSIONS_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Passing:
    """Outputs of features at the bars and columns at which a strategy is heard.

    `spans`: by row the first value and the one behind the last; `column`: of each value.
    `places`: which row of `values`, shape `(F, K)`, each output stands in.
    """

    spans: Mapping[int, tuple[int, int]]
    column: Ints
    places: Mapping[Feature, Mapping[str, int]]
    values: Floats
    width: int

    def at(self, row: int) -> dict[Feature, Mapping[str, Floats]]:
        """Return the outputs at a bar, shape `(width,)` each, NaN where nobody is heard.

        Raises `KeyError` for a bar on which nobody is.
        """
        here = slice(*self.spans[row])
        found = np.full((len(self.values), self.width), np.nan)
        found[:, self.column[here]] = self.values[:, here]
        return {
            feature: {name: found[place] for name, place in named.items()}
            for feature, named in self.places.items()
        }


@dataclass(frozen=True, slots=True)
class LookedOver:
    """Features of every bar, those kept in passing, and what each strategy says, in their order.

    `passing`: None where all are kept of every bar.
    """

    outputs: Outputs
    passing: Passing | None
    said: tuple[Said, ...]


def look_over(
    strategies: Sequence[Strategy],
    features: Sequence[Feature],
    lasting: Collection[Feature],
    grid: BarGrid,
    setup: EngineSetup,
) -> LookedOver:
    """Return what the bars of the `strategies`' length come to.

    `lasting`: the features that are read of any bar. Of strategies that have to be asked bar by
    bar, and where a feature has no compiled loop, all features are kept of all bars.
    """
    is_compiled = all(isinstance(feature, CompiledFeature) for feature in features)
    if strategies and is_compiled and not any(one.context for one in strategies):
        found = _by_sessions(strategies, features, lasting, grid, setup)
        if found is not None:
            return found
    outputs = run(features, grid)
    said = tuple(said_of(strategy, grid, outputs, setup) for strategy in strategies)
    return LookedOver(outputs, None, said)


def _by_sessions(
    strategies: Sequence[Strategy],
    features: Sequence[Feature],
    lasting: Collection[Feature],
    grid: BarGrid,
    setup: EngineSetup,
) -> LookedOver | None:
    """Return what a few sessions after the other come to; None where one must be asked live."""
    distinct = tuple(dict.fromkeys(features))
    board = FeatureBoard(distinct, grid.close.shape[1])
    kept = {each: _room(each, grid) for each in distinct if each in lasting}
    notes = _Notes(
        {each: {name: [] for name in each.outputs} for each in distinct if each not in kept}
    )
    parts: list[list[Said]] = []
    for first, last in _blocks(grid.session):
        part = rows_of(grid, first, last)
        outputs = board.over(part)
        parts.append([said_of(strategy, part, outputs, setup) for strategy in strategies])
        if any(each.sayings is None for each in parts[-1]):
            return None
        for feature, named in kept.items():
            for name, values in named.items():
                values[first:last] = outputs[feature][name]
        notes.take(first, _heard(parts[-1], part), outputs)
    said = tuple(joined(each) for each in zip(*parts, strict=True))
    return LookedOver(kept, notes.told(grid.close.shape[1]), said)


def _room(feature: Feature, grid: BarGrid) -> dict[str, Floats]:
    return {name: np.empty(grid.close.shape) for name in feature.outputs}


def _blocks(session: Ints) -> Iterator[tuple[int, int]]:
    """Return the rows of a few sessions at a time, as first and last plus one."""
    heads = np.flatnonzero(np.diff(session, prepend=-1))[::_SESSIONS_AT_ONCE].tolist()
    return zip(heads, [*heads[1:], len(session)], strict=True)


def _heard(said: Sequence[Said], part: BarGrid) -> Flags:
    """Return where any strategy is heard, shape `(T, N)`."""
    heard = np.zeros(part.close.shape, dtype=np.bool_)
    for each in said:
        heard[np.searchsorted(part.start, each.ends - part.timeframe.seconds)] |= each.columns
    return heard


@dataclass(slots=True)
class _Notes:
    """What is kept in passing, gathered block by block."""

    values: dict[Feature, dict[str, list[Floats]]]
    rows: list[Ints] = field(default_factory=list)
    columns: list[Ints] = field(default_factory=list)

    def take(self, first: int, heard: Flags, outputs: Outputs) -> None:
        """Keep what `outputs` hold where somebody is heard; `first`: the block's first row."""
        row, column = np.nonzero(heard)
        self.rows.append(row + first)
        self.columns.append(column)
        for feature, named in self.values.items():
            for name, parts in named.items():
                parts.append(outputs[feature][name][row, column])

    def told(self, width: int) -> Passing:
        """Return it all, `width` columns wide; what was gathered is given up."""
        row, column = np.concatenate(self.rows), np.concatenate(self.columns)
        once, first = np.unique(row, return_index=True)
        ends = np.append(first, len(row))[1:]
        spans = dict(
            zip(once.tolist(), zip(first.tolist(), ends.tolist(), strict=True), strict=True)
        )
        names = [(feature, name) for feature, named in self.values.items() for name in named]
        places: dict[Feature, dict[str, int]] = {feature: {} for feature in self.values}
        values = np.empty((len(names), len(row)))
        for place, (feature, name) in enumerate(names):
            places[feature][name] = place
            np.concatenate(self.values[feature].pop(name), out=values[place])
        return Passing(spans, column, places, values, width)
