"""The days to expiry that a strategy asks of single underlyings."""

from __future__ import annotations

from datetime import date

import pytest

from strategies.option_rule import BestOf, OptionRule
from strategies.option_strikes import Expiry
from strategies.registry import StrategyConfigError, build_strategies
from strategies.structures import Structure
from tests.option_chain import MadeChain
from tests.unit.strategies.option_market import built, market_of, reason, view

NEXT_MONTH = date(2026, 11, 3)
MARKET = market_of(MadeChain(), MadeChain(expiry=NEXT_MONTH))
STRATEGIES = (
    "iron_condor",
    "short_strangle",
    "long_straddle",
    "trend_credit_spread",
    "options_ranker",
)


def rule_of(name: str, **parameters: object) -> OptionRule:
    wishes = {"allow_naked_short": True} if name == "short_strangle" else {}
    (made,) = build_strategies({name: {**wishes, **parameters}})
    rule = made.structure.rules[0] if isinstance(made.structure, BestOf) else made.structure
    assert isinstance(rule, OptionRule)
    return rule


def test_an_underlying_has_the_days_told_for_it_and_the_others_those_of_all() -> None:
    usual = {"min_days": 0, "max_days": 10, "min_credit": 0.0}
    own = rule_of("iron_condor", days_by_underlying="NIFTY=20-35", **usual)
    others = rule_of("iron_condor", days_by_underlying="BANKNIFTY=20-35", **usual)

    assert expiry_of(built(own.build(view(), MARKET))) == NEXT_MONTH
    assert expiry_of(built(others.build(view(), MARKET))) == MadeChain().expiry


def expiry_of(structure: Structure) -> date | None:
    (expiry,) = {leg.instrument.expiry for leg in structure.legs}
    return expiry


def test_an_expiry_outside_the_own_days_is_refused_with_them() -> None:
    rule = rule_of("iron_condor", min_days=0, max_days=10, days_by_underlying="NIFTY=40-60")

    assert reason(rule.build(view(), MARKET)).startswith("no expiry of NIFTY in 40 to 60 days")


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_of_one_expiry_hands_them_on(name: str) -> None:
    text = "BANKNIFTY=1-35, NIFTY=0-7"

    expected = (("BANKNIFTY", Expiry(1, 35)), ("NIFTY", Expiry(0, 7)))
    assert rule_of(name, days_by_underlying=text).own_expiries == expected
    assert rule_of(name).own_expiries == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BANKNIFTY", "'BANKNIFTY', expected each"),
        ("BANKNIFTY=1", "'BANKNIFTY=1', expected each"),
        ("BANKNIFTY=1-35,", "'', expected each"),
        ("BANKNIFTY=1-35,BANKNIFTY=2-3", "'BANKNIFTY=2-3', expected each"),
        ("BANKNIFY=1-35", "'BANKNIFY=1-35', expected each"),
        ("BANKNIFTY=9-3", "BANKNIFTY: min_days: 9, expected 0 to max_days"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(StrategyConfigError) as refused:
        build_strategies({"iron_condor": {"days_by_underlying": text}})

    assert f"iron_condor.days_by_underlying: {told}" in str(refused.value)


def test_where_all_underlyings_are_meant_any_may_have_days_of_its_own() -> None:
    rule = rule_of("iron_condor", underlyings="", days_by_underlying="RELIANCE=1-35")

    assert rule.own_expiries == (("RELIANCE", Expiry(1, 35)),)
