"""What each leg of a structure was chosen at: its book, its volatility, its greeks."""

from __future__ import annotations

from math import fsum

from marketdata.options.chain import CALL, PUT
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_rule import OptionRule
from strategies.option_shapes import Condor
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.signals import Direction
from tests.unit.strategies.option_market import built, market_of, view

MARKET = market_of()
CONDOR = OptionRule(
    Condor(Strike(StrikeBy.STEPS, 4), Strike(StrikeBy.STEPS, 2)),
    Expiry(0, 10),
    Terms(Levels(2.0, 0.5, 0.8, GainOf.PREMIUM), Leaving()),
)


def test_each_leg_is_told_with_its_book_and_greeks_and_their_sums_are_the_structure_s() -> None:
    condor = built(CONDOR.build(view(), MARKET))
    (chain,) = MARKET.chains

    assert len(condor.outlook.legs) == len(condor.legs) == 4
    for leg, read in zip(condor.legs, condor.outlook.legs, strict=True):
        is_call = leg.instrument in chain.columns.calls
        row = chain.columns.calls if is_call else chain.columns.puts
        at = row.index(leg.instrument), CALL if is_call else PUT
        assert read.mid == (chain.bid[at] + chain.ask[at]) / 2
        assert read.touch == (chain.ask if leg.direction is Direction.LONG else chain.bid)[at]
        assert read.volatility == chain.smile[at[0]]
        assert read.greeks.delta == chain.delta[at]
    for name in ("delta", "gamma", "theta", "vega"):
        parts = [
            leg.sign * getattr(read.greeks, name)
            for leg, read in zip(condor.legs, condor.outlook.legs, strict=True)
        ]
        assert getattr(condor.greeks, name) == fsum(parts)
    touches = [
        leg.sign * read.touch for leg, read in zip(condor.legs, condor.outlook.legs, strict=True)
    ]
    assert condor.entry == -fsum(touches)
