"""How a proposal is worked out into a price, a stake and a size before any rule looks at it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from execution.orders import Side
from risk.case import case_of
from strategies.structures import Quote
from tests.unit.risk.builders import BARE, FUTURE, SHARE, D, context, leg, proposal, quote

CHEAP_TICK = replace(FUTURE, token=5, symbol="NIFTY26SEPFUT", tick_size=D("0.05"))


def shown(quantity: float) -> Quote:
    return Quote(last=100.0, bid=100.0, ask=100.0, bid_quantity=quantity, ask_quantity=quantity)


def test_slippage_counts_the_ticks_of_every_leg_as_often_as_it_is_traded() -> None:
    legs = (
        leg(at_quote=quote(120.0, 120.0)),
        leg(CHEAP_TICK, Side.SELL, quote(50.0, 50.0), ratio=2),
    )
    asked = proposal(legs=legs, stop=10.0, target1=30.0, target2=40.0)

    case = case_of(asked, context(), replace(BARE, slippage_ticks=3))

    assert case.risk_inr == (10 + 3 * (D("0.1") + 2 * D("0.05"))) * case.sizing.quantity


def test_what_the_entry_pays_beyond_the_touch_can_be_lost_as_well() -> None:
    legs = (
        leg(at_quote=quote(120.15, 120.15)),
        leg(CHEAP_TICK, Side.SELL, quote(70.1, 70.1)),
    )
    asked = proposal(legs=legs, stop=-10.0, target1=60.0, target2=75.0, max_loss=D(50))

    case = case_of(asked, context(), replace(BARE, chase_ticks=1))

    assert case.entry == D("50.25")
    assert case.risk_inr == (50 + D("50.25") - D("50.05")) * case.sizing.quantity


def test_a_structure_that_can_hardly_lose_is_sized_as_if_it_lost_a_tick_of_its_first_leg() -> None:
    legs = (leg(at_quote=quote(120.0, 120.0)), leg(CHEAP_TICK, Side.SELL, quote(70.0, 70.0)))
    asked = proposal(legs=legs, stop=25.0, target1=60.0, target2=75.0, max_loss=D(0))

    case = case_of(asked, context(), BARE)

    assert case.risk_inr == D("0.1") * case.sizing.quantity


def test_a_price_below_one_rupee_is_a_price() -> None:
    share = leg(SHARE, at_quote=quote(0.8, 0.8))
    asked = proposal(legs=(share,), stop=0.7, target1=1.0, target2=1.2)

    assert case_of(asked, context(), BARE).sizing.quantity > 0


@pytest.mark.parametrize("freeze", [65, None])
def test_a_freeze_of_one_lot_can_be_sent(freeze: int | None) -> None:
    asked = proposal(legs=(leg(replace(FUTURE, freeze_quantity=freeze)),))

    assert case_of(asked, context(), BARE).sizing.quantity == 65


def test_a_market_through_the_stop_leaves_no_size_but_still_tells_the_price() -> None:
    case = case_of(proposal(stop=25_000.0), context(), BARE)

    assert (case.sizing.quantity, case.sizing.binding) == (0, "nothing")
    assert (case.entry, case.judged_quantity) == (D(25_000), 65)
    assert (case.risk_inr, case.costs_inr, case.margin_inr) == (0, 0, 0)


@pytest.mark.parametrize(
    ("quantity", "units"),
    [(1.0, 1), (2.9, 2), (0.0, None), (math.inf, None), (math.nan, None), (-1.0, None)],
)
def test_only_a_number_of_units_is_a_depth(quantity: float, units: int | None) -> None:
    asked = proposal(legs=(leg(SHARE, at_quote=shown(quantity)),), stop=99.0, target1=102.0)

    assert asked.displayed() == units
