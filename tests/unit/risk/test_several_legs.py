from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from execution.orders import Side
from marketdata.instruments import Kind
from risk import rules
from risk.case import case_of
from risk.gate import decide
from risk.limits import RiskLimits
from risk.proposal import Proposal
from strategies.signals import Direction
from tests.unit.risk.builders import FUTURE, D, context, exposure, leg, open_risk, proposal, quote

CALL = replace(FUTURE, kind=Kind.CALL, symbol="NIFTY26AUG25000CE", strike=D(25_000))
WING = replace(CALL, symbol="NIFTY26AUG25200CE", strike=D(25_200))
LIMITS = RiskLimits(
    slippage_ticks=0, slippage_share=D(0), gap_share=D(0), chase_ticks=1, max_spread=D("0.1")
)


def spread(**changes: Any) -> Proposal:
    """Return a call spread sold for 60 at the touch: 100 less 40."""
    usual: dict[str, Any] = {
        "view": Direction.SHORT,
        "direction": Direction.SHORT,
        "stop": 120.0,
        "target1": 30.0,
        "target2": 12.0,
        "legs": (leg(CALL, Side.SELL, quote(100.0, 101.0)), leg(WING, Side.BUY, quote(39.5, 40.0))),
    }
    return proposal(**(usual | changes))


def test_the_risk_of_a_spread_is_the_way_to_its_stop() -> None:
    case = case_of(spread(), context(), LIMITS)

    # One tick worse on each leg: sold at 99.9, bought at 40.1, so 59.8 taken in; 60.2 to the stop.
    assert case.entry == D("59.8")
    assert case.risk_inr == D("60.2") * case.judged_quantity


def test_the_risk_is_capped_by_what_can_be_lost_from_the_worst_entry() -> None:
    case = case_of(spread(stop=400.0, max_loss=D(140)), context(), LIMITS)

    assert case.risk_inr == D("140.2") * case.judged_quantity


def test_a_stop_nearer_than_the_bound_is_not_made_farther_by_it() -> None:
    case = case_of(spread(max_loss=D(140)), context(), LIMITS)

    assert case.risk_inr == D("60.2") * case.judged_quantity


def test_every_leg_has_a_limit_of_its_own() -> None:
    decision = decide(spread(), context(), LIMITS)

    assert decision.refusals == ()
    assert [(one.side, one.limit_price) for one in decision.legs] == [
        (Side.SELL, D("99.90")),
        (Side.BUY, D("40.10")),
    ]


@pytest.mark.parametrize("view", [Direction.LONG, Direction.SHORT])
def test_an_opinion_without_a_direction_bets_against_nobody(view: Direction) -> None:
    held = exposure(open_risk(underlying="NIFTY", direction=view))
    case = case_of(spread(view=Direction.NEUTRAL), context(exposure=held), LIMITS)

    assert rules.opposite(case).passed
    assert not rules.underlying(case).passed


def test_nobody_bets_against_a_position_without_a_direction() -> None:
    held = exposure(open_risk(underlying="NIFTY", direction=Direction.NEUTRAL))

    assert rules.opposite(case_of(spread(), context(exposure=held), LIMITS)).passed


def test_the_oldest_leg_and_the_widest_book_are_judged() -> None:
    legs = (
        leg(CALL, Side.SELL, quote(100.0, 101.0), age_seconds=1.0),
        leg(WING, Side.BUY, quote(30.0, 40.0), age_seconds=6.0),
    )
    case = case_of(spread(legs=legs), context(), LIMITS)

    assert not rules.stale_price(case).passed
    assert not rules.spread(case).passed


@pytest.mark.parametrize("place", [0, 1])
def test_of_two_legs_the_one_whose_age_is_unknown_is_told(place: int) -> None:
    legs = [leg(CALL, Side.SELL, quote(100.0, 101.0)), leg(WING, Side.BUY, quote(39.5, 40.0))]
    legs[place] = structs.replace(legs[place], age_seconds=math.nan)

    verdict = rules.stale_price(case_of(spread(legs=tuple(legs)), context(), LIMITS))

    assert (verdict.passed, verdict.measured.is_nan()) == (False, True)


def test_every_leg_that_no_order_can_exist_for_is_named() -> None:
    indices = tuple(leg(replace(each, kind=Kind.INDEX), Side.BUY) for each in (CALL, WING))

    verdict = rules.tradable(case_of(spread(legs=indices), context(), LIMITS))

    assert verdict.measured == "NFO:NIFTY26AUG25000CE, NFO:NIFTY26AUG25200CE"
