"""What options of one expiry come to on that day: profit, bounds, break-evens, and the odds.

Which options are held is chosen in the files of option structures; costs are no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, inf

from marketdata.options.greeks import Horizon, above

Profit = Callable[[float], float]
"""Rupees a unit gained when the underlying expires at a price."""


@dataclass(frozen=True, slots=True)
class Held:
    """One option of a payoff: `sign` units bought, negative for sold, at `price` rupees a unit."""

    strike: float
    is_call: bool
    sign: int
    price: float

    def worth(self, level: float) -> float:
        """Return what the units are worth at expiry at `level`; negative for sold ones."""
        way = 1.0 if self.is_call else -1.0
        return self.sign * max(way * (level - self.strike), 0.0)


def cost_of(held: Iterable[Held]) -> float:
    """Return the rupees paid for a unit of everything held; negative where more was taken."""
    return fsum(each.sign * each.price for each in held)


def profit_at(held: Sequence[Held], level: float) -> float:
    """Return the rupees a unit gained when the underlying expires at `level`."""
    return fsum([each.worth(level) for each in held] + [-each.sign * each.price for each in held])


def bounds(held: Sequence[Held]) -> tuple[float, float]:
    """Return the largest loss and the largest profit at expiry, rupees a unit, inf without bound.

    Both are 0 or more, or inf: a structure that cannot lose has a loss of 0.
    """
    ends = [profit_at(held, level) for level in _corners(held)]
    rise = _rise_beyond(held)
    lowest = -inf if rise < 0 else min(ends)
    highest = inf if rise > 0 else max(ends)
    return max(0.0, -lowest), max(0.0, highest)


def break_evens(held: Sequence[Held]) -> tuple[float, ...]:
    """Return the prices at expiry at which the profit changes its sign, rising.

    Along a stretch without profit or loss it changes where the stretch ends.
    """
    places = sorted([*_corners(held), *_crossings(held)])
    found, before = [], 0.0
    for low, high in pairwise([*places, inf]):
        now = profit_at(held, low + 1.0 if high == inf else (low + high) / 2)
        if now * before < 0:
            found.append(low)
        before = now or before
    return tuple(found)


def chance_of_profit(
    profit: Profit, zeros: Sequence[float], horizon: Horizon, volatility: float
) -> float:
    """Return the chance, 0 to 1, that `profit` is above 0 at expiry, by the lognormal law.

    `zeros`: where it changes its sign, rising. `volatility`: a year, a fraction; the forward is
    the mean.
    """
    edges = [0.0, *zeros, inf]
    chance = []
    for low, high in pairwise(edges):
        middle = 2.0 * low + horizon.forward if high == inf else (low + high) / 2
        if profit(middle) > 0:
            chance.append(_beyond(low, horizon, volatility) - _beyond(high, horizon, volatility))
    return min(1.0, max(0.0, fsum(chance)))


def _beyond(level: float, horizon: Horizon, volatility: float) -> float:
    if level == inf:
        return 0.0
    return above(horizon.forward, level, horizon.years, volatility)


def _corners(held: Sequence[Held]) -> list[float]:
    return [0.0, *sorted({each.strike for each in held})]


def _rise_beyond(held: Sequence[Held]) -> int:
    """Return by how many rupees the profit rises with each rupee beyond the last strike."""
    return sum(each.sign for each in held if each.is_call)


def _crossings(held: Sequence[Held]) -> list[float]:
    """Return where the profit is 0 between two corners or beyond the last."""
    corners = _corners(held)
    values = [profit_at(held, level) for level in corners]
    found = [
        low + (high - low) * before / (before - after)
        for (low, high), (before, after) in zip(pairwise(corners), pairwise(values), strict=True)
        if before * after < 0
    ]
    rise = _rise_beyond(held)
    if values[-1] * rise < 0:
        found.append(corners[-1] - values[-1] / rise)
    return found
