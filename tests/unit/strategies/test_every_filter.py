"""Every kind of option structure at every filter: taken at the limit, refused just beyond it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import inf, isclose

import pytest

from marketdata.options.chain import Chain
from strategies.option_calendar import CalendarRule
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_limits import ANY_CHAIN, ANY_LEG, ANY_OUTLOOK
from strategies.option_rule import OptionRule
from strategies.option_shapes import (
    AT_THE_MONEY,
    Butterfly,
    Condor,
    CreditSpread,
    DebitSpread,
    LongOption,
    Strangle,
)
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.signals import Direction
from strategies.structures import Structure, StructureKind
from tests.option_chain import FORWARD, MadeChain
from tests.unit.strategies.option_market import ChainMarket, built, market_of, reads, reason, view

LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
WEEK = Expiry(0, 10)
OUT = Strike(StrikeBy.STEPS, 3)
WIDTH = Strike(StrikeBy.STEPS, 2)
PAID = Terms(Levels(0.5, 0.6, 0.9, GainOf.MAX_PROFIT), Leaving())
TAKEN = Terms(Levels(2.0, 0.5, 0.8, GainOf.PREMIUM), Leaving())
REALISED = 0.10


def smiling(strike: float) -> float:
    return 0.14 + 3.0 * (strike / FORWARD - 1.0) ** 2 - 0.4 * (strike / FORWARD - 1.0)


NEAR = MadeChain(smile=smiling)
MARKET: ChainMarket = market_of(NEAR, MadeChain(smile=smiling, expiry=date(2026, 10, 27)))
RULES: Mapping[StructureKind, OptionRule | CalendarRule] = {
    StructureKind.LONG_OPTION: OptionRule(LongOption(OUT), WEEK, PAID),
    StructureKind.DEBIT_SPREAD: OptionRule(DebitSpread(AT_THE_MONEY, WIDTH), WEEK, PAID),
    StructureKind.CREDIT_SPREAD: OptionRule(CreditSpread(OUT, WIDTH), WEEK, TAKEN),
    StructureKind.BUTTERFLY: OptionRule(Butterfly(AT_THE_MONEY, OUT), WEEK, PAID),
    StructureKind.IRON_BUTTERFLY: OptionRule(Condor(AT_THE_MONEY, OUT), WEEK, TAKEN),
    StructureKind.IRON_CONDOR: OptionRule(Condor(OUT, WIDTH), WEEK, TAKEN),
    StructureKind.LONG_STRADDLE: OptionRule(Strangle(AT_THE_MONEY, LONG), WEEK, PAID),
    StructureKind.LONG_STRANGLE: OptionRule(Strangle(OUT, LONG), WEEK, PAID),
    StructureKind.SHORT_STRADDLE: OptionRule(Strangle(AT_THE_MONEY, SHORT), WEEK, TAKEN),
    StructureKind.SHORT_STRANGLE: OptionRule(Strangle(OUT, SHORT), WEEK, TAKEN),
    StructureKind.CALENDAR: CalendarRule(AT_THE_MONEY, WEEK, Expiry(11, 30), PAID),
}
NEEDS_A_VIEW = (
    StructureKind.LONG_OPTION,
    StructureKind.DEBIT_SPREAD,
    StructureKind.CREDIT_SPREAD,
)


@dataclass(frozen=True)
class Filter:
    """A filter by the limits it belongs to, its words, and what it measures of a structure."""

    limits: str
    words: str
    measured: Callable[[Structure], float]

    def __str__(self) -> str:
        return self.words


def lots(structure: Structure) -> int:
    return structure.legs[0].instrument.lot_size


def share(structure: Structure) -> float:
    """Return premium over what can be gained and lost together; 0 where that has no bound."""
    other = structure.max_profit if structure.direction is LONG else structure.max_loss
    return structure.entry / (structure.entry + other)


def of_legs(choose: Callable[[list[float]], float]) -> Callable[[Structure], float]:
    return lambda structure: choose([leg.mid for leg in structure.outlook.legs])


def widest(structure: Structure) -> float:
    return max(2 * abs(leg.touch - leg.mid) / leg.mid for leg in structure.outlook.legs)


def chains(structure: Structure) -> list[Chain]:
    expiries = {leg.instrument.expiry for leg in structure.legs}
    return [chain for chain in MARKET.chains if chain.columns.expiry in expiries]


FILTERS = {
    "max_spread": Filter("legs", "spread", widest),
    "min_oi": Filter("legs", "open interest", lambda _: 100_000.0),
    "min_volume": Filter("legs", "volume", lambda _: 50_000.0),
    "min_premium": Filter("legs", "premium", of_legs(min)),
    "max_premium": Filter("legs", "premium", of_legs(max)),
    "max_skew": Filter("chain", "skew", lambda s: max(abs(c.skew) for c in chains(s))),
    "min_iv_to_realised": Filter(
        "chain",
        "volatility at the money",
        lambda s: min(chain.atm_iv for chain in chains(s)) / REALISED,
    ),
    "min_pop": Filter("outlook", "probability of profit", lambda s: s.probability_of_profit),
    "max_debit": Filter("outlook", "debit over width", share),
    "min_credit": Filter("outlook", "credit over width", share),
    "min_reward": Filter("outlook", "profit over loss", lambda s: s.max_profit / s.max_loss),
    "min_premium_inr": Filter("outlook", "premium of a lot", lambda s: s.entry * lots(s)),
    "max_loss_inr": Filter("outlook", "largest loss of a lot", lambda s: s.max_loss * lots(s)),
    "max_gamma": Filter("outlook", "gamma", lambda s: abs(s.greeks.gamma)),
    "max_vega": Filter("outlook", "vega", lambda s: abs(s.greeks.vega)),
}
ANY = {"chain": ANY_CHAIN, "legs": ANY_LEG, "outlook": ANY_OUTLOOK}
WITHOUT_BOUND = {
    # What can be gained without a bound has no width and a reward beyond any limit.
    *((kind, name) for kind in RULES for name in ("max_debit", "min_reward") if "LONG_S" in kind),
    (StructureKind.LONG_OPTION, "max_debit"),
    (StructureKind.LONG_OPTION, "min_reward"),
}
OF_THE_OTHER_WAY = {
    *((kind, "max_debit") for kind, rule in RULES.items() if rule.terms is TAKEN),
    *((kind, "min_credit") for kind, rule in RULES.items() if rule.terms is PAID),
}
ASKED = [
    pytest.param(kind, name, id=f"{kind}-{name}")
    for kind in RULES
    for name in FILTERS
    if (kind, name) not in WITHOUT_BOUND | OF_THE_OTHER_WAY
]
LITTLE = 1e-6


def built_with(kind: StructureKind, name: str = "", limit: float = 0.0):
    """Return what a kind comes to with one filter at a limit, with none without a name."""
    rule = RULES[kind]
    if name:
        limits = FILTERS[name].limits
        changed = {limits: replace(ANY[limits], **{name: limit})}
        rule = replace(rule, terms=replace(rule.terms, **changed))
    opinion = view(LONG if kind in NEEDS_A_VIEW else NEUTRAL)
    return rule.build(reads(opinion, realised=REALISED), MARKET)


@pytest.mark.parametrize("kind", RULES)
def test_without_filters_every_kind_can_be_made_and_is_what_it_is_called(kind: StructureKind):
    assert built(built_with(kind)).kind is kind


def test_every_kind_of_option_structure_is_tried():
    assert set(StructureKind) - set(RULES) == {StructureKind.SHARES, StructureKind.FUTURE}


@pytest.mark.parametrize(("kind", "name"), ASKED)
def test_a_filter_takes_at_its_limit_and_refuses_beyond_with_both_numbers(
    kind: StructureKind, name: str
):
    one = FILTERS[name]
    value = one.measured(built(built_with(kind)))
    inward, outward = (-1, 1) if name.startswith("min") else (1, -1)

    if value < inf:
        built(built_with(kind, name, value * (1 + inward * LITTLE)))
    limit = value * (1 + outward * 0.01) if 0 < value < inf else 1e9 if value else 0.01
    said = reason(built_with(kind, name, limit))

    assert said.startswith(f"{kind}: {one.words}")
    assert " is " in said
    assert ", expected " in said


@pytest.mark.parametrize(("kind", "name"), sorted(WITHOUT_BOUND))
def test_a_gain_without_a_bound_is_below_no_limit(kind: StructureKind, name: str):
    structure = built(built_with(kind, name, 1e-9 if name == "max_debit" else 1e9))

    assert structure.max_profit == inf


@pytest.mark.parametrize(("kind", "name"), sorted(OF_THE_OTHER_WAY))
def test_a_filter_of_what_is_paid_asks_nothing_of_what_is_taken_and_the_other_way_round(
    kind: StructureKind, name: str
):
    built(built_with(kind, name, 1e-9 if name == "max_debit" else 0.999))


@pytest.mark.parametrize("kind", RULES)
def test_no_kind_is_at_its_own_stop_or_target(kind: StructureKind):
    structure = built(built_with(kind))
    way = structure.direction

    assert (structure.entry - structure.stop) * way > 0
    assert (structure.target1 - structure.entry) * way > 0
    assert (structure.target2 - structure.target1) * way >= 0
    taken = sum(
        leg.sign * read.touch
        for leg, read in zip(structure.legs, structure.outlook.legs, strict=True)
    )
    assert isclose(structure.entry, way * taken)
    assert (taken < 0) == (way is SHORT)
