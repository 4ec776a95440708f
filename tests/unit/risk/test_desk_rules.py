from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from execution.orders import Side
from risk import desk_rules
from risk.case import case_of
from risk.gate import decide
from risk.proposal import GateContext, Proposal
from risk.results import Result
from risk.rules import Rule
from risk.verdict import Verdict
from strategies.direction import Direction
from tests.unit.risk.builders import (
    BARE,
    FUTURE,
    TODAY,
    Costs,
    D,
    at,
    context,
    exposure,
    leg,
    open_risk,
    proposal,
    quote,
    short_proposal,
)

EXPIRING = replace(FUTURE, expiry=TODAY)
PAISA = D("0.01")


def ask(
    rule: Rule, asked: Proposal | None = None, desk: GateContext | None = None, **limits: Any
) -> Verdict:
    return rule(case_of(asked or proposal(), desk or context(), replace(BARE, **limits)))


def results(*nets: int, strategy: str = "ORB", last: Any = None) -> tuple[Result, ...]:
    end = last or at(10, 45)
    first = end - timedelta(minutes=len(nets) - 1)
    return tuple(
        Result(strategy, first + timedelta(minutes=place), D(net)) for place, net in enumerate(nets)
    )


# what the kill switch has closed


@pytest.mark.parametrize(
    ("killed", "passed"),
    [
        (set(), True),
        ({"strategy:TREND", "underlying:BANKNIFTY"}, True),
        ({"strategy:NIFTY", "underlying:ORB"}, True),
        ({"strategy:ORB"}, False),
        ({"underlying:NIFTY"}, False),
    ],
)
def test_a_closed_strategy_or_underlying_is_refused_by_name(killed: set[str], passed: bool) -> None:
    verdict = ask(desk_rules.kill_scope, desk=context(killed=frozenset(killed)))

    assert verdict.passed is passed
    assert verdict.measured == ("none" if passed else ", ".join(sorted(killed)))


# the broker's account


@pytest.mark.parametrize(
    ("age", "passed"), [(59.999, True), (60.0, True), (60.001, False), (None, False)]
)
def test_real_money_needs_a_young_view_of_the_account(age: float | None, passed: bool) -> None:
    desk = context(live=True, account_age_seconds=age)

    verdict = ask(desk_rules.stale_account, desk=desk, account_stale_after_seconds=60.0)

    assert verdict.passed is passed
    assert verdict.measured == ("never seen" if age is None else D(repr(age)))


def test_a_simulated_account_is_our_own_books() -> None:
    assert ask(desk_rules.stale_account, desk=context(account_age_seconds=None)).passed


# losses in a row


@pytest.mark.parametrize(
    ("nets", "passed", "measured"),
    [
        ((), True, 0),
        ((-1, -1), True, 2),
        ((-1, -1, -1), False, 3),
        ((-1, -1, -1, -1), False, 4),
        ((-1, -1, 0, -1), True, 1),
        ((-1, -1, -1, 1), True, 0),
    ],
)
def test_the_desk_rests_from_so_many_losses_in_a_row_on(
    nets: tuple[int, ...], passed: bool, measured: int
) -> None:
    desk = context(results=results(*nets))

    verdict = ask(desk_rules.cool_down, desk=desk, max_losses_in_row=3)

    assert verdict.passed is passed
    assert (verdict.measured, verdict.allowed) == (measured, 3)


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        (at(10, 45), False),
        (at(11, 15) - timedelta(microseconds=1), False),
        (at(11, 15), True),
        (at(11, 15, 1), True),
    ],
)
def test_the_rest_ends_so_many_minutes_after_the_last_loss(now: Any, passed: bool) -> None:
    desk = context(results=results(-1, -1, -1), now=now)

    verdict = ask(desk_rules.cool_down, desk=desk, max_losses_in_row=3, cool_down_minutes=30)

    assert verdict.passed is passed
    assert "11:15:00" in verdict.detail


def test_a_loss_after_the_rest_rests_the_desk_anew() -> None:
    desk = context(results=results(-1, -1, -1, -1, last=at(10, 59)))

    assert not ask(desk_rules.cool_down, desk=desk, max_losses_in_row=3, cool_down_minutes=2).passed


@pytest.mark.parametrize(("lost", "passed"), [(1, True), (2, False), (3, False)])
def test_a_strategy_rests_for_its_own_losses_only(lost: int, passed: bool) -> None:
    others = results(*[-1] * 9, strategy="TREND")
    desk = context(results=(*others, *results(*[-1] * lost)))

    verdict = ask(desk_rules.cool_down_strategy, desk=desk, max_losses_in_row_strategy=2)

    assert verdict.passed is passed
    assert verdict.measured == lost


