"""Which of a cycle's opinions are kept, best first, and a reason for each that isn't.

How they score by themselves stands in `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from strategies.opportunities import (
    Basis,
    Candidate,
    Contribution,
    Opportunity,
    Penalty,
    Stance,
    score_of,
)
from strategies.ranking_score import correlated
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import Closes, Likenesses

_ORDER = attrgetter("order")


class Rated(Struct, frozen=True, gc=False):
    """A candidate and its score by itself, whatever else is held or kept."""

    candidate: Candidate
    basis: Basis
    contributions: tuple[Contribution, ...]
    penalties: tuple[Penalty, ...]
    score: float


@dataclass(slots=True)
class _Rival:
    """A candidate that has no place yet, and the likest to it of what is held and kept.

    `order`: by what it is placed: the score, then strategy, instrument and set-up. `moving`: on
    what those stand that move with it, in the order they were held or kept.
    """

    item: Rated
    stance: Stance
    place: int
    order: tuple[float, tuple[str, str, str]]
    correlation: float = 0.0
    correlated_with: str = ""
    moving: tuple[str, ...] = ()


def _rival(item: Rated, place: int) -> _Rival:
    signal = item.candidate.signal
    ties = (signal.strategy, signal.instrument.key, signal.setup)
    return _Rival(item, item.candidate.stance, place, (-item.score, ties))


class Choice:
    """One cycle's choice: places are given from the best on, and each one kept counts for the next.

    `held`: what money stands behind already.
    """

    def __init__(self, settings: RankingSettings, closes: Closes, held: Sequence[Stance]) -> None:
        self._settings = settings
        self._limit = settings.penalties.max_correlation
        self._closes = closes
        self._held = held
        self._kept: list[str] = []
        self._kept_of: dict[str, list[str]] = {}
        self._among = 0

    def made(self, found: Sequence[Rated]) -> tuple[Opportunity, ...]:
        """Return the opportunities with their places, best first, and why each isn't kept."""
        left = [_rival(item, place) for place, item in enumerate(found)]
        alike = Likenesses([rival.stance for rival in left], self._closes)
        self._among = len(left)
        for stance in self._held:
            self._stand_beside(stance, left, alike)
        left.sort(key=_ORDER, reverse=True)
        chosen: list[Opportunity] = []
        while left:
            rival = left.pop()
            item = self._placed(rival, len(chosen) + 1)
            chosen.append(item)
            if item.kept:
                self._keep(rival.stance, item)
                if self._stand_beside(rival.stance, left, alike):
                    left.sort(key=_ORDER, reverse=True)
        return tuple(chosen)

    def _keep(self, stance: Stance, item: Opportunity) -> None:
        signal = item.candidate.signal
        told = f"the last {signal.strategy} on {signal.instrument.symbol} with {item.score:.3f}"
        self._kept.append(told)
        self._kept_of.setdefault(stance.underlying, []).append(told)

    def _stand_beside(self, stance: Stance, left: Sequence[_Rival], likenesses: Likenesses) -> bool:
        """Let each rival know of one more that is held or kept; say whether any stands behind."""
        fell = False
        if self._limit >= 1 or not left:
            return fell
        known, limit = likenesses.to(stance), self._limit
        for rival in left:
            alike = known[rival.place]
            if alike > limit:
                rival.moving += (stance.underlying,)
            if alike > rival.correlation:
                if alike > limit >= rival.correlation:
                    score = rival.item.score * self._settings.penalties.correlated
                    rival.order = (-score, rival.order[1])
                    fell = True
                rival.correlation, rival.correlated_with = alike, stance.underlying
        return fell

    def _placed(self, rival: _Rival, rank: int) -> Opportunity:
        item, correlation = rival.item, rival.correlation
        basis, faults, score = item.basis, item.penalties, item.score
        if correlation:
            whom = rival.correlated_with
            basis = replace(basis, correlation=correlation, correlated_with=whom)
            more = correlated(basis, self._settings.penalties)
            if more:
                faults += more
                score = score_of(item.contributions, faults)
        why_not = self._why_not(rival, rank, score)
        return Opportunity(
            item.candidate,
            score,
            rank,
            item.contributions,
            faults,
            not why_not,
            why_not,
            basis,
            self._among,
        )

    def _why_not(self, rival: _Rival, rank: int, score: float) -> str:
        settings = self._settings
        underlying = rival.stance.underlying
        same = self._kept_of.get(underlying, [])
        own = f"rank {rank} with a score of {score:.3f}"
        if len(same) >= settings.max_per_underlying:
            return (
                f"{own}: {len(same)} of {underlying} kept already, "
                f"{settings.max_per_underlying} allowed, {same[-1]}"
            )
        if len(self._kept) >= settings.top_n:
            return (
                f"{own}: {len(self._kept)} kept already, {settings.top_n} allowed, {self._kept[-1]}"
            )
        return self._why_not_beside(rival, own)

    def _why_not_beside(self, rival: _Rival, own: str) -> str:
        most, moving = self._settings.max_correlated, rival.moving
        if len(moving) < most:
            return ""
        names = ", ".join(moving)
        return (
            f"{own}: {len(moving)} that move with it held or kept already ({names}), {most} allowed"
        )
