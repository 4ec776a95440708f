"""The values of the ranking: what is compared, and what comes out of comparing.

How they are compared stands in `ranking.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from strategies.signals import Direction, Signal
from strategies.structures import Structure


class Candidate(Struct, frozen=True, gc=False):
    """One opinion with what it would trade, as the caller measured it.

    `column`: the signal's column. `spread_fraction`: spread over the middle of the traded
    contract's book, 1 where there is no book; `depth_in_lots`: lots at the thinner side of it.
    `costs_to_reward`: costs of a round trip over the reward at the last target. `event`: names
    an event that is near, empty where none is. `distance_from_vwap`: a fraction of it, 0 where
    there is none. `volume_lots`, `open_interest_lots`: lots of the traded contract, of several
    the fewest; NaN where they are not told.
    """

    signal: Signal
    structure: Structure
    column: int
    spread_fraction: float
    depth_in_lots: float
    costs_to_reward: float
    event: str
    distance_from_vwap: float
    volume_lots: float = math.nan
    open_interest_lots: float = math.nan

    def __post_init__(self) -> None:
        measures = self.spread_fraction + self.depth_in_lots + self.costs_to_reward
        if math.isfinite(measures + self.distance_from_vwap):
            return
        for name in ("spread_fraction", "depth_in_lots", "costs_to_reward", "distance_from_vwap"):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise ValueError(f"{name}: {value}, expected a number")

    @property
    def net_reward_to_risk(self) -> float:
        """Return reward less costs over risk plus costs, never below 0: both ways out pay."""
        structure = self.structure
        return net_reward_to_risk(structure.reward, structure.risk, self.costs_to_reward)

    @property
    def stance(self) -> Stance:
        """Return what it would be to hold it."""
        return Stance(self.structure.underlying, self.column, self.signal.direction)


def net_reward_to_risk(reward: float, risk: float, costs_to_reward: float) -> float:
    """Return reward less costs over risk plus costs, never below 0; `risk` above 0."""
    costs = costs_to_reward * reward
    return max(0.0, reward - costs) / (risk + costs)


class Stance(Struct, frozen=True, gc=False):
    """An opinion that money stands behind, or would: on what, and which way.

    `column`: of the instrument the opinion is about.
    """

    underlying: str
    column: int
    view: Direction


class Grade(Struct, frozen=True, gc=False):
    """What the newest bar is worth to a long and to a short by one feature; None where unknown."""

    feature: str
    long: float | None
    short: float | None


class Population(Struct, frozen=True, gc=False):
    """What a feature's value was compared with: how many, their median and robust deviation.

    None where there was nothing; `compared` is false where the value stands for itself.
    """

    feature: str
    samples: int
    middle: float | None
    sigma: float | None
    compared: bool


class Basis(Struct, frozen=True, gc=False):
    """Everything a score follows from, but for the settings.

    `readings`: name and value of what the market showed of the candidate's column on the newest
    bar of the ranking, None where unknown; `grades`: what that is worth, by feature;
    `populations`: what each feature's value was compared with. `correlation`: the largest with
    anything held or kept before it, `correlated_with` whose. `segment`: of what would be traded.
    """

    direction: Direction
    confidence: float
    readings: tuple[tuple[str, float | None], ...]
    grades: tuple[Grade, ...]
    populations: tuple[Population, ...]
    risk: float
    reward: float
    costs_to_reward: float
    spread_fraction: float
    depth_in_lots: float
    volume_lots: float
    open_interest_lots: float
    segment: str
    event: str
    distance_from_vwap: float
    correlation: float
    correlated_with: str


class Contribution(Struct, frozen=True, gc=False):
    """One feature's part in a score: `contribution` = `weight` x `normalised`."""

    feature: str
    raw: float
    normalised: float
    weight: float
    contribution: float


class Penalty(Struct, frozen=True, gc=False):
    """One penalty: the score is multiplied by `factor` because `measured` passed `threshold`."""

    name: str
    factor: float
    measured: float
    threshold: float


class Opportunity(Struct, frozen=True, gc=False):
    """A candidate with its place among the cycle's, from 1, and how it came there.

    The score is the sum of the contributions in their order, multiplied by the factors of the
    penalties in theirs; all of it follows from `basis`. `among`: how many were compared in the
    cycle. `why_not` is empty for one that is kept.
    """

    candidate: Candidate
    score: float
    rank: int
    contributions: tuple[Contribution, ...]
    penalties: tuple[Penalty, ...]
    kept: bool
    why_not: str
    basis: Basis
    among: int


def score_of(contributions: Sequence[Contribution], penalties: Sequence[Penalty]) -> float:
    """Return the sum of the contributions, in order, times each penalty's factor, in order."""
    score = 0.0
    for part in contributions:
        score += part.contribution
    for penalty in penalties:
        score *= penalty.factor
    return score
