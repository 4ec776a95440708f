from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from execution.orders import Side
from marketdata.instruments import Instrument, Kind
from risk import rules
from risk.case import case_of
from risk.limits import RiskLimits
from risk.proposal import Funds
from risk.rules import RULES, orders_of
from tests.unit.risk.builders import (
    FUTURE,
    Costs,
    D,
    ask,
    context,
    exposure,
    last_only,
    leg,
    open_risk,
    proposal,
    quote,
    short_proposal,
)

BLINK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("age", "passed"), [(4.999, True), (5.0, True), (5.001, False), (math.nan, False)]
)
def test_the_oldest_price_counts(age: float, passed: bool) -> None:
    legs = (leg(), leg(age_seconds=age))

    assert ask(rules.stale_price, proposal(legs=legs)).passed is passed


@pytest.mark.parametrize(
    ("bid", "ask_price", "passed"),
    [
        (199.5, 200.5, True),
        (199.45, 200.45, False),
        (199.55, 200.5, True),
        (200.0, 200.0, True),
        (200.5, 199.5, False),
        (math.nan, 200.0, False),
        (200.0, math.inf, False),
        (0.0, 200.0, False),
    ],
)
def test_a_wide_crossed_or_missing_spread_is_refused(
    bid: float, ask_price: float, passed: bool
) -> None:
    asked = proposal(legs=(leg(at_quote=quote(bid, ask_price)),), stop=190.0, target1=220.0)

    assert ask(rules.spread, asked).passed is passed


def test_the_widest_leg_decides_the_spread() -> None:
    legs = (leg(at_quote=quote(200.0, 200.0)), leg(at_quote=quote(99.0, 101.0)))

    verdict = ask(rules.spread, proposal(legs=legs))

    assert not verdict.passed
    assert verdict.measured == D("0.02")


def test_a_missing_quote_may_be_allowed_where_the_data_has_none() -> None:
    asked = proposal(legs=(leg(at_quote=last_only(25_000.0)),))

    assert ask(rules.spread, asked, require_quote=False).passed


@pytest.mark.parametrize(
    ("price", "passed"),
    [
        (24_949.9, False),
        (24_950.0, False),
        (24_950.1, True),
        (25_059.9, True),
        (25_060.0, False),
        (25_060.1, False),
    ],
)
def test_a_long_entry_at_or_through_stop_or_target_is_refused(price: float, passed: bool) -> None:
    asked = proposal(legs=(leg(at_quote=quote(price, price)),))

    assert ask(rules.wrong_side, asked).passed is passed


@pytest.mark.parametrize(
    ("price", "passed"),
    [
        (25_050.1, False),
        (25_050.0, False),
        (25_049.9, True),
        (24_940.1, True),
        (24_940.0, False),
        (24_939.9, False),
    ],
)
def test_a_short_entry_at_or_through_stop_or_target_is_refused(price: float, passed: bool) -> None:
    asked = short_proposal(legs=(leg(side=Side.SELL, at_quote=quote(price, price)),))

    assert ask(rules.wrong_side, asked).passed is passed


def test_without_any_price_the_trade_is_refused_and_nothing_breaks() -> None:
    asked = proposal(legs=(leg(at_quote=last_only(math.nan), age_seconds=math.nan),))

    failed = {verdict.rule for rule in RULES if not (verdict := ask(rule, asked)).passed}

    assert failed == {"stale-price", "spread", "wrong-side", "too-small"}


@pytest.mark.parametrize(
    ("stop", "passed"), [(24_923.2, True), (24_923.1, True), (24_923.0, False)]
)
def test_one_lot_over_the_budget_is_too_small_and_names_the_cap(stop: float, passed: bool) -> None:
    verdict = ask(rules.too_small, proposal(stop=stop), risk_per_trade=D("0.0049985"))

    assert verdict.passed is passed
    assert verdict.measured == (65 if passed else 0)
    assert verdict.detail.startswith("risk binds")


@pytest.mark.parametrize(("fixed", "passed"), [("59.99", True), ("60", True), ("60.01", False)])
def test_the_risk_of_a_trade_includes_its_costs_to_the_paisa(fixed: str, passed: bool) -> None:
    asked = proposal(stop=24_924.0, costs=Costs(fixed=D(fixed)))

    verdict = ask(rules.per_trade_risk, asked)

    assert verdict.passed is passed
    assert verdict.measured == 4_940 + D(fixed)
    assert verdict.allowed == 5_000


@pytest.mark.parametrize(
    ("held", "passed"), [("16749.99", True), ("16750", True), ("16750.01", False)]
)
def test_heat_is_compared_in_rupees_with_the_heat_after_the_trade(held: str, passed: bool) -> None:
    desk = context(exposure=exposure(open_risk(risk_inr=D(held))))

    verdict = ask(rules.heat, proposal(), desk)

    assert verdict.passed is passed
    assert verdict.measured == D(held) + 3_250
    assert verdict.allowed == 20_000


