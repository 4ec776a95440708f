"""How a score follows from what it rests on: the same arithmetic when it is made and explained.

What a candidate's basis is worked out from stands in `ranking.py`.
"""

from __future__ import annotations

import math

from msgspec import Struct

from strategies.opportunities import (
    Basis,
    Contribution,
    Penalty,
    Population,
    net_reward_to_risk,
    score_of,
)
from strategies.ranking_features import MEASURED, SIDES
from strategies.ranking_history import normalised
from strategies.ranking_settings import PenaltyFactors, RankingSettings
from strategies.signals import Direction

MOMENTUM = "momentum"
REWARD = "rr"
FEATURES = (*MEASURED, REWARD)
UNKNOWN = 0.5
SIDED = (MOMENTUM, "trend")
"""Features whose grade depends on the side that would be traded."""


class Score(Struct, frozen=True, gc=False):
    """A score and its parts."""

    contributions: tuple[Contribution, ...]
    penalties: tuple[Penalty, ...]
    value: float


class Illiquidity(Struct, frozen=True, gc=False):
    """What is too thin: `measure` names what was measured."""

    measure: str
    measured: float
    threshold: float


def scored(basis: Basis, settings: RankingSettings) -> Score:
    """Return the score that a basis comes to under some settings."""
    parts = contributions(basis, settings)
    faults = penalties(basis, settings.penalties)
    return Score(parts, faults, score_of(parts, faults))


def grade_for(feature: str, direction: Direction, grades: tuple[float, float]) -> float:
    """Return what a long's and a short's grade are to an opinion; NaN where unknown.

    Without a direction a sided feature counts by how little the two differ.
    """
    long, short = grades
    if direction is Direction.NEUTRAL:
        return 1.0 - abs(long - short) if feature in SIDED else long
    return grades[SIDES.index(direction)]


def is_known(feature: str, basis: Basis) -> bool:
    """Say whether a feature has a value of its own, which can be compared."""
    if feature == REWARD:
        return True
    grades = basis.grades[MEASURED.index(feature)]
    return not math.isnan(grade_for(feature, basis.direction, grades))


def raw_value(feature: str, basis: Basis) -> float:
    """Return the value of a feature before it is compared, one half where nothing is known."""
    if feature == REWARD:
        reward = net_reward_to_risk(basis.reward, basis.risk, basis.costs_to_reward)
        return reward / (reward + 1)
    grade = grade_for(feature, basis.direction, basis.grades[MEASURED.index(feature)])
    if feature == MOMENTUM:
        return basis.confidence if math.isnan(grade) else with_confidence(basis.confidence, grade)
    return UNKNOWN if math.isnan(grade) else grade


def with_confidence(confidence: float, grade: float) -> float:
    """Return momentum: a signal's confidence is a third of it."""
    return (2 * grade + confidence) / 3


def contributions(basis: Basis, settings: RankingSettings) -> tuple[Contribution, ...]:
    """Return each feature's part, in the order of `FEATURES`."""
    return tuple(
        _contribution(feature, raw_value(feature, basis), population, settings)
        for feature, population in zip(FEATURES, basis.populations, strict=True)
    )


def _contribution(
    feature: str, raw: float, population: Population, settings: RankingSettings
) -> Contribution:
    if population.compared:
        value = normalised(raw, population.middle, population.sigma, settings.clip)
    else:
        value = max(0.0, min(1.0, raw))
    weight: float = getattr(settings.weights, feature)
    return Contribution(feature, raw, value, weight, weight * value)


def penalties(basis: Basis, factors: PenaltyFactors) -> tuple[Penalty, ...]:
    """Return the penalties that apply: illiquid, event, far from VWAP, correlated."""
    found = []
    thin = illiquidity(basis, factors)
    if thin is not None:
        found.append(Penalty("illiquid", factors.illiquid, thin.measured, thin.threshold))
    if basis.event:
        found.append(Penalty(f"event: {basis.event}", factors.event, 1.0, 0.0))
    away = abs(basis.distance_from_vwap)
    if away > factors.max_vwap_distance:
        limit = factors.max_vwap_distance
        found.append(Penalty("far_from_vwap", factors.far_from_vwap, away, limit))
    if basis.correlation > factors.max_correlation:
        name, limit = f"correlated: {basis.correlated_with}", factors.max_correlation
        found.append(Penalty(name, factors.correlated, basis.correlation, limit))
    return tuple(found)


def illiquidity(basis: Basis, factors: PenaltyFactors) -> Illiquidity | None:
    """Return the first that is too thin of spread, depth, volume and open interest, else None.

    What is not told is not too thin; at its threshold nothing is.
    """
    if basis.spread_fraction > factors.max_spread:
        return Illiquidity("spread", basis.spread_fraction, factors.max_spread)
    for measure, measured, least in (
        ("depth in lots", basis.depth_in_lots, factors.min_depth_lots),
        ("volume in lots", basis.volume_lots, factors.min_volume_lots),
        ("open interest in lots", basis.open_interest_lots, factors.min_open_interest_lots),
    ):
        if measured < least:
            return Illiquidity(measure, measured, least)
    return None
