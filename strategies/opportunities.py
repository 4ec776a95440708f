"""The values of the ranking: what is compared, and what comes out of comparing.

How they are compared stands in `ranking.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from strategies.signals import Signal
from strategies.structures import Structure


@dataclass(frozen=True, slots=True)
class Candidate:
    """One opinion with what it would trade, as the caller measured it.

    `column`: the signal's column. `spread_fraction`: spread over the middle of the traded
    contract's book, 1 where there is no book; `depth_in_lots`: lots at the thinner side of it.
    `costs_to_reward`: costs of a round trip over the reward at the last target. `event`: an event
    is near. `distance_from_vwap`: a fraction of it, 0 where there is none.
    """

    signal: Signal
    structure: Structure
    column: int
    spread_fraction: float
    depth_in_lots: float
    costs_to_reward: float
    event: bool
    distance_from_vwap: float

    def __post_init__(self) -> None:
        for name in ("spread_fraction", "depth_in_lots", "costs_to_reward", "distance_from_vwap"):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise ValueError(f"{name}: {value}, expected a number")

    @property
    def net_reward_to_risk(self) -> float:
        """Return reward less costs over risk plus costs, never below 0: both ways out pay."""
        costs = self.costs_to_reward * self.structure.reward
        return max(0.0, self.structure.reward - costs) / (self.structure.risk + costs)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One feature's part in a score: `contribution` = `weight` x `normalised`."""

    feature: str
    raw: float
    normalised: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Penalty:
    """One penalty: the score is multiplied by `factor` because `measured` passed `threshold`."""

    name: str
    factor: float
    measured: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A candidate with its place among the cycle's, from 1, and how it came there.

    The score is the sum of the contributions in their order, multiplied by the factors of the
    penalties in theirs. `why_not` is empty for one that is kept.
    """

    candidate: Candidate
    score: float
    rank: int
    contributions: tuple[Contribution, ...]
    penalties: tuple[Penalty, ...]
    kept: bool
    why_not: str


def score_of(contributions: Sequence[Contribution], penalties: Sequence[Penalty]) -> float:
    """Return the sum of the contributions, in order, times each penalty's factor, in order."""
    score = 0.0
    for part in contributions:
        score += part.contribution
    for penalty in penalties:
        score *= penalty.factor
    return score