def test_a_heat_of_thirty_percent_is_a_breach() -> None:
    desk = context(exposure=exposure(open_risk(risk_inr=D(300_000))))

    assert not ask(rules.heat, desk=desk).passed


@pytest.mark.parametrize(
    ("used", "passed"), [("539999.99", True), ("540000", True), ("540000.01", False)]
)
def test_margin_of_one_lot_more_than_is_left_is_refused(used: str, passed: bool) -> None:
    desk = context(exposure=exposure(open_risk(margin_inr=D(used))))

    verdict = ask(rules.margin, proposal(costs=Costs(margin_per_unit=D(4_000))), desk)

    assert verdict.passed is passed
    assert verdict.measured == D(used) + 260_000


@pytest.mark.parametrize(("free", "passed"), [(259_999, False), (260_000, True)])
def test_margin_beyond_what_the_broker_has_free_is_refused(free: int, passed: bool) -> None:
    asked = proposal(costs=Costs(margin_per_unit=D(4_000)), funds=Funds(D(free)))

    verdict = ask(rules.margin, asked, context())

    assert verdict.passed is passed
    assert verdict.measured == 260_000


def test_margin_that_the_broker_did_not_tell_is_refused() -> None:
    verdict = ask(rules.margin, proposal(funds=Funds(D(0), "timeout")), context())

    assert (verdict.passed, verdict.measured, verdict.detail) == (False, "not told", "timeout")


@pytest.mark.parametrize(
    ("quantity", "lot_size", "freeze", "ratio", "expected"),
    [
        (3900, 65, 1800, 1, (1755, 1755, 390)),
        (1820, 65, 1800, 1, (1755, 65)),
        (1500, 20, 1000, 1, (1000, 500)),
        (910, 65, 1800, 2, (1755, 65)),
        (1500, 20, None, 1, (1500,)),
        (65, 65, 65, 1, (65,)),
        (65, 65, 64, 1, ()),
    ],
)
def test_the_freeze_tells_the_orders_of_a_quantity(
    quantity: int, lot_size: int, freeze: int | None, ratio: int, expected: tuple[int, ...]
) -> None:
    instrument = replace(FUTURE, lot_size=lot_size, freeze_quantity=freeze)

    assert orders_of(leg(instrument, ratio=ratio), quantity) == expected


def test_a_freeze_below_one_lot_is_refused() -> None:
    assert not ask(rules.freeze, proposal(legs=(leg(replace(FUTURE, freeze_quantity=64)),))).passed
    assert ask(rules.freeze).measured == Decimal(1)


def test_slippage_beyond_the_stop_is_the_larger_of_ticks_and_share() -> None:
    by_ticks = ask(rules.per_trade_risk, slippage_ticks=20)
    by_share = ask(rules.per_trade_risk, slippage_ticks=20, slippage_share=D("0.0005"))

    assert by_ticks.measured == (50 + 2) * 65
    assert by_share.measured == (50 + D("12.475")) * 65


def test_the_gap_allowance_widens_the_distance() -> None:
    assert ask(rules.per_trade_risk, gap_share=D("0.2")).measured == 60 * 65


def test_the_limits_of_a_refusal_are_still_told_for_one_lot() -> None:
    verdict = ask(rules.per_trade_risk, proposal(stop=24_900.0))

    assert not verdict.passed
    assert (verdict.measured, verdict.allowed) == (6_500, 5_000)


def test_the_default_limits_let_a_usual_trade_through() -> None:
    case = case_of(
        proposal(
            legs=(leg(at_quote=quote(24_999.0, 25_000.0)),),
            costs=Costs(fixed=D(900), margin_per_unit=D(3_300)),
        ),
        context(),
        RiskLimits(),
    )

    assert [verdict.rule for rule in RULES if not (verdict := rule(case)).passed] == []
    assert case.sizing.quantity == 65
    assert case.proposal.legs[0].instrument.expiry == date(2026, 8, 25)


class NeverAsked:
    """A cost model for what must be refused before its costs are looked up."""

    def round_trip(self, quantity: int) -> Decimal:
        raise ValueError(quantity)

    def margin(self, quantity: int) -> Decimal:
        raise ValueError(quantity)


@pytest.mark.parametrize(
    ("instrument", "refusal"),
    [
        (replace(FUTURE, freeze_quantity=64), "freeze"),
        (replace(FUTURE, kind=Kind.INDEX), "tradable"),
    ],
)
def test_what_can_never_be_sent_is_refused_without_asking_its_costs(
    instrument: Instrument, refusal: str
) -> None:
    asked = proposal(legs=(leg(instrument),), costs=NeverAsked())

    failed = {verdict.rule for rule in RULES if not (verdict := ask(rule, asked)).passed}

    assert failed == {refusal, "too-small"}
