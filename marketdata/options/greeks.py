"""Black-76: what an option on a forward is worth, the volatility a price implies, and greeks.

The arithmetic is compiled in `black.py`, loaded with the first number asked for; what a whole
chain says is put together in `chain.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Greeks(NamedTuple):
    """Of one unit bought: by the forward's rupee, a calendar day, a point of volatility (0.01)."""

    delta: float
    gamma: float
    theta: float
    vega: float


@dataclass(frozen=True, slots=True)
class Horizon:
    """What all options of one expiry share.

    `forward`: rupees; `years`: to expiry, in calendar time; `discount`: rupees now for one then.
    """

    forward: float
    years: float
    discount: float


def price(
    forward: float, strike: float, years: float, volatility: float, discount: float, is_call: bool
) -> float:
    """Return the value in rupees a unit; the discounted intrinsic one without time or volatility.

    `volatility`: a fraction a year.
    """
    numbers = _floats(forward, strike, years, volatility, discount)
    return float(_black().price(*numbers, bool(is_call)))


def implied_volatility(
    price: float, forward: float, strike: float, years: float, discount: float, is_call: bool
) -> float:
    """Return the volatility a year, a fraction; NaN where no volatility explains the price.

    None does at or below the discounted intrinsic value, at or above the discounted forward (call)
    or strike (put), with no time left, or for a price of 0.
    """
    numbers = _floats(price, forward, strike, years, discount)
    return float(_black().implied_volatility(*numbers, bool(is_call)))


def greeks(
    forward: float, strike: float, years: float, volatility: float, discount: float, is_call: bool
) -> Greeks:
    """Return the greeks of one unit; NaN without time or volatility.

    Delta and gamma by the forward; theta leaves the forward where it is.
    """
    numbers = _floats(forward, strike, years, volatility, discount)
    return Greeks(*_black().greeks(*numbers, bool(is_call)))


def above(forward: float, level: float, years: float, volatility: float) -> float:
    """Return the chance that the price at expiry lies above `level`, by the lognormal law.

    The forward is the mean; 1, 0.5 or 0 without time or volatility; 1 for a level of 0 or less.
    """
    return float(_black().above(*_floats(forward, level, years, volatility)))


def chain_volatilities(mids: Floats, strikes: Floats, horizon: Horizon) -> Floats:
    """Return the implied volatility of each mid, shape `(S, 2)`, calls first; NaN as for one."""
    arrays = np.ascontiguousarray(mids), np.ascontiguousarray(strikes)
    found: Floats = _black().chain_volatilities(*arrays, *_of(horizon))
    return found


def chain_greeks(smile: Floats, strikes: Floats, horizon: Horizon) -> Floats:
    """Return delta, gamma, theta, vega, shape `(4, S, 2)`, calls first, at one volatility a strike.

    `smile`: shape `(S,)`; NaN gives NaN.
    """
    arrays = np.ascontiguousarray(smile), np.ascontiguousarray(strikes)
    found: Floats = _black().chain_greeks(*arrays, *_of(horizon))
    return found


def grid_prices(
    strikes: Floats, over_time: tuple[Floats, Floats, Floats], volatility: Floats
) -> Floats:
    """Return values in rupees of calls and puts at T moments and S strikes, shape `(T, S, 2)`.

    `over_time`: forward, years to expiry and discount of every moment, each of shape `(T,)`;
    `volatility`: shape `(T, S)`.
    """
    forward, years, discount = (np.ascontiguousarray(values) for values in over_time)
    found: Floats = _black().grid_prices(
        forward, np.ascontiguousarray(strikes), years, np.ascontiguousarray(volatility), discount
    )
    return found


def prepare() -> None:
    """Compile what chains and structures ask for, so that none of it waits in mid-session."""
    one, horizon = np.ones(1), Horizon(1.0, 1.0, 1.0)
    chain_volatilities(np.full((1, 2), 0.1), one, horizon)
    chain_greeks(one, one, horizon)
    implied_volatility(0.1, 1.0, 1.0, 1.0, 1.0, True)
    greeks(1.0, 1.0, 1.0, price(1.0, 1.0, 1.0, 0.1, 1.0, True), 1.0, True)
    above(1.0, 1.0, 1.0, 1.0)


def _of(horizon: Horizon) -> tuple[float, ...]:
    return _floats(horizon.forward, horizon.years, horizon.discount)


def _floats(*numbers: float) -> tuple[float, ...]:
    """Return plain floats: whole numbers would have the arithmetic compiled once more."""
    return tuple(float(number) for number in numbers)


@cache
def _black() -> ModuleType:
    """Return the compiled arithmetic, which only a process that needs it has in memory."""
    from marketdata.options import black

    return black
