"""What a cycle's opinions score: each compared with what was observed and with the others.

Which of them are kept stands in `ranking_choice.py`; whether and how much of them is traded is
decided by the risk gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from marketdata.bars import Floats
from strategies.base import Frame
from strategies.opportunities import Basis, Candidate, Opportunity, Population, Stance
from strategies.ranking_choice import Choice
from strategies.ranking_features import MEASURED, Conditions, Raw, grades_of, raw_of
from strategies.ranking_history import History, HistoryState, HistoryView, middle_and_sigma
from strategies.ranking_score import (
    FEATURES,
    MOMENTUM,
    REWARD,
    grade_for,
    is_known,
    raw_value,
    scored,
)
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import Closes, ClosesState
from strategies.signals import Direction

_COLD = Population(0, math.nan, math.nan, compared=False)


@dataclass(frozen=True, slots=True)
class RankerState:
    """What a `Ranker` remembers, to be kept in a snapshot; `raw`: of the newest bar, by name.

    `history`: a view where all observations of the run are known already; it takes no more then.
    """

    history: HistoryState | HistoryView
    closes: ClosesState
    raw: Raw


@dataclass(frozen=True, slots=True)
class _Told:
    """One feature of a cycle's candidates: the values that can be compared, in their order.

    `places`: of each candidate's among them, -1 where its own cannot be.
    """

    known: Floats
    places: tuple[int, ...]


def _told(feature: str, bases: Sequence[Basis]) -> _Told:
    known: list[float] = []
    places = []
    for basis in bases:
        is_there = is_known(feature, basis)
        places.append(len(known) if is_there else -1)
        if is_there:
            known.append(raw_value(feature, basis))
    return _Told(np.array(known), tuple(places))


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
        self._memory = History(columns, settings.window)
        self._history: History | HistoryView = self._memory
        self._closes = Closes(columns, settings.correlation_bars, settings.min_samples)
        self._raw: Raw = {}

    def observe(self, frame: Frame, conditions: Conditions) -> None:
        """Take one bar's close, once for each bar of the ranking's time-frame, before `rank`."""
        self._raw = {name: np.array(raw) for name, raw in raw_of(frame, conditions).items()}
        self._memory.add(grades_of(self._raw))
        self._closes.add(int(frame.minute), frame.close)

    def rank(
        self, candidates: Sequence[Candidate], held: Sequence[Stance] = ()
    ) -> tuple[Opportunity, ...]:
        """Return every candidate, best first; equal scores by strategy, then instrument.

        The market is read from the newest observation. At most `max_per_underlying` of an
        underlying and `top_n` together are kept. One that moves with something held, or with one
        that is kept before it, stands behind; more than `max_correlated` together are not kept.
        """
        bases = [self._basis(candidate) for candidate in candidates]
        told = [_told(feature, bases) for feature in FEATURES]
        found = []
        for place, candidate in enumerate(candidates):
            populations = tuple(
                self._population(candidate, feature, values, place)
                for feature, values in zip(FEATURES, told, strict=True)
            )
            basis = replace(bases[place], populations=populations)
            found.append(self._opportunity(candidate, basis, len(candidates)))
        return Choice(self._settings, self._closes, held).made(found)

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

    def _basis(self, candidate: Candidate) -> Basis:
        """Return what is known of a candidate by itself, before it is compared."""
        column, structure = candidate.column, candidate.structure
        return Basis(
            direction=candidate.signal.direction,
            confidence=candidate.signal.confidence,
            readings=tuple([(name, values.item(column)) for name, values in self._raw.items()]),
            grades=tuple(self._history.newest(i, column) for i in range(len(MEASURED))),
            populations=(),
            risk=structure.risk,
            reward=structure.reward,
            costs_to_reward=candidate.costs_to_reward,
            spread_fraction=candidate.spread_fraction,
            depth_in_lots=candidate.depth_in_lots,
            volume_lots=candidate.volume_lots,
            open_interest_lots=candidate.open_interest_lots,
            event=candidate.event,
            distance_from_vwap=candidate.distance_from_vwap,
            correlation=0.0,
            correlated_with="",
        )

    def _opportunity(self, candidate: Candidate, basis: Basis, among: int) -> Opportunity:
        score = scored(basis, self._settings)
        parts, faults = score.contributions, score.penalties
        return Opportunity(candidate, score.value, 0, parts, faults, True, "", basis, among)

    def _population(
        self, candidate: Candidate, feature: str, values: _Told, own: int
    ) -> Population:
        """Return what the value at place `own` is compared with, itself left out."""
        at = values.places[own]
        if at < 0:
            return _COLD
        earlier = self._earlier(candidate, feature)
        beside = values.known
        if len(beside) > 1:
            population = np.concatenate((earlier, beside[:at], beside[at + 1 :]))
        else:
            population = earlier
        # Both sides of one moment are one sample, though both stand in the population.
        samples = len(population) - (len(earlier) // 2 if _is_sided(candidate) else 0)
        compared = samples >= self._settings.min_samples
        return Population(samples, *middle_and_sigma(population), compared)

    def _earlier(self, candidate: Candidate, feature: str) -> Floats:
        if feature == REWARD:
            return np.empty(0)
        index = MEASURED.index(feature)
        if _is_sided(candidate):
            grades = self._history.earlier(index, candidate.column)
        else:
            pairs = self._history.earlier_pairs(index, candidate.column)
            grades = np.array([grade_for(feature, Direction.NEUTRAL, pair) for pair in pairs])
        if feature == MOMENTUM:
            return (2 * grades + candidate.signal.confidence) / 3
        return grades


def _is_sided(candidate: Candidate) -> bool:
    return candidate.signal.direction is not Direction.NEUTRAL
