"""Which of a cycle's opinions are kept, best first, and a reason for each that isn't.

How they score by themselves stands in `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from strategies.opportunities import Opportunity, Stance, score_of
from strategies.ranking_score import penalties
from strategies.ranking_settings import RankingSettings
from strategies.ranking_together import Closes, likeness


@dataclass(slots=True)
class _Rival:
    """An opportunity that has no place yet, and the likest to it of what is held and kept."""

    item: Opportunity
    stance: Stance
    score: float
    correlation: float = 0.0
    correlated_with: str = ""

    @property
    def order(self) -> tuple[float, str, str, str]:
        """Return by what it is placed: the score, then strategy, instrument and set-up."""
        signal = self.item.candidate.signal
        return (-self.score, signal.strategy, signal.instrument.key, signal.setup)


class Choice:
    """One cycle's choice: places are given from the best on, and each one kept counts for the next.

    `held`: what money stands behind already.
    """

    def __init__(self, settings: RankingSettings, closes: Closes, held: Sequence[Stance]) -> None:
        self._settings = settings
        self._limit = settings.penalties.max_correlation
        self._closes = closes
        self._stances = list(held)
        self._kept: list[Opportunity] = []

    def made(self, found: Sequence[Opportunity]) -> tuple[Opportunity, ...]:
        """Return the opportunities with their places, best first, and why each isn't kept."""
        left = [_Rival(item, item.candidate.stance, item.score) for item in found]
        for stance in self._stances:
            self._stand_beside(stance, left)
        left.sort(key=lambda rival: rival.order, reverse=True)
        chosen: list[Opportunity] = []
        while left:
            item = self._placed(left.pop(), len(chosen) + 1)
            chosen.append(item)
            if item.kept:
                stance = item.candidate.stance
                self._kept.append(item)
                self._stances.append(stance)
                if self._stand_beside(stance, left):
                    left.sort(key=lambda rival: rival.order, reverse=True)
        return tuple(chosen)

    def _stand_beside(self, stance: Stance, left: Sequence[_Rival]) -> bool:
        """Let each rival know of one more that is held or kept; say whether any stands behind."""
        fell = False
        if self._limit >= 1:
            return fell
        for rival in left:
            alike = likeness(stance, rival.stance, self._closes)
            if alike > rival.correlation:
                if alike > self._limit >= rival.correlation:
                    rival.score = rival.item.score * self._settings.penalties.correlated
                    fell = True
                rival.correlation, rival.correlated_with = alike, stance.underlying
        return fell

    def _placed(self, rival: _Rival, rank: int) -> Opportunity:
        basis = replace(
            rival.item.basis,
            correlation=rival.correlation,
            correlated_with=rival.correlated_with,
        )
        faults = penalties(basis, self._settings.penalties)
        score = score_of(rival.item.contributions, faults)
        item = replace(rival.item, rank=rank, score=score, penalties=faults, basis=basis)
        why_not = self._why_not(item)
        return replace(item, kept=not why_not, why_not=why_not)

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
        most = self._settings.max_correlated
        if item.basis.correlation <= self._limit:
            return ""
        mine = item.candidate.stance
        alike = [each for each in self._stances if likeness(each, mine, self._closes) > self._limit]
        if len(alike) < most:
            return ""
        names = ", ".join(each.underlying for each in alike)
        return (
            f"{own}: {len(alike)} that move with it held or kept already ({names}), {most} allowed"
        )


def _named(item: Opportunity) -> str:
    signal = item.candidate.signal
    return f"the last {signal.strategy} on {signal.instrument.symbol} with {item.score:.3f}"
