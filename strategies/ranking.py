"""What a cycle's opinions score: each compared with what was observed and with the others.

Which of them are kept stands in `ranking_choice.py`; whether and how much of them is traded is
decided by the risk gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isnan
from typing import NamedTuple

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.instruments import Segment
from strategies import ranking_grades, ranking_populations
from strategies.base import Frame
from strategies.opportunities import (
    Basis,
    Candidate,
    Grade,
    Opportunity,
    Population,
    Stance,
    score_of,
)
from strategies.ranking_choice import Choice, Rated
from strategies.ranking_features import (
    MEASURED,
    READINGS,
    SIDES,
    Conditions,
    Raw,
    grades_of_table,
    raw_of,
    table_of,
)
from strategies.ranking_history import History, HistoryState, HistoryView
from strategies.ranking_populations import Populations, populations_of
from strategies.ranking_score import FEATURES, contributions, own_penalties, weighing_of
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import Closes, ClosesState
from strategies.ranking_values import Views, earlier_values, values_of


@dataclass(frozen=True, slots=True)
class RankerState:
    """What a `Ranker` remembers, to be kept in a snapshot; `raw`: of the newest bar, by name.

    `history`: a view where all observations of the run are known already; it takes no more then.
    """

    history: HistoryState | HistoryView
    closes: ClosesState
    raw: Raw


class Ranker:
    """Compares opinions; its only memory is that of the bars it has observed.

    A market feature (momentum, trend, liquidity, regime) is compared with the instrument's own
    earlier observations, both sides of them, and with the cycle's other candidates. Reward to
    risk, mapped by r/(r+1), belongs to a plan and not to the market: it is compared with the
    other candidates only. Where there are fewer than `min_samples` to compare with (cold start),
    the raw value, clipped to 0 to 1, stands for itself. A feature of which no part is known
    counts one half. The confidence of a signal is a third of its momentum; its own history is
    read as if the same confidence had been given then. An opinion without a direction is graded
    by how little the two sides differ: 1 where momentum or trend speak for both alike.
    """

    def __init__(self, settings: RankingSettings, columns: int) -> None:
        self._settings = settings
        self._weighing = weighing_of(settings)
        self._thresholds = {one.value: settings.penalties.thresholds(one) for one in Segment}
        self._memory = History(columns, settings.window)
        self._history: History | HistoryView = self._memory
        self._closes = Closes(columns, settings.correlation_bars, settings.min_samples)
        self._raw: Raw = {}
        ranking_populations.compile_ahead()
        ranking_grades.compile_ahead()

    def observe(self, frame: Frame, conditions: Conditions) -> None:
        """Take one bar's close, once for each bar of the ranking's time-frame, before `rank`."""
        table = table_of(raw_of(frame, conditions))
        self._raw = dict(zip(READINGS, table, strict=True))
        self._memory.add(grades_of_table(table))
        self._closes.add(int(frame.minute), frame.close)

    def rank(
        self, candidates: Sequence[Candidate], held: Sequence[Stance] = ()
    ) -> tuple[Opportunity, ...]:
        """Return every candidate, best first; equal scores by strategy, then instrument.

        The market is read from the newest observation. At most `max_per_underlying` of an
        underlying and `top_n` together are kept. One that moves with something held, or with one
        that is kept before it, stands behind; more than `max_correlated` together are not kept.
        """
        if not candidates:
            return ()
        cycle = self._cycle(candidates)
        weighing, factors = self._weighing, self._settings.penalties
        rated = []
        for place, candidate in enumerate(candidates):
            basis = _basis(candidate, cycle, place)
            parts = contributions(cycle.raw[place], basis.populations, weighing)
            faults = own_penalties(basis, factors, self._thresholds[basis.segment])
            rated.append(Rated(candidate, basis, parts, faults, score_of(parts, faults)))
        return Choice(self._settings, self._closes, held).made(rated)

    def correlation(self, one: int, other: int) -> float:
        """Return how two columns moved together of late, -1 to 1; NaN where it isn't known."""
        return self._closes.correlation(one, other)

    @property
    def state(self) -> RankerState:
        """Return a copy of the memory, for a snapshot."""
        raw = {name: values.copy() for name, values in self._raw.items()}
        return RankerState(self._memory.state, self._closes.state, raw)

    def restore(self, state: RankerState) -> None:
        """Go on from a snapshot. Raises `ValueError` when it has another shape."""
        if isinstance(state.history, HistoryView):
            self._history = state.history
        else:
            self._memory.restore(state.history)
            self._history = self._memory
        self._closes.restore(state.closes)
        self._raw = state.raw

    def _cycle(self, candidates: Sequence[Candidate]) -> _Cycle:
        """Return what is known of candidates by themselves and by comparing."""
        columns = np.array([each.column for each in candidates], dtype=np.int64)
        grades = self._history.newest(columns)
        views = Views(
            np.array([int(each.signal.direction) for each in candidates], dtype=np.int64),
            np.array([each.signal.confidence for each in candidates], dtype=np.float64),
        )
        rewards = np.array([each.net_reward_to_risk for each in candidates], dtype=np.float64)
        values = values_of(views, grades, rewards)
        earlier = earlier_values(self._history.earlier(columns), views)
        beside = populations_of(earlier, values.told, views.is_sided)
        return _Cycle(
            readings=self._readings(columns),
            grades=_graded(grades),
            raw=values.raw.T.tolist(),
            populations=self._rows(beside),
        )

    def _readings(self, columns: Ints) -> list[tuple[tuple[str, float | None], ...]]:
        if not self._raw:
            return [()] * len(columns)
        told = _known(np.array([values.take(columns) for values in self._raw.values()]))
        named = zip(self._raw, told, strict=True)
        return list(
            zip(*[zip(repeat(name), row, strict=False) for name, row in named], strict=True)
        )

    def _rows(self, beside: Populations) -> list[tuple[Population, ...]]:
        """Return what each candidate's values are compared with, and whether that is enough."""
        enough = (beside.samples >= self._settings.min_samples).tolist()
        told = beside.samples.tolist(), _known(beside.middle), _known(beside.sigma), enough
        rows = zip(FEATURES, *told, strict=True)
        return list(zip(*[map(Population, repeat(name), *row) for name, *row in rows], strict=True))