# orders for each trade


@pytest.mark.parametrize(
    ("messages", "trades", "passed"),
    [
        (98, 2, True),
        (99, 2, True),
        (100, 2, False),
        (49, 0, True),
        (50, 0, False),
        (50, 1, False),
    ],
)
def test_orders_for_each_trade_are_counted_up_to_the_limit(
    messages: int, trades: int, passed: bool
) -> None:
    desk = context(messages=messages, trades=trades)

    verdict = ask(
        desk_rules.order_to_trade, desk=desk, max_order_to_trade=D(50), order_to_trade_from=0
    )

    assert verdict.passed is passed
    assert verdict.allowed == 50


@pytest.mark.parametrize(("messages", "passed"), [(99, True), (100, False), (101, False)])
def test_orders_for_each_trade_are_judged_from_a_number_of_orders_on(
    messages: int, passed: bool
) -> None:
    desk = context(messages=messages, trades=0)

    verdict = ask(
        desk_rules.order_to_trade, desk=desk, max_order_to_trade=D(2), order_to_trade_from=100
    )

    assert verdict.passed is passed


# the day a contract expires


@pytest.mark.parametrize(
    ("now", "passed"),
    [
        (at(14, 55) - timedelta(seconds=1), True),
        (at(14, 55), True),
        (at(14, 55) + timedelta(seconds=1), False),
    ],
)
def test_no_trade_begins_late_in_a_contract_that_expires_today(now: Any, passed: bool) -> None:
    asked = proposal(legs=(leg(EXPIRING),))

    verdict = ask(desk_rules.expiry_day, asked, context(now=now), expiry_day_last_minutes=30)

    assert verdict.passed is passed
    assert verdict.allowed == 30


def test_a_contract_of_another_day_may_be_entered_late() -> None:
    verdict = ask(desk_rules.expiry_day, desk=context(now=at(15, 24)), expiry_day_last_minutes=30)

    assert verdict.passed
    assert verdict.measured == "not today"


@pytest.mark.parametrize(("risk", "passed"), [("0.65", True), ("0.6499", False), ("0.6501", True)])
def test_a_trade_that_expires_today_has_a_part_of_its_budget(risk: str, passed: bool) -> None:
    asked = proposal(legs=(leg(EXPIRING),), stop=24_950.0)

    verdict = ask(desk_rules.expiry_day_risk, asked, expiry_day_risk=D(risk))

    assert verdict.passed is passed
    assert verdict.allowed == 5_000 * D(risk)


def test_the_size_is_cut_to_what_the_expiry_day_allows() -> None:
    usual, expiring = proposal(stop=24_975.0), proposal(stop=24_975.0, legs=(leg(EXPIRING),))

    sizes = [
        decide(asked, context(), replace(BARE, expiry_day_risk=D("0.5"))).quantity
        for asked in (usual, expiring)
    ]

    assert sizes == [195, 65]


# what moves together


@pytest.mark.parametrize(
    ("likeness", "passed"), [(0.79, True), (0.8, True), (0.81, False), (-0.99, True)]
)
def test_what_moves_with_something_held_is_refused_beyond_the_limit(
    likeness: float, passed: bool
) -> None:
    asked = proposal(correlation=likeness, correlated_with="BANKNIFTY")

    verdict = ask(desk_rules.correlated, asked, max_correlation=D("0.8"))

    assert verdict.passed is passed
    assert (verdict.measured, verdict.detail) == (D(repr(likeness)), "BANKNIFTY")


def test_the_same_underlying_is_not_called_correlated() -> None:
    asked = proposal(correlation=1.0, correlated_with="NIFTY")

    assert ask(desk_rules.correlated, asked, max_correlation=D("0.8")).passed


# budgets

LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
ONE_LOT = {"max_lots": 1, "risk_per_trade": D("0.01"), "heat": D("0.02")}
"""One lot with the builders' stop risks 3,250 rupees; the heat is 20,000."""


@pytest.mark.parametrize("more", [-PAISA, D(0), PAISA])
@pytest.mark.parametrize(
    ("rule", "limit", "held"),
    [
        (desk_rules.underlying_risk, "underlying_share", {"underlying": "NIFTY"}),
        (desk_rules.direction_risk, "direction_share", {"underlying": "SBIN"}),
        (desk_rules.strategy_risk, "strategy_share", {"strategy": "ORB", "direction": SHORT}),
    ],
)
def test_a_budget_holds_up_to_its_limit(
    rule: Rule, limit: str, held: dict[str, Any], more: Decimal
) -> None:
    desk = context(exposure=exposure(open_risk(risk_inr=D(6_750) + more, **held)))

    verdict = ask(rule, desk=desk, **ONE_LOT, **{limit: D("0.5")})

    assert verdict.passed is (more <= 0)
    assert (verdict.measured, verdict.allowed) == (10_000 + more, 10_000)


