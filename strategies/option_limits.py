"""What an option structure must be like to be traded at all: its readings, its legs, its outlook.

Each check returns the reason with the number that was found and the one that was expected; the
desk's own limits are the risk room's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

import numpy as np

from marketdata.options.chain import Chain
from strategies.option_strikes import Pick
from strategies.outlook import Outlook
from strategies.signals import Direction, Signal
from strategies.structure_rules import StructureMarket


@dataclass(frozen=True, slots=True)
class Between:
    """A reading of the opinion that must lie in a range, both ends included."""

    name: str
    low: float
    high: float

    def fault(self, signal: Signal, market: StructureMarket) -> str:
        """Return why the opinion is not taken, empty where it is; an unknown reading refuses."""
        value = reading(signal, self.name)
        if isnan(value):
            told = f"{self.name} of {signal.instrument.symbol} is not known"
            why = market.why_unknown(signal.instrument, self.name)
            return f"{told}: {why}" if why else told
        if self.low <= value <= self.high:
            return ""
        return (
            f"{self.name} of {signal.instrument.symbol} is {value:.2f}, "
            f"expected {_range(self.low, self.high)}"
        )


@dataclass(frozen=True, slots=True)
class ChainLimits:
    """What the chain must be like; 0 asks nothing.

    `max_skew`: the 25-delta put's volatility less the call's, unsigned, a fraction.
    `min_iv_to_realised`: volatility at the money over the opinion's reading `realised`.
    """

    max_skew: float = 0.0
    min_iv_to_realised: float = 0.0

    def fault(self, chain: Chain, signal: Signal) -> str:
        """Return why the chain is not taken, empty where it is; what is unknown refuses."""
        if isnan(chain.atm_iv):
            known = int((~np.isnan(chain.smile)).sum())
            return (
                f"volatility at the money is not known: {known} of {len(chain.strikes)} strikes "
                f"have one, expected one on each side of {chain.forward:.2f}"
            )
        if self.max_skew and not abs(chain.skew) <= self.max_skew:
            return f"skew is {_known(chain.skew)}, expected at most {self.max_skew:.3f}"
        if self.min_iv_to_realised:
            realised = reading(signal, "realised")
            if not chain.atm_iv >= self.min_iv_to_realised * realised:
                return (
                    f"volatility at the money is {chain.atm_iv:.3f}, expected "
                    f"{self.min_iv_to_realised:g} times the realised {_known(realised)}"
                )
        return ""


@dataclass(frozen=True, slots=True)
class LegLimits:
    """What each leg must be like; 0 asks nothing.

    `max_spread`: a fraction of the middle. `min_oi`, `min_volume`: units. Premiums in rupees of
    the middle.
    """

    max_spread: float = 0.0
    min_oi: float = 0.0
    min_volume: float = 0.0
    min_premium: float = 0.0
    max_premium: float = 0.0

    def fault(self, each: Pick) -> str:
        """Return why a leg is not taken, empty where it is."""
        chain, at = each.chain, (each.place, each.side)
        spread = float(chain.ask[at] - chain.bid[at]) / each.mid
        asked = (
            ("spread", spread, 0.0, self.max_spread),
            ("open interest", float(chain.oi[at]), self.min_oi, 0.0),
            ("volume", float(chain.volume[at]), self.min_volume, 0.0),
            ("premium", each.mid, self.min_premium, self.max_premium),
        )
        for name, value, low, high in asked:
            if not low <= value <= (high or inf):
                return (
                    f"{name} of {each.instrument.symbol} is {_told(value)}, "
                    f"expected {_range(low, high or inf)}"
                )
        return ""


@dataclass(frozen=True, slots=True)
class OutlookLimits:
    """What the whole must promise; 0 asks nothing.

    `min_pop`: probability of profit. `max_debit`, `min_credit`: parts of what can be gained and
    lost together, which for a spread is its width. `min_reward`: the largest profit over the
    largest loss. `min_premium_inr`, `max_loss_inr`: of one lot. `max_gamma`, `max_vega`: net,
    unsigned, a unit.
    """

    min_pop: float = 0.0
    max_debit: float = 0.0
    min_credit: float = 0.0
    min_reward: float = 0.0
    min_premium_inr: float = 0.0
    max_loss_inr: float = 0.0
    max_gamma: float = 0.0
    max_vega: float = 0.0

    def fault(self, outlook: Outlook, way: Direction, entry: float, lot_size: int) -> str:
        """Return why a structure is not taken, empty where it is; `entry` in rupees a unit."""
        share = _share(outlook, way, entry)
        is_debit = way is Direction.LONG
        asked = (
            ("probability of profit", outlook.probability_of_profit, self.min_pop, 0.0),
            ("debit over width", share, 0.0, self.max_debit if is_debit else 0.0),
            ("credit over width", share, 0.0 if is_debit else self.min_credit, 0.0),
            ("profit over loss", _ratio(outlook), self.min_reward, 0.0),
            ("premium of a lot", entry * lot_size, self.min_premium_inr, 0.0),
            ("largest loss of a lot", outlook.max_loss * lot_size, 0.0, self.max_loss_inr),
            ("gamma", abs(outlook.greeks.gamma), 0.0, self.max_gamma),
            ("vega", abs(outlook.greeks.vega), 0.0, self.max_vega),
        )
        for name, value, low, high in asked:
            if (low or high) and not low <= value <= (high or inf):
                return f"{name} is {_told(value)}, expected {_range(low, high or inf)}"
        return ""


ANY_CHAIN, ANY_LEG, ANY_OUTLOOK = ChainLimits(), LegLimits(), OutlookLimits()
"""Limits that ask nothing."""


def reading(signal: Signal, name: str) -> float:
    """Return what the opinion noted under a name, NaN where it noted nothing."""
    return dict(signal.features).get(name, float("nan"))


def _share(outlook: Outlook, way: Direction, entry: float) -> float:
    other = outlook.max_profit if way is Direction.LONG else outlook.max_loss
    return 0.0 if other == inf else entry / (entry + other)


def _ratio(outlook: Outlook) -> float:
    if outlook.max_profit == inf:
        return inf
    return outlook.max_profit / outlook.max_loss if outlook.max_loss else inf


def _known(value: float) -> str:
    return "(unknown)" if isnan(value) else f"{value:.3f}"


def _told(value: float) -> str:
    """Return a number in words: four digits of a small one, all before the point of a large."""
    return f"{value:.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _range(low: float, high: float) -> str:
    if high == inf:
        return f"{_told(low)} or more"
    return f"at most {_told(high)}" if low == 0 else f"{_told(low)} to {_told(high)}"
