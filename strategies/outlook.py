"""What a structure can come to at expiry: its bounds, where it breaks even, how likely it pays.

How these are worked out from legs stands in `payoff.py`.
"""

from __future__ import annotations

import math

from msgspec import Struct


class NetGreeks(Struct, frozen=True, gc=False):
    """Sums over the legs bought less sold, of one unit of the structure.

    `delta` and `gamma` by the forward's rupee, `theta` rupees a day, `vega` rupees a point of
    volatility.
    """

    delta: float = math.nan
    gamma: float = math.nan
    theta: float = math.nan
    vega: float = math.nan


UNKNOWN_GREEKS = NetGreeks()


class LegReading(Struct, frozen=True, gc=False):
    """What the market said of one leg when it was chosen: rupees, and a volatility a year.

    `touch`: what entering it paid then. `greeks`: of one unit bought, whichever way the leg goes.
    """

    mid: float
    touch: float
    volatility: float
    greeks: NetGreeks


class Outlook(Struct, frozen=True, gc=False):
    """What holding to expiry can bring, in rupees a unit, before costs.

    `max_loss` and `max_profit` are positive numbers, inf where unlimited. `break_evens`: prices
    of the underlying at expiry, rising. `probability_of_profit`: 0 to 1, NaN where not worked
    out. `fair`: the traded value at the middle of the books, NaN likewise. `legs`: what each leg
    was read at, in the structure's order; empty where that is not known.
    """

    max_loss: float = math.inf
    max_profit: float = math.inf
    break_evens: tuple[float, ...] = ()
    probability_of_profit: float = math.nan
    greeks: NetGreeks = UNKNOWN_GREEKS
    fair: float = math.nan
    legs: tuple[LegReading, ...] = ()


UNBOUNDED = Outlook()
"""Nothing is known: no bound on either side."""
