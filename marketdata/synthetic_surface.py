"""The volatility surface of a made market: what every strike is worth at every step.

Which strikes there are is said in `synthetic_chains.py`; quotes and ticks are made of the worth
in `synthetic_options.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.options.greeks import grid_prices

Floats = NDArray[np.float64]

_SKEW, _CURVE = -0.10, 0.06
_LEAST, _MOST = 0.7, 2.5
_LEAST_YEARS = 2.0 / 365.0
_LEVERAGE = 4.0


@dataclass(frozen=True, slots=True)
class Surface:
    """How volatile each strike is thought to be.

    `level`: at the money, a year, while the forward stands at `anchor`; it rises as the forward
    falls: by four per cent of itself for each per cent.
    """

    level: float
    anchor: float


def at_the_money(surface: Surface, forward: Floats) -> Floats:
    """Return the volatility at the forward at every step, shape `(T,)`."""
    return surface.level * (surface.anchor / forward) ** _LEVERAGE


def standardised(strikes: Floats, forward: Floats, atm: Floats, years: Floats) -> Floats:
    """Return how many standard deviations each strike lies above the forward, `(T, S)`.

    Of what is left to expiry, two days at least.
    """
    spread = atm * np.sqrt(np.maximum(years, _LEAST_YEARS))
    return np.log(strikes / forward[:, None]) / spread[:, None]


def worth(
    surface: Surface, strikes: Floats, forward: Floats, years: Floats, discount: Floats
) -> Floats:
    """Return the value of calls and puts in rupees, shape `(T, S, 2)`.

    A call less its put is the discounted forward less the strike, always.
    """
    atm = at_the_money(surface, forward)
    away = standardised(strikes, forward, atm, years)
    shape = np.clip(1.0 + _SKEW * away + _CURVE * away * away, _LEAST, _MOST)
    return grid_prices(strikes, (forward, years, discount), atm[:, None] * shape)
