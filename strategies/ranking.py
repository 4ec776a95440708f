"""Which of a cycle's opinions come first: scores that add up, and a reason for each not kept.

Whether and how much of them is traded is decided by the risk gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from strategies.base import Frame
from strategies.opportunities import Candidate, Contribution, Opportunity, Penalty, score_of
from strategies.ranking_features import MEASURED, SIDES, Conditions, measure
from strategies.ranking_history import History, HistoryState, normalised
from strategies.ranking_settings import PenaltyFactors, RankingSettings

MOMENTUM = "momentum"
REWARD = "rr"
NEUTRAL = 0.5


@dataclass(frozen=True, slots=True)
class _Raw:
    """One feature of one candidate; `compared` says whether the value can be normalised."""

    feature: str
    value: float
    compared: bool


class Ranker:
    """Compares opinions; its only memory is the history of observations.

    A market feature (momentum, trend, liquidity, regime) is compared with the instrument's own
    earlier observations, both sides of them, and with the cycle's other candidates. Reward to
    risk, mapped by r/(r+1), belongs to a plan and not to the market: it is compared with the
    other candidates only. Where there are fewer than `min_samples` to compare with (cold start),
    the raw value, clipped to 0 to 1, stands for itself. A feature of which no part is known
    counts one half. The confidence of a signal is a third of its momentum; its own history is
    read as if the same confidence had been given then.
    """

    def __init__(self, settings: RankingSettings, columns: int) -> None:
        self._settings = settings
        self._history = History(columns, settings.window)

    def observe(self, frame: Frame, conditions: Conditions) -> None:
        """Take one bar's close, once for each bar of the ranking's time-frame, before `rank`."""
        self._history.add(measure(frame, conditions))

    def rank(self, candidates: Sequence[Candidate]) -> tuple[Opportunity, ...]:
        """Return every candidate, best first; equal scores by strategy, then instrument.

        The market is read from the newest observation. At most `max_per_underlying` of an
        underlying and `top_n` together are kept.
        """
        raws = [self._raws(candidate) for candidate in candidates]
        scored = []
        for place, candidate in enumerate(candidates):
            others = raws[:place] + raws[place + 1 :]
            parts = tuple(
                self._contribution(candidate, raw, [row[index] for row in others])
                for index, raw in enumerate(raws[place])
            )
            faults = _penalties(candidate, self._settings.penalties)
            score = score_of(parts, faults)
            scored.append(Opportunity(candidate, score, 0, parts, faults, True, ""))
        return self._chosen(sorted(scored, key=_order))

    @property
    def state(self) -> HistoryState:
        """Return a copy of the memory, for a snapshot."""
        return self._history.state

    def restore(self, state: HistoryState) -> None:
        """Go on from a snapshot. Raises `ValueError` when it has another shape."""
        self._history.restore(state)

    def _raws(self, candidate: Candidate) -> tuple[_Raw, ...]:
        side = SIDES.index(candidate.signal.direction)
        raws = []
        for index, feature in enumerate(MEASURED):
            grade = self._history.newest(index, side, candidate.column)
            known = not math.isnan(grade)
            if feature == MOMENTUM:
                given = candidate.signal.confidence
                raws.append(_Raw(feature, _with(given, grade) if known else given, known))
            else:
                raws.append(_Raw(feature, grade if known else NEUTRAL, known))
        reward = candidate.net_reward_to_risk
        return (*raws, _Raw(REWARD, reward / (reward + 1), True))

    def _contribution(
        self, candidate: Candidate, raw: _Raw, others: Sequence[_Raw]
    ) -> Contribution:
        earlier = self._earlier(candidate, raw.feature)
        population = [*earlier, *(other.value for other in others if other.compared)]
        # Both sides of one moment are one sample, though both stand in the population.
        samples = len(population) - len(earlier) // 2
        if raw.compared and samples >= self._settings.min_samples:
            value = normalised(raw.value, population, self._settings.clip)
        else:
            value = max(0.0, min(1.0, raw.value))
        weight: float = getattr(self._settings.weights, raw.feature)
        return Contribution(raw.feature, raw.value, value, weight, weight * value)

    def _earlier(self, candidate: Candidate, feature: str) -> list[float]:
        if feature == REWARD:
            return []
        grades = self._history.earlier(MEASURED.index(feature), candidate.column)
        if feature == MOMENTUM:
            return [_with(candidate.signal.confidence, grade) for grade in grades]
        return grades

    def _chosen(self, ordered: Sequence[Opportunity]) -> tuple[Opportunity, ...]:
        """Return the same in the same order, ranked, with a reason for each not kept."""
        kept: list[Opportunity] = []
        chosen = []
        for rank, item in enumerate(ordered, start=1):
            why_not = self._why_not(replace(item, rank=rank), kept)
            opportunity = replace(item, rank=rank, kept=not why_not, why_not=why_not)
            if opportunity.kept:
                kept.append(opportunity)
            chosen.append(opportunity)
        return tuple(chosen)

    def _why_not(self, item: Opportunity, kept: Sequence[Opportunity]) -> str:
        underlying = item.candidate.structure.underlying
        same = [other for other in kept if other.candidate.structure.underlying == underlying]
        own = f"rank {item.rank} with a score of {item.score:.3f}"
        if len(same) >= self._settings.max_per_underlying:
            return (
                f"{own}: {len(same)} of {underlying} kept already, "
                f"{self._settings.max_per_underlying} allowed, {_named(same[-1])}"
            )
        if len(kept) >= self._settings.top_n:
            return (
                f"{own}: {len(kept)} kept already, {self._settings.top_n} allowed, "
                f"{_named(kept[-1])}"
            )
        return ""


def _with(confidence: float, grade: float) -> float:
    return (2 * grade + confidence) / 3


def _named(item: Opportunity) -> str:
    signal = item.candidate.signal
    return f"the last {signal.strategy} on {signal.instrument.symbol} with {item.score:.3f}"


def _order(item: Opportunity) -> tuple[float, str, str, str]:
    signal = item.candidate.signal
    return (-item.score, signal.strategy, signal.instrument.key, signal.setup)


def _penalties(candidate: Candidate, factors: PenaltyFactors) -> tuple[Penalty, ...]:
    """Return the penalties that apply, in the order illiquid, event, far from VWAP."""
    found = []
    if candidate.spread_fraction > factors.max_spread:
        spread = candidate.spread_fraction
        found.append(Penalty("illiquid", factors.illiquid, spread, factors.max_spread))
    elif candidate.depth_in_lots < factors.min_depth_lots:
        depth = candidate.depth_in_lots
        found.append(Penalty("illiquid", factors.illiquid, depth, factors.min_depth_lots))
    if candidate.event:
        found.append(Penalty("event", factors.event, 1.0, 0.0))
    away = abs(candidate.distance_from_vwap)
    if away > factors.max_vwap_distance:
        limit = factors.max_vwap_distance
        found.append(Penalty("far_from_vwap", factors.far_from_vwap, away, limit))
    return tuple(found)
