"""Every kind of structure there is can be had from a strategy that a configuration can name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from strategies.outright import Outright
from strategies.registry import STRATEGIES, build_strategies
from strategies.signals import Direction
from strategies.structures import StructureKind
from tests.option_chain import MadeChain
from tests.unit.strategies.option_market import ChainMarket, built, market_of, reads, view

ANYTHING = {"max_spread": 1.0, "min_oi": 0.0, "min_volume": 0.0}
ONLY = {f"with_{each}": False for each in ("debit_spreads", "credit_spreads", "single_options")} | {
    "with_butterflies": False
}
NAKED = {"allow_naked_short": True}
CONFIGURED: Mapping[StructureKind, tuple[str, Mapping[str, object]]] = {
    StructureKind.LONG_OPTION: ("options_ranker", {**ONLY, "with_single_options": True}),
    StructureKind.DEBIT_SPREAD: ("options_ranker", {**ONLY, "with_debit_spreads": True}),
    StructureKind.CREDIT_SPREAD: ("trend_credit_spread", {}),
    StructureKind.BUTTERFLY: (
        "options_ranker",
        {**ONLY, "with_butterflies": True, "debit_min_pop": 0.05},
    ),
    StructureKind.IRON_BUTTERFLY: ("iron_condor", {"sold": 0.0, "min_days": 0}),
    StructureKind.IRON_CONDOR: ("iron_condor", {"min_days": 0}),
    StructureKind.LONG_STRADDLE: ("long_straddle", {}),
    StructureKind.LONG_STRANGLE: ("long_straddle", {"steps": 3}),
    StructureKind.SHORT_STRADDLE: ("short_strangle", {**NAKED, "is_straddle": True}),
    StructureKind.SHORT_STRANGLE: ("short_strangle", NAKED),
    StructureKind.CALENDAR: ("calendar_spread", {"min_iv_ratio": 0.0}),
}


@pytest.fixture(scope="module")
def market() -> ChainMarket:
    return market_of(MadeChain(), MadeChain(expiry=date(2026, 10, 27)))


@pytest.mark.parametrize("kind", CONFIGURED)
def test_a_configured_strategy_makes_it(kind: StructureKind, market: ChainMarket):
    name, parameters = CONFIGURED[kind]
    (strategy,) = build_strategies({name: {**ANYTHING, **parameters}})
    needs_view = kind in (
        StructureKind.LONG_OPTION,
        StructureKind.DEBIT_SPREAD,
        StructureKind.CREDIT_SPREAD,
        StructureKind.BUTTERFLY,
    )
    opinion = view(Direction.LONG if needs_view else Direction.NEUTRAL)

    made = built(strategy.structure.build(reads(opinion, iv_percentile=50.0), market))

    assert made.kind is kind


def test_the_kinds_left_are_those_of_the_plain_rule_that_bar_strategies_trade_by():
    left = set(StructureKind) - set(CONFIGURED)
    plain = [name for name, each in STRATEGIES.items() if isinstance(each().structure, Outright)]

    assert left == {StructureKind.SHARES, StructureKind.FUTURE}
    assert "opening_range" in plain
