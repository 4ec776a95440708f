"""How a score follows from what it rests on: the same arithmetic when it is made and explained.

What a candidate's basis is worked out from stands in `ranking.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from strategies.opportunities import Basis, Contribution, Penalty, Population, score_of
from strategies.ranking_history import normalised
from strategies.ranking_settings import PenaltyFactors, RankingSettings, Threshold, Thresholds
from strategies.ranking_values import FEATURES as FEATURES
from strategies.ranking_values import values_of_one


class Score(Struct, frozen=True, gc=False):
    """A score and its parts."""

    contributions: tuple[Contribution, ...]
    penalties: tuple[Penalty, ...]
    value: float


class Weighing(NamedTuple):
    """The weight of each feature, in the order of `FEATURES`, and how far from a median counts."""

    weights: tuple[tuple[str, float], ...]
    clip: float


class Illiquidity(Struct, frozen=True, gc=False):
    """What is too thin: `measure` names what was measured, and the segment if its limit is own."""

    measure: str
    measured: float
    threshold: float


def scored(basis: Basis, settings: RankingSettings) -> Score:
    """Return the score that a basis comes to under some settings."""
    raw = values_of_one(basis).raw[:, 0].tolist()
    parts = contributions(raw, basis.populations, weighing_of(settings))
    faults = penalties(basis, settings.penalties)
    return Score(parts, faults, score_of(parts, faults))


def is_known(feature: str, basis: Basis) -> bool:
    """Say whether a feature has a value of its own, which can be compared."""
    return not math.isnan(values_of_one(basis).told[FEATURES.index(feature), 0])


def weighing_of(settings: RankingSettings) -> Weighing:
    """Return how the features are weighed under some settings."""
    weights = tuple((feature, getattr(settings.weights, feature)) for feature in FEATURES)
    return Weighing(weights, settings.clip)


def contributions(
    raw: Sequence[float], populations: Sequence[Population], weighing: Weighing
) -> tuple[Contribution, ...]:
    """Return each feature's part; `raw` and `populations` in the order of `FEATURES`."""
    found = []
    clip = weighing.clip
    for (feature, weight), value, population in zip(
        weighing.weights, raw, populations, strict=True
    ):
        middle, sigma = population.middle, population.sigma
        if population.compared and middle is not None and sigma is not None:
            stands = normalised(value, middle, sigma, clip)
        else:
            stands = max(0.0, min(1.0, value))
        found.append(Contribution(feature, value, stands, weight, weight * stands))
    return tuple(found)


def penalties(basis: Basis, factors: PenaltyFactors) -> tuple[Penalty, ...]:
    """Return the penalties that apply: illiquid, event, far from VWAP, correlated."""
    own = own_penalties(basis, factors, factors.thresholds(basis.segment))
    return own + correlated(basis, factors)


def own_penalties(
    basis: Basis, factors: PenaltyFactors, thresholds: Thresholds
) -> tuple[Penalty, ...]:
    """Return the penalties that apply whatever else is held or kept.

    `thresholds`: those of `factors` for the basis's segment.
    """
    found = []
    thin = illiquidity(basis, thresholds)
    if thin is not None:
        name = f"illiquid: {thin.measure}"
        found.append(Penalty(name, factors.illiquid, thin.measured, thin.threshold))
    if basis.event:
        found.append(Penalty(f"event: {basis.event}", factors.event, 1.0, 0.0))
    away = abs(basis.distance_from_vwap)
    if away > factors.max_vwap_distance:
        limit = factors.max_vwap_distance
        found.append(Penalty("far_from_vwap", factors.far_from_vwap, away, limit))
    return tuple(found)


def correlated(basis: Basis, factors: PenaltyFactors) -> tuple[Penalty, ...]:
    """Return the penalty for moving with what is held or kept, or none."""
    limit = factors.max_correlation
    if not basis.correlation > limit:
        return ()
    name = f"correlated: {basis.correlated_with}"
    return (Penalty(name, factors.correlated, basis.correlation, limit),)


def illiquidity(basis: Basis, thresholds: Thresholds) -> Illiquidity | None:
    """Return the first that is too thin of spread, depth, volume and open interest, else None.

    `thresholds`: those of its segment. What is not told is not too thin; at its threshold nothing
    is.
    """
    spread, depth, volume, interest = thresholds
    if basis.spread_fraction > spread.value:
        return _thin("spread", basis.spread_fraction, spread, basis)
    if basis.depth_in_lots < depth.value:
        return _thin("depth in lots", basis.depth_in_lots, depth, basis)
    if basis.volume_lots < volume.value:
        return _thin("volume in lots", basis.volume_lots, volume, basis)
    if basis.open_interest_lots < interest.value:
        return _thin("open interest in lots", basis.open_interest_lots, interest, basis)
    return None


def _thin(measure: str, measured: float, threshold: Threshold, basis: Basis) -> Illiquidity:
    whose = f" for {basis.segment.lower()}" if threshold.is_own else ""
    return Illiquidity(f"{measure}{whose}", measured, threshold.value)
