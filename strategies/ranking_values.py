"""What a cycle's opinions are worth by each feature, in columns, before they are compared.

How they are compared stands in `ranking_populations.py`; how they are weighed in
`ranking_score.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from strategies.opportunities import Basis, net_reward_to_risk
from strategies.ranking_features import MEASURED, SIDES
from strategies.signals import Direction

MOMENTUM = "momentum"
REWARD = "rr"
FEATURES = (*MEASURED, REWARD)
UNKNOWN = 0.5
SIDED = (MOMENTUM, "trend")
"""Features whose grade depends on the side that would be traded."""

_MOMENTUM = MEASURED.index(MOMENTUM)
_SIDED = np.array([[[name in SIDED]] for name in MEASURED])
_LONG, _SHORT = (SIDES.index(side) for side in (Direction.LONG, Direction.SHORT))
_TO_LONG, _TO_NONE = int(Direction.LONG), int(Direction.NEUTRAL)
"""Plain numbers: an array compared with a member of an enum first asks it five times what it is."""


class Views(NamedTuple):
    """What opinions expect: direction and confidence of each, shape `(n,)`."""

    direction: Ints
    confidence: Floats

    @property
    def is_sided(self) -> Flags:
        """Return which of them expect a direction."""
        sided: Flags = self.direction != _TO_NONE
        return sided


class Values(NamedTuple):
    """The values of the features, in the order of `FEATURES`, shape `(5, n)`.

    `raw`: one half where nothing is known; `told`: those that can be compared, NaN elsewhere.
    """

    raw: Floats
    told: Floats


def values_of(views: Views, grades: Floats, rewards: Floats) -> Values:
    """Return what opinions are worth by each feature.

    `grades`: of their columns, shape `(4, 2, n)`, NaN where unknown; `rewards`: net reward to
    risk, shape `(n,)`, which counts r / (r + 1).
    """
    graded = _graded(grades[..., np.newaxis], views)[..., 0]
    graded[_MOMENTUM] = with_confidence(graded[_MOMENTUM], views.confidence)
    told = np.empty((len(FEATURES), len(rewards)))
    told[:-1], told[-1] = graded, rewards / (rewards + 1)
    raw = told.copy()
    unknown = np.isnan(told)
    if unknown.any():
        raw[unknown] = UNKNOWN
        raw[_MOMENTUM, unknown[_MOMENTUM]] = views.confidence[unknown[_MOMENTUM]]
    return Values(raw, told)


def values_of_one(basis: Basis) -> Values:
    """Return what a single opinion is worth, shape `(5, 1)`, from what its basis holds."""
    views = Views(np.array([int(basis.direction)]), np.array([basis.confidence]))
    pairs = [(each.long, each.short) for each in basis.grades]
    grades = np.array(pairs, dtype=np.float64)[..., np.newaxis]
    reward = net_reward_to_risk(basis.reward, basis.risk, basis.costs_to_reward)
    return values_of(views, grades, np.array([reward]))


def earlier_values(grades: Floats, views: Views) -> Floats:
    """Return the earlier values of opinions by each measured feature, shape `(4, n, 2 T)`.

    `grades`: of their columns, shape `(4, 2, n, T)`. Those of a long's and a short's side both
    count for one that expects a direction, else the moments at which both are known; NaN fills up.
    The same confidence is taken to have been given then.
    """
    found = np.empty((len(grades), grades.shape[2], 2, grades.shape[3]))
    found[:, :, 0], found[:, :, 1] = grades[:, _LONG], grades[:, _SHORT]
    if not views.is_sided.all():
        where = np.flatnonzero(~views.is_sided)
        aside = grades[:, :, where]
        found[:, where, 0] = np.where(np.isnan(aside[:, _SHORT]), np.nan, _evenness(aside))
        found[:, where, 1] = np.nan
    momentum = found[_MOMENTUM]
    found[_MOMENTUM] = with_confidence(momentum, views.confidence[:, np.newaxis, np.newaxis])
    return found.reshape(len(found), found.shape[1], -1)


def with_confidence(grade: Floats, confidence: Floats) -> Floats:
    """Return momentum: a signal's confidence is a third of it."""
    return (2 * grade + confidence) / 3


def _graded(grades: Floats, views: Views) -> Floats:
    """Return what grades, shape `(4, 2, n, T)`, are to opinions: NaN where unknown, `(4, n, T)`."""
    way = views.direction[:, np.newaxis]
    sided = np.where(way == _TO_LONG, grades[:, _LONG], grades[:, _SHORT])
    if views.is_sided.all():
        return sided
    return np.where(way == _TO_NONE, _evenness(grades), sided)


def _evenness(grades: Floats) -> Floats:
    """Return what grades are to an opinion without a direction, by how little the sides differ."""
    long, short = grades[:, _LONG], grades[:, _SHORT]
    return np.where(_SIDED, 1.0 - np.abs(long - short), long)