class _Cycle(NamedTuple):
    """What a cycle's candidates are worked out from, a row for each candidate."""

    readings: list[tuple[tuple[str, float | None], ...]]
    grades: list[tuple[Grade, ...]]
    raw: list[list[float]]
    populations: list[tuple[Population, ...]]


def _graded(grades: Floats) -> list[tuple[Grade, ...]]:
    """Return what some columns are worth by each feature, from grades of shape `(4, 2, n)`."""
    rows = zip(MEASURED, *(_known(grades[:, side]) for side in range(len(SIDES))), strict=True)
    return list(zip(*[map(Grade, repeat(name), *row) for name, *row in rows], strict=True))


def _known(values: Floats) -> list[list[float | None]]:
    """Return rows of values as they are told: None where unknown."""
    rows: list[list[float | None]] = values.tolist()
    for place in np.flatnonzero(np.isnan(values).any(axis=1)).tolist():
        rows[place] = [None if value is None or isnan(value) else value for value in rows[place]]
    return rows


def _basis(candidate: Candidate, cycle: _Cycle, place: int) -> Basis:
    """Return what a candidate's score follows from, but for what is held or kept before it."""
    signal, structure = candidate.signal, candidate.structure
    return Basis(
        signal.direction,
        signal.confidence,
        cycle.readings[place],
        cycle.grades[place],
        cycle.populations[place],
        structure.risk,
        structure.reward,
        candidate.costs_to_reward,
        candidate.spread_fraction,
        candidate.depth_in_lots,
        candidate.volume_lots,
        candidate.open_interest_lots,
        structure.legs[0].instrument.segment.value,
        candidate.event,
        candidate.distance_from_vwap,
        correlation=0.0,
        correlated_with="",
    )
