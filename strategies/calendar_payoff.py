"""What a structure over two expiries comes to when the first of them expires.

The far options are then still worth what their volatility says; everything else of a payoff
stands in `payoff.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, fsum, sqrt

from marketdata.options.greeks import Horizon, price
from strategies.option_strikes import Pick
from strategies.outlook import NetGreeks, Outlook
from strategies.payoff import Held, chance_of_profit, cost_of

REACH = 6.0
"""How many standard deviations around the forward are looked at."""
PLACES = 241
"""At how many prices the profit is worked out."""
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Later:
    """One far option: what it is, and the volatility it keeps, a year."""

    held: Held
    volatility: float


@dataclass(frozen=True, slots=True)
class Spans:
    """The options of both expiries, with what their chains say.

    `ratio`: the far forward over the near one, which is kept. `rest`: what is left to the far
    expiry when the near one has come. `volatility`: of the near chain, at the money.
    """

    near: tuple[Held, ...]
    far: tuple[Later, ...]
    horizon: Horizon
    volatility: float
    ratio: float
    rest: Horizon

    @classmethod
    def of(cls, near: Sequence[Pick], far: Sequence[Pick]) -> Spans:
        """Return what the picks of two chains are; at least one of each."""
        first, second = near[0].chain, far[0].chain
        years = second.years - first.years
        return cls(
            near=tuple(_held(each) for each in near),
            far=tuple(Later(_held(each), float(second.smile[each.place])) for each in far),
            horizon=Horizon(first.forward, first.years, first.discount),
            volatility=first.atm_iv,
            ratio=second.forward / first.forward,
            rest=Horizon(second.forward, years, second.discount / first.discount),
        )

    @property
    def cost(self) -> float:
        """Return the rupees paid for a unit."""
        return cost_of([*self.near, *(each.held for each in self.far)])

    def profit(self, level: float) -> float:
        """Return the rupees a unit gained with the underlying at `level` at the first expiry."""
        near = [each.worth(level) for each in self.near]
        far = [self._worth(each, level * self.ratio) for each in self.far]
        return fsum([*near, *far, -self.cost])

    def _worth(self, later: Later, forward: float) -> float:
        held = later.held
        value = price(
            forward,
            held.strike,
            self.rest.years,
            later.volatility,
            self.rest.discount,
            held.is_call,
        )
        return held.sign * value


def over_two_expiries(spans: Spans, greeks: NetGreeks, fair: float) -> Outlook:
    """Return the outlook to the first expiry.

    Bounds and break-evens are looked for among the strikes and prices of `REACH` standard
    deviations around the forward; a debit can be lost in full beyond them.
    """
    levels = _levels(spans)
    gained = [spans.profit(level) for level in levels]
    zeros = tuple(
        _zero(spans.profit, low, high)
        for (low, before), (high, after) in pairwise(zip(levels, gained, strict=True))
        if before * after < 0
    )
    return Outlook(
        max_loss=max(spans.cost, -min(gained)),
        max_profit=max(0.0, *gained),
        break_evens=zeros,
        probability_of_profit=chance_of_profit(
            spans.profit, zeros, spans.horizon, spans.volatility
        ),
        greeks=greeks,
        fair=fair,
    )


def _held(each: Pick) -> Held:
    return Held(each.strike, each.is_call, each.sign, each.touch)


def _levels(spans: Spans) -> list[float]:
    deviation = spans.volatility * sqrt(spans.horizon.years)
    half = PLACES // 2
    steps = [REACH * (place - half) / half for place in range(PLACES)]
    strikes = [each.strike for each in spans.near] + [each.held.strike for each in spans.far]
    return sorted({*(spans.horizon.forward * exp(step * deviation) for step in steps), *strikes})


def _zero(profit: Callable[[float], float], low: float, high: float) -> float:
    """Return where a profit that has different signs at both ends is 0."""
    rises = profit(low) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (profit(middle) < 0) is rises:
            low = middle
        else:
            high = middle
    return (low + high) / 2
