"""Which structure each option strategy makes of an opinion, by its default parameters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from strategies.calendar_spread import CalendarSpread
from strategies.expiry_strangle import ExpiryStrangle
from strategies.iron_condor import IronCondor
from strategies.long_straddle import LongStraddle
from strategies.options_ranker import OptionsRanker
from strategies.short_strangle import ShortStrangle
from strategies.signals import Direction
from strategies.structures import StructureKind
from strategies.trend_credit_spread import TrendCreditSpread
from tests.option_chain import DAY, MadeChain
from tests.unit.strategies.option_market import (
    built,
    chain_of,
    market_of,
    reads,
    reason,
    symbols,
    view,
)

LONG, SHORT = Direction.LONG, Direction.SHORT


def test_the_condor_sells_200_points_away_with_wings_of_200() -> None:
    later = MadeChain(expiry=date(2026, 10, 19))

    made = built(IronCondor().structure.build(view(), market_of(MadeChain(), later)))

    assert symbols(made) == ["+1 24100PE", "+1 24900CE", "-1 24300PE", "-1 24700CE"]
    assert made.legs[0].instrument.expiry == date(2026, 10, 19)
    assert made.target1 == made.target2 == pytest.approx(made.entry / 2)
    assert made.stop <= made.entry + 0.8 * made.max_loss + 1e-9
    assert made.ways_out.until is None


@pytest.mark.parametrize("strategy", [ShortStrangle(), ExpiryStrangle()], ids=lambda s: s.name)
def test_nothing_is_sold_without_a_hedge_unless_it_is_allowed(strategy: Any) -> None:
    today = market_of(MadeChain(expiry=DAY, strikes=tuple(range(24_000, 25_050, 50))))

    refused = reason(strategy.structure.build(view(), today))
    relaxed = replace(
        strategy, delta_tolerance=0.2, min_oi=0.0, min_premium_inr=0.0, max_spread=1.0
    )
    naked = built(replace(relaxed, allow_naked_short=True).structure.build(view(), today))
    hedged = built(replace(relaxed, wing=100.0).structure.build(view(), today))

    assert "allow_naked_short is off and no wing is set" in refused
    assert naked.kind is StructureKind.SHORT_STRANGLE
    assert len(naked.uncovered) == 2
    assert hedged.kind is StructureKind.IRON_CONDOR
    assert hedged.uncovered == ()


def test_the_short_straddle_is_at_the_money_with_a_stop_at_a_quarter_more() -> None:
    strategy = ShortStrangle(is_straddle=True, allow_naked_short=True)

    made = built(strategy.structure.build(view(), market_of()))

    assert made.kind is StructureKind.SHORT_STRADDLE
    assert symbols(made) == ["-1 24500PE", "-1 24500CE"]
    assert made.stop == pytest.approx(1.25 * made.entry)
    assert str(made.ways_out.until) == "2026-10-06 15:15:00+05:30"


def test_the_straddle_of_an_event_is_bought_at_the_money() -> None:
    made = built(LongStraddle().structure.build(view(), market_of()))

    assert made.kind is StructureKind.LONG_STRADDLE
    assert made.stop == pytest.approx(0.7 * made.entry)
    assert made.max_loss == pytest.approx(made.entry)


@pytest.mark.parametrize(
    ("direction", "legs"),
    [(LONG, ["+1 24150PE", "-1 24250PE"]), (SHORT, ["+1 24900CE", "-1 24800CE"])],
)
def test_the_trend_spread_sells_what_the_trend_moves_away_from(
    direction: Direction, legs: list[str]
) -> None:
    made = built(TrendCreditSpread().structure.build(view(direction), market_of()))

    assert symbols(made) == legs
    assert made.probability_of_profit >= 0.65
    assert made.max_loss * 65 <= 6_000


def test_the_ranker_buys_when_options_are_cheap_and_sells_when_they_are_dear() -> None:
    rule = OptionsRanker().structure

    cheap = built(rule.build(reads(view(LONG), iv_percentile=10.0), market_of()))
    dear = built(rule.build(reads(view(LONG), iv_percentile=90.0), market_of()))

    assert cheap.direction is LONG
    assert dear.kind is StructureKind.CREDIT_SPREAD
    assert dear.direction is SHORT


@pytest.mark.parametrize(
    ("kind", "structure"),
    [
        ("debit_spreads", StructureKind.DEBIT_SPREAD),
        ("credit_spreads", StructureKind.CREDIT_SPREAD),
        ("single_options", StructureKind.LONG_OPTION),
        ("butterflies", StructureKind.BUTTERFLY),
    ],
)
def test_each_kind_the_ranker_tries_can_pass_its_own_filters(
    kind: str, structure: StructureKind
) -> None:
    kinds = ("debit_spreads", "credit_spreads", "single_options", "butterflies")
    only = {f"with_{each}": each == kind for each in kinds}
    loose = {"debit_min_pop": 0.05} if kind == "butterflies" else {}
    strategy = OptionsRanker(**only, **loose)

    made = built(strategy.structure.build(view(SHORT), market_of()))

    assert made.kind is structure


def test_a_debit_may_be_asked_to_promise_a_multiple_of_itself() -> None:
    debits = {f"with_{each}": False for each in ("credit_spreads", "single_options")}
    anything = built(OptionsRanker(**debits).structure.build(view(LONG), market_of()))
    ratio = anything.max_profit / anything.max_loss

    def asked(least: float) -> object:
        rule = OptionsRanker(**debits, debit_min_reward=least).structure
        return rule.build(view(LONG), market_of())

    assert built(asked(ratio)) == anything
    assert "profit over loss is" in reason(
        OptionsRanker(**debits, debit_min_reward=9.0).structure.build(view(LONG), market_of())
    )
    bought = OptionsRanker(
        with_debit_spreads=False, with_credit_spreads=False, debit_min_reward=9.0
    )
    assert built(bought.structure.build(view(LONG), market_of())).kind is StructureKind.LONG_OPTION


def test_the_ranker_tells_why_none_of_its_structures_could_be() -> None:
    market = market_of()
    strategy = OptionsRanker(min_oi=1e9)

    told = reason(strategy.structure.build(view(LONG), market))

    assert told.startswith("none of 25 structures: DEBIT_SPREAD: open interest of NIFTY24")


def test_the_calendar_sells_a_dear_near_expiry() -> None:
    near, far = MadeChain(smile=lambda strike: 0.16), MadeChain(expiry=date(2026, 10, 27))
    market = market_of(near, far)

    made = built(CalendarSpread().structure.build(view(), market))

    assert made.kind is StructureKind.CALENDAR
    assert made.stop == pytest.approx(0.7 * made.entry)
    assert "over that of" in reason(
        CalendarSpread().structure.build(view(), market_of(MadeChain(), far))
    )


def test_the_chains_of_the_tests_have_books_that_pass_the_usual_filters() -> None:
    chain = chain_of(MadeChain())

    assert float(chain.ask[20, 0] - chain.bid[20, 0]) == pytest.approx(0.1)
    assert int(chain.oi[20, 0]) == 100_000
