"""How volatility at the money runs over the expiries, and what it is at a constant maturity.

One expiry's chain is `chain.py`'s; how a volatility stands among those of days before is
`iv_history.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, sqrt

from marketdata.options.chain import Chain

MATURITY_DAYS = 30
_YEAR_DAYS = 365.0
_LEAST_DAYS = 2.0


@dataclass(frozen=True, slots=True)
class TermPoint:
    """One expiry: years to it, and volatility at the money, a fraction a year."""

    years: float
    volatility: float


def term_structure(chains: Iterable[Chain]) -> tuple[TermPoint, ...]:
    """Return the expiries with a volatility at the money, the nearest first."""
    points = (TermPoint(chain.years, chain.atm_iv) for chain in chains)
    known = (point for point in points if not isnan(point.volatility))
    return tuple(sorted(known, key=lambda point: point.years))


def constant_maturity(points: Iterable[TermPoint], days: int = MATURITY_DAYS) -> float:
    """Return the volatility of an expiry `days` calendar days away, a fraction; NaN without any.

    Between two expiries total variance (volatility squared times years) runs straight; beyond
    the first and the last, the volatility stays what it is there. An expiry less than two days
    away says nothing of a month and is left out.
    """
    usable = [point for point in points if point.years * _YEAR_DAYS >= _LEAST_DAYS]
    if not usable:
        return float("nan")
    wanted = days / _YEAR_DAYS
    if wanted <= usable[0].years:
        return usable[0].volatility
    for near, far in pairwise(usable):
        if wanted <= far.years:
            share = (wanted - near.years) / (far.years - near.years)
            variance = (1.0 - share) * _variance(near) + share * _variance(far)
            return sqrt(variance / wanted)
    return usable[-1].volatility


def _variance(point: TermPoint) -> float:
    return point.volatility * point.volatility * point.years
