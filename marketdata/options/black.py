"""Black-76 compiled: value, implied volatility and greeks of one European option on a forward.

Loading this module compiles; `greeks.py` loads it at the first number asked for. Everything is a
scalar, so that a number doesn't depend on how many options stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, isfinite, log, log1p, nan, pi, sqrt
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])

compiled = cast(Callable[[Function], Function], njit(cache=True, error_model="numpy"))

DAYS = 365.0
_ROOT2 = sqrt(2.0)
_ROOT2PI = sqrt(2.0 * pi)
_MOST_STEPS = 80
_EXACT = 4e-16


@compiled
def cumulative(z: float) -> float:
    """Return the standard normal distribution function at `z`, exact in both tails."""
    return 0.5 * erfc(-z / _ROOT2)


@compiled
def price(
    forward: float, strike: float, years: float, volatility: float, discount: float, is_call: bool
) -> float:
    """Return the option's value; the discounted intrinsic one without time or volatility."""
    sign = 1.0 if is_call else -1.0
    deviation = volatility * sqrt(years)
    if deviation <= 0.0:
        return discount * max(sign * (forward - strike), 0.0)
    first = log(forward / strike) / deviation + 0.5 * deviation
    return (
        discount
        * sign
        * (forward * cumulative(sign * first) - strike * cumulative(sign * (first - deviation)))
    )


@compiled
def _normalised(x: float, deviation: float) -> float:
    """Return the value of the option out of the money over the root of forward times strike.

    `x`: minus the absolute log of forward over strike.
    """
    mid, half = x / deviation, 0.5 * deviation
    near, far = cumulative(mid + half), cumulative(mid - half)
    return exp(0.5 * x) * near - exp(-0.5 * x) * far


@compiled
def _slope(x: float, deviation: float) -> float:
    """Return how fast `_normalised` rises with the deviation."""
    mid, half = x / deviation, 0.5 * deviation
    return exp(-0.5 * (mid * mid + half * half)) / _ROOT2PI


@compiled
def _newton(x: float, wanted: float, deviation: float, below: bool) -> float:
    """Return the next guess of the deviation whose value is `wanted`.

    Below the inflection the logarithm of the value is nearly linear in one over the deviation's
    square; above it, the logarithm of what the value lacks to its bound nearly so in the
    deviation.
    """
    value = _normalised(x, deviation)
    slope = _slope(x, deviation)
    if below:
        if value <= 0.0 or slope <= 0.0:
            return nan
        inverse = 1.0 / (deviation * deviation)
        rise = -0.5 * slope / value * deviation**3
        moved = inverse - log1p((value - wanted) / wanted) / rise
        return 1.0 / sqrt(moved) if moved > 0.0 else nan
    most = exp(0.5 * x)
    lacking = most - value
    if lacking <= 0.0 or slope <= 0.0:
        return nan
    return deviation + log(lacking / (most - wanted)) * lacking / slope


@compiled
def _deviation(x: float, wanted: float) -> float:
    """Return the standard deviation to expiry at which the normalised value is `wanted`.

    Newton's steps kept inside a bracket that each of them narrows; `wanted` lies between 0 and
    its bound.
    """
    turn = sqrt(2.0 * -x) if x < 0.0 else 1.0
    below = x < 0.0 and wanted < _normalised(x, turn)
    low, high = 0.0, turn if below else max(turn, 1.0)
    while not below and _normalised(x, high) < wanted and high < 64.0:
        low, high = high, high * 2.0
    guess = turn
    for _ in range(_MOST_STEPS):
        following = _newton(x, wanted, guess, below)
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - guess) <= _EXACT * guess:
            return following
        if _normalised(x, following) < wanted:
            low = following
        else:
            high = following
        guess = following
    return guess


@compiled
def implied_volatility(
    value: float, forward: float, strike: float, years: float, discount: float, is_call: bool
) -> float:
    """Return the volatility a year at which the option is worth `value`; NaN where there is none.

    None at or below the discounted intrinsic value, at or above the value of forward (call) or
    strike (put), without time left, and for what isn't finite.
    """
    known = isfinite(value) and isfinite(forward) and isfinite(years) and isfinite(discount)
    if not (known and value > 0.0 and forward > 0.0 and years > 0.0 and discount > 0.0):
        return nan
    sign = 1.0 if is_call else -1.0
    undiscounted = value / discount
    time_value = undiscounted - max(sign * (forward - strike), 0.0)
    if time_value <= 0.0 or time_value >= min(forward, strike):
        return nan
    x = -abs(log(forward / strike))
    return _deviation(x, time_value / sqrt(forward * strike)) / sqrt(years)


@compiled
def greeks(
    forward: float, strike: float, years: float, volatility: float, discount: float, is_call: bool
) -> tuple[float, float, float, float]:
    """Return delta, gamma, theta and vega of one unit; NaN without time or volatility.

    Delta and gamma by the forward's rupee, theta rupees a calendar day at a standing forward,
    vega rupees a point of volatility (0.01).
    """
    if not (years > 0.0 and volatility > 0.0):
        return nan, nan, nan, nan
    root = sqrt(years)
    deviation = volatility * root
    first = log(forward / strike) / deviation + 0.5 * deviation
    density = exp(-0.5 * first * first) / _ROOT2PI
    sign = 1.0 if is_call else -1.0
    delta = sign * discount * cumulative(sign * first)
    gamma = discount * density / (forward * deviation)
    decay = -0.5 * discount * forward * density * volatility / root
    growth = -log(discount) / years * price(forward, strike, years, volatility, discount, is_call)
    vega = discount * forward * density * root
    return delta, gamma, (decay + growth) / DAYS, vega / 100.0


@compiled
def above(forward: float, level: float, years: float, volatility: float) -> float:
    """Return the chance of an expiry above `level`; the forward is the mean."""
    if level <= 0.0:
        return 1.0
    deviation = volatility * sqrt(years)
    if deviation <= 0.0:
        if forward == level:
            return 0.5
        return 1.0 if forward > level else 0.0
    return cumulative(log(forward / level) / deviation - 0.5 * deviation)


@compiled
def chain_volatilities(
    mids: Floats, strikes: Floats, forward: float, years: float, discount: float
) -> Floats:
    """Return the implied volatility of every mid, shape `(S, 2)`, calls first."""
    found = np.empty(mids.shape)
    for place in range(mids.shape[0]):
        for side in range(2):
            found[place, side] = implied_volatility(
                mids[place, side], forward, strikes[place], years, discount, side == 0
            )
    return found


@compiled
def chain_greeks(
    smile: Floats, strikes: Floats, forward: float, years: float, discount: float
) -> Floats:
    """Return delta, gamma, theta and vega of calls and puts at a smile, shape `(4, S, 2)`."""
    found = np.empty((4, len(smile), 2))
    for place in range(len(smile)):
        for side in range(2):
            row = greeks(forward, strikes[place], years, smile[place], discount, side == 0)
            for kind in range(4):
                found[kind, place, side] = row[kind]
    return found


@compiled
def grid_prices(
    forward: Floats, strikes: Floats, years: Floats, volatility: Floats, discount: Floats
) -> Floats:
    """Return the values of calls and puts at every moment and strike, shape `(T, S, 2)`."""
    found = np.empty((len(forward), len(strikes), 2))
    for at in range(len(forward)):
        for place in range(len(strikes)):
            for side in range(2):
                found[at, place, side] = price(
                    forward[at],
                    strikes[place],
                    years[at],
                    volatility[at, place],
                    discount[at],
                    side == 0,
                )
    return found