@pytest.mark.parametrize(
    ("view", "held", "counts"),
    [
        (LONG, LONG, True),
        (LONG, SHORT, False),
        (LONG, NEUTRAL, True),
        (NEUTRAL, SHORT, True),
        (SHORT, SHORT, True),
    ],
)
def test_only_the_same_direction_counts_and_no_direction_counts_both_ways(
    view: Direction, held: Direction, counts: bool
) -> None:
    risk = open_risk(underlying="NIFTY", direction=held, risk_inr=D(100))
    asked = short_proposal() if view is SHORT else proposal(view=view)
    case = case_of(asked, context(exposure=exposure(risk)), BARE)

    found = {budget.name: budget.held_inr for budget in case.budgets}

    assert (found["underlying-risk"], found["direction-risk"]) == (100 * counts, 100 * counts)


def test_a_strategy_may_have_a_budget_of_its_own() -> None:
    own = {"ORB": D("0.25")}

    assert ask(desk_rules.strategy_risk, strategy_shares=own).allowed == 5_000
    assert ask(desk_rules.strategy_risk, strategy_shares={"TREND": D("0.25")}).allowed == 15_000


@pytest.mark.parametrize("left", [6_499, 6_500, 6_501])
def test_the_size_is_cut_to_what_a_budget_has_left(left: int) -> None:
    held = open_risk(underlying="NIFTY", risk_inr=D(10_000 - left))
    desk = context(exposure=exposure(held))
    limits = replace(BARE, risk_per_trade=D("0.01"))

    decision = decide(proposal(), desk, limits)

    assert decision.quantity == (65 if left < 6_500 else 130)
    assert decision.approved


def test_a_budget_that_is_spent_is_named_as_what_binds() -> None:
    held = open_risk(underlying="NIFTY", risk_inr=D(10_000))

    decision = decide(proposal(), context(exposure=exposure(held)), BARE)

    assert decision.refusals == ("too-small", "underlying-risk")


# displayed depth


@pytest.mark.parametrize(
    ("shown", "quantity"), [(129, 65), (130, 130), (131, 130), (64, 0), (0, 195)]
)
def test_the_size_is_at_most_what_the_touch_shows(shown: int, quantity: int) -> None:
    book = structs.replace(quote(25_000.0, 25_000.0), ask_quantity=float(shown))
    asked = proposal(stop=24_990.0, legs=(leg(at_quote=book),))

    assert case_of(asked, context(), BARE).sizing.quantity == quantity


@pytest.mark.parametrize(("share", "quantity"), [("0.5", 65), ("1", 130), ("2", 195)])
def test_the_part_of_the_depth_that_may_be_taken_is_a_limit(share: str, quantity: int) -> None:
    book = structs.replace(quote(25_000.0, 25_000.0), ask_quantity=130.0)
    asked = proposal(stop=24_990.0, legs=(leg(at_quote=book),))

    case = case_of(asked, context(), replace(BARE, depth_share=D(share)))

    assert case.sizing.quantity == quantity


def test_a_sold_leg_takes_what_is_bid_and_each_leg_its_ratio() -> None:
    bid = structs.replace(quote(25_000.0, 25_000.0), bid_quantity=390.0, ask_quantity=1.0)
    sold = leg(side=Side.SELL, at_quote=bid, ratio=2)

    assert sold.displayed == 390
    assert proposal(legs=(leg(), sold)).displayed() == 195


def test_one_leg_without_depth_leaves_the_whole_unknown() -> None:
    silent = structs.replace(quote(25_000.0, 25_000.0), ask_quantity=float("nan"))

    assert proposal(legs=(leg(), leg(at_quote=silent))).displayed() is None


def test_the_gap_allowance_and_the_charges_are_in_the_risk() -> None:
    costs = Costs(fixed=D(40))

    plain = case_of(proposal(costs=costs), context(), replace(BARE, max_lots=1))
    wide = case_of(proposal(costs=costs), context(), replace(BARE, max_lots=1, gap_share=D("0.1")))

    assert plain.risk_inr == 65 * 50 + 40
    assert wide.risk_inr == 65 * 55 + 40


def test_a_result_needs_an_aware_moment() -> None:
    with pytest.raises(ValueError, match=r"^closed_at: "):
        Result("ORB", at(10, 0).replace(tzinfo=None), D(1))


def test_the_day_of_the_gate_is_that_of_its_session() -> None:
    assert context().day == date(2026, 8, 12)
