"""Which of a cycle's opinions come first: scores that add up, and a reason for each not kept.

Whether and how much of them is traded is decided by the risk gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from strategies.base import Frame
from strategies.opportunities import Basis, Candidate, Opportunity, Population, Stance
from strategies.ranking_features import MEASURED, Conditions, Raw, grades_of, raw_of
from strategies.ranking_history import History, HistoryState, middle_and_sigma
from strategies.ranking_score import (
    FEATURES,
    MOMENTUM,
    REWARD,
    grade_for,
    is_known,
    raw_value,
    scored,
    with_confidence,
)
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import Closes, ClosesState, likeness
from strategies.signals import Direction

_COLD = Population(0, math.nan, math.nan, compared=False)


@dataclass(frozen=True, slots=True)
class RankerState:
    """What a `Ranker` remembers, to be kept in a snapshot; `raw`: of the newest bar, by name."""

    history: HistoryState
    closes: ClosesState
    raw: Raw


@dataclass(frozen=True, slots=True)
class _Value:
    """One feature of one candidate; `known` says whether it can be compared."""

    raw: float
    known: bool


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
        self._history = History(columns, settings.window)
        self._closes = Closes(columns, settings.correlation_bars, settings.min_samples)
        self._raw: Raw = {}

    def observe(self, frame: Frame, conditions: Conditions) -> None:
        """Take one bar's close, once for each bar of the ranking's time-frame, before `rank`."""
        self._raw = {name: np.array(raw) for name, raw in raw_of(frame, conditions).items()}
        self._history.add(grades_of(self._raw))
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
        values = [
            [_Value(raw_value(feature, basis), is_known(feature, basis)) for feature in FEATURES]
            for basis in bases
        ]
        found = []
        for place, candidate in enumerate(candidates):
            others = values[:place] + values[place + 1 :]
            populations = tuple(
                self._population(candidate, feature, own, [other[index] for other in others])
                for index, (feature, own) in enumerate(zip(FEATURES, values[place], strict=True))
            )
            basis = replace(bases[place], populations=populations)
            found.append(self._opportunity(candidate, basis, len(candidates)))
        return _Choice(self._settings, self._closes, held).made(found)

    @property
    def state(self) -> RankerState:
        """Return a copy of the memory, for a snapshot."""
        raw = {name: values.copy() for name, values in self._raw.items()}
        return RankerState(self._history.state, self._closes.state, raw)

    def restore(self, state: RankerState) -> None:
        """Go on from a snapshot. Raises `ValueError` when it has another shape."""
        self._history.restore(state.history)
        self._closes.restore(state.closes)
        self._raw = state.raw

    def _basis(self, candidate: Candidate) -> Basis:
        """Return what is known of a candidate by itself, before it is compared."""
        column, structure = candidate.column, candidate.structure
        return Basis(
            direction=candidate.signal.direction,
            confidence=candidate.signal.confidence,
            readings=tuple((name, float(values[column])) for name, values in self._raw.items()),
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
        self, candidate: Candidate, feature: str, own: _Value, others: Sequence[_Value]
    ) -> Population:
        if not own.known:
            return _COLD
        earlier = self._earlier(candidate, feature)
        population = [*earlier, *(other.raw for other in others if other.known)]
        # Both sides of one moment are one sample, though both stand in the population.
        samples = len(population) - (len(earlier) // 2 if _is_sided(candidate) else 0)
        compared = samples >= self._settings.min_samples
        return Population(samples, *middle_and_sigma(population), compared)

    def _earlier(self, candidate: Candidate, feature: str) -> list[float]:
        if feature == REWARD:
            return []
        index = MEASURED.index(feature)
        if _is_sided(candidate):
            grades = self._history.earlier(index, candidate.column)
        else:
            pairs = self._history.earlier_pairs(index, candidate.column)
            grades = [grade_for(feature, Direction.NEUTRAL, pair) for pair in pairs]
        if feature == MOMENTUM:
            return [with_confidence(candidate.signal.confidence, grade) for grade in grades]
        return grades


class _Choice:
    """One cycle's choice: places are given from the best on, and each one kept counts for the next.

    `held`: what money stands behind already.
    """

    def __init__(self, settings: RankingSettings, closes: Closes, held: Sequence[Stance]) -> None:
        self._settings = settings
        self._closes = closes
        self._stances = list(held)
        self._kept: list[Opportunity] = []

    def made(self, found: Sequence[Opportunity]) -> tuple[Opportunity, ...]:
        """Return the opportunities with their places, best first, and why each isn't kept."""
        left = list(found)
        for stance in self._stances:
            left = [self._beside(stance, item) for item in left]
        left.sort(key=_order, reverse=True)
        chosen: list[Opportunity] = []
        while left:
            item = left.pop()
            placed = replace(item, rank=len(chosen) + 1)
            why_not = self._why_not(placed)
            chosen.append(replace(placed, kept=not why_not, why_not=why_not))
            if not why_not:
                left = self._after(chosen[-1], left)
        return tuple(chosen)

    def _after(self, kept: Opportunity, left: list[Opportunity]) -> list[Opportunity]:
        """Return what is left, in order, once one more is kept."""
        stance = kept.candidate.stance
        self._kept.append(kept)
        self._stances.append(stance)
        found = [self._beside(stance, item) for item in left]
        return sorted(found, key=_order, reverse=True)

    def _beside(self, stance: Stance, item: Opportunity) -> Opportunity:
        """Return an opportunity as it is worth beside a stance: less where both move together."""
        if self._settings.penalties.max_correlation >= 1:
            return item
        alike = likeness(stance, item.candidate.stance, self._closes)
        if alike <= item.basis.correlation:
            return item
        basis = replace(item.basis, correlation=alike, correlated_with=stance.underlying)
        score = scored(basis, self._settings)
        return replace(item, score=score.value, penalties=score.penalties, basis=basis)

    def _why_not(self, item: Opportunity) -> str:
        settings = self._settings
        underlying = item.candidate.structure.underlying
        same = [other for other in self._kept if other.candidate.structure.underlying == underlying]
        own = f"rank {item.rank} with a score of {item.score:.3f}"
        if len(same) >= settings.max_per_underlying:
            return (
                f"{own}: {len(same)} of {underlying} kept already, "
                f"{settings.max_per_underlying} allowed, {_named(same[-1])}"
            )
        if len(self._kept) >= settings.top_n:
            return (
                f"{own}: {len(self._kept)} kept already, {settings.top_n} allowed, "
                f"{_named(self._kept[-1])}"
            )
        return self._why_not_beside(item, own)

    def _why_not_beside(self, item: Opportunity, own: str) -> str:
        limit, most = self._settings.penalties.max_correlation, self._settings.max_correlated
        if item.basis.correlation <= limit or limit >= 1:
            return ""
        mine = item.candidate.stance
        alike = [each for each in self._stances if likeness(each, mine, self._closes) > limit]
        if len(alike) < most:
            return ""
        names = ", ".join(each.underlying for each in alike)
        return (
            f"{own}: {len(alike)} that move with it held or kept already ({names}), {most} allowed"
        )


def _is_sided(candidate: Candidate) -> bool:
    return candidate.signal.direction is not Direction.NEUTRAL


def _named(item: Opportunity) -> str:
    signal = item.candidate.signal
    return f"the last {signal.strategy} on {signal.instrument.symbol} with {item.score:.3f}"


def _order(item: Opportunity) -> tuple[float, str, str, str]:
    signal = item.candidate.signal
    return (-item.score, signal.strategy, signal.instrument.key, signal.setup)
