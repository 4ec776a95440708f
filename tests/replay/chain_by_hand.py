"""Option chains and what is traded on them, worked out in plain arithmetic.

It reads quotes and knows nothing of the desk's option code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from math import erf, exp, log, sqrt
from statistics import median

import numpy as np

from marketdata.calendar import IST
from marketdata.instruments import Instrument, Kind

RATE = 0.0525
LegByHand = tuple[int, float, Kind]


@dataclass(frozen=True)
class Quoted:
    """One option as it was quoted."""

    bid: float
    ask: float
    oi: int
    volume: int

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


@dataclass(frozen=True)
class ByHand:
    """One expiry worked out in plain arithmetic: `calls` and `puts` by strike."""

    calls: dict[float, Quoted]
    puts: dict[float, Quoted]
    years: float

    @property
    def discount(self) -> float:
        return exp(-RATE * self.years)

    @cached_property
    def forward(self) -> float:
        """The median parity forward of the nine pairs around the one that differs least."""
        pairs = sorted(self.calls.keys() & self.puts.keys())
        apart = [self.calls[k].mid - self.puts[k].mid for k in pairs]
        centre = min(range(len(pairs)), key=lambda place: abs(apart[place]))
        around = range(centre - 4, centre + 5)
        return median(pairs[place] + apart[place] / self.discount for place in around)

    @property
    def atm(self) -> float:
        return min(self.strikes, key=lambda strike: abs(strike - self.forward))

    @cached_property
    def strikes(self) -> list[float]:
        return sorted(self.calls.keys() | self.puts.keys())

    def worth(self, strike: float, volatility: float, is_call: bool) -> float:
        deviation = volatility * sqrt(self.years)
        first = log(self.forward / strike) / deviation + deviation / 2
        call = self.forward * normal(first) - strike * normal(first - deviation)
        return self.discount * (call if is_call else call - self.forward + strike)

    def volatility(self, strike: float) -> float:
        """That of the option out of the money, by halving."""
        is_call = strike >= self.forward
        wanted = (self.calls if is_call else self.puts)[strike].mid
        low, high = 0.001, 3.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if self.worth(strike, middle, is_call) < wanted else (low, middle)
            )
        return low

    def delta(self, strike: float, is_call: bool) -> float:
        deviation = self.volatility(strike) * sqrt(self.years)
        first = log(self.forward / strike) / deviation + deviation / 2
        return self.discount * (normal(first) - (0.0 if is_call else 1.0))

    @cached_property
    def at_the_money(self) -> float:
        above = next(strike for strike in self.strikes if strike >= self.forward)
        below = self.strikes[self.strikes.index(above) - 1]
        share = (self.forward - below) / (above - below)
        return (1 - share) * self.volatility(below) + share * self.volatility(above)

    def above(self, level: float) -> float:
        deviation = self.at_the_money * sqrt(self.years)
        return normal(log(self.forward / level) / deviation - deviation / 2)


def normal(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2


def by_hand(quotes: dict[Instrument, np.void], expiry: date, at: datetime) -> ByHand:
    """Return one expiry at a moment, from the newest tick of each option."""
    sides: dict[Kind, dict[float, Quoted]] = {Kind.CALL: {}, Kind.PUT: {}}
    for item, tick in quotes.items():
        if item.expiry == expiry and item.strike is not None and 0 < tick["bid"] < tick["ask"]:
            quoted = Quoted(*(tick[name].item() for name in ("bid", "ask", "oi", "volume")))
            sides[item.kind][float(item.strike)] = quoted
    # Contracts trade to 15:40 in August 2026, on their last day too.
    closes = datetime(expiry.year, expiry.month, expiry.day, 15, 40, tzinfo=IST)
    return ByHand(sides[Kind.CALL], sides[Kind.PUT], (closes - at) / timedelta(days=365))


def tried(chain: ByHand, is_long: bool) -> Iterator[tuple[float, list[LegByHand]]]:
    """Every structure the ranker tries that passes its filters: expectation and legs."""
    for target in (0.50, 0.45, 0.40, 0.35, 0.30):
        for width in (1, 2):
            yield from debit_spread(chain, is_long, target, width)
    for target in (0.50, 0.45, 0.40, 0.35, 0.30):
        for width in (1, 2):
            yield from credit_spread(chain, is_long, target, width)
    for target in (0.50, 0.45, 0.40, 0.35, 0.30):
        yield from single_option(chain, is_long, target)


def nearest(chain: ByHand, is_call: bool, target: float) -> float:
    listed = chain.calls if is_call else chain.puts
    return min(
        sorted(set(listed) & set(chain.calls) & set(chain.puts)),
        key=lambda strike: abs(abs(chain.delta(strike, is_call)) - target),
    )


def beyond(chain: ByHand, strike: float, steps: int) -> float:
    return chain.strikes[chain.strikes.index(strike) + steps]


def is_thick(*legs: Quoted) -> bool:
    return all(
        each.oi >= 50_000
        and each.volume >= 10_000
        and (each.ask - each.bid) / each.mid <= 0.005
        and 10 <= each.mid <= 500
        for each in legs
    )


def promise(chance: float, reward: float, risk: float) -> float:
    return (chance * reward - (1 - chance) * risk) / risk


def debit_spread(
    chain: ByHand, is_long: bool, target: float, width: int
) -> Iterator[tuple[float, list[LegByHand]]]:
    side, kind = (chain.calls, Kind.CALL) if is_long else (chain.puts, Kind.PUT)
    near = nearest(chain, is_long, target)
    far = beyond(chain, near, width if is_long else -width)
    debit, gap = side[near].ask - side[far].bid, abs(far - near)
    zero = near + debit if is_long else near - debit
    chance = chain.above(zero) if is_long else 1 - chain.above(zero)
    if is_thick(side[near], side[far]) and debit <= 0.45 * gap and chance >= 0.40:
        risk = min(0.5 * debit, 0.8 * debit)
        yield promise(chance, 0.9 * (gap - debit), risk), [(1, near, kind), (-1, far, kind)]


def credit_spread(
    chain: ByHand, is_long: bool, target: float, width: int
) -> Iterator[tuple[float, list[LegByHand]]]:
    side, kind = (chain.puts, Kind.PUT) if is_long else (chain.calls, Kind.CALL)
    near = nearest(chain, not is_long, target)
    far = beyond(chain, near, -width if is_long else width)
    credit, gap = side[near].bid - side[far].ask, abs(far - near)
    zero = near - credit if is_long else near + credit
    chance = chain.above(zero) if is_long else 1 - chain.above(zero)
    if is_thick(side[near], side[far]) and credit >= 0.25 * gap and chance >= 0.65:
        risk = min(credit, 0.8 * (gap - credit))
        yield promise(chance, 0.8 * credit, risk), [(1, far, kind), (-1, near, kind)]


def single_option(
    chain: ByHand, is_long: bool, target: float
) -> Iterator[tuple[float, list[LegByHand]]]:
    side, kind = (chain.calls, Kind.CALL) if is_long else (chain.puts, Kind.PUT)
    strike = nearest(chain, is_long, target)
    paid = side[strike].ask
    zero = strike + paid if is_long else strike - paid
    chance = chain.above(zero) if is_long else 1 - chain.above(zero)
    if is_thick(side[strike]) and chance >= 0.30:
        yield promise(chance, paid, 0.5 * paid), [(1, strike, kind)]
