"""The engine holds what it has just opened against every limit, before an order leaves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.limits import RiskLimits
from tests.unit.trading.engine.builders import RELIANCE_COLUMN, ROOMY, D, saying
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import CONDOR, EXPIRY, LONG_STRANGLE, LegsDesk
from trading.engine.caps import check_caps
from trading.engine.invariants import InvariantBrokenError
from trading.engine.settings import ExecutionSettings

BOTH = ("NIFTY", "RELIANCE")


def under(desk: Desk, limits: RiskLimits) -> None:
    """Hold what a desk opened against other limits than the gate knew."""
    object.__setattr__(desk.engine.setup, "limits", limits)
    check_caps(desk.engine, desk.said)


def test_what_the_gate_let_through_is_within_every_limit():
    desk = Desk()
    desk.speak()

    check_caps(desk.engine, desk.said)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("heat", {"heat": D("0.0001"), "risk_per_trade": D("0.0001")}),
        ("underlying-risk", {"underlying_share": D("0.0001")}),
        ("direction-risk", {"direction_share": D("0.0001"), "underlying_share": D(1)}),
        ("strategy-risk", {"strategy_share": D("0.0001")}),
        ("per-trade-risk", {"risk_per_trade": D("0.0001")}),
        ("correlated-risk", {"correlated_share": D("0.0001")}),
    ],
)
def test_a_plan_over_a_limit_stops_the_engine_and_names_both(name, limits):
    desk = Desk()
    desk.speak()

    with pytest.raises(InvariantBrokenError, match=rf"P000001: {name} is [0-9.]+ with it, [0-9.]+"):
        under(desk, replace(ROOMY, **limits))


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("max-positions", {"max_positions": 1}),
        ("strategy", {"max_positions_per_strategy": 1}),
    ],
)
def test_one_plan_too_many_stops_the_engine(name, limits):
    desk = Desk(strategies=saying(14, 0, RELIANCE_COLUMN))
    desk.speak()
    assert len(desk.engine.ledger.trades) == 2

    with pytest.raises(InvariantBrokenError, match=f"P000001: {name} is 2 with it, 1 allowed"):
        under(desk, replace(ROOMY, **limits))


def test_a_contract_on_its_last_day_is_held_against_the_budget_of_that_day():
    desk = LegsDesk(day=EXPIRY)
    desk.speak()
    tight = replace(desk.engine.setup.limits, expiry_day_risk=D("0.0001"))

    check_caps(desk.engine, desk.said)
    with pytest.raises(InvariantBrokenError, match="P000001: expiry-day-risk is"):
        under(desk, tight)


@pytest.mark.parametrize(("groups", "is_over"), [({}, False), ({"both": BOTH}, True)])
def test_what_stands_in_a_group_and_was_opened_before_counts_together(groups, is_over):
    desk = Desk(strategies=saying(14, 0, RELIANCE_COLUMN))
    desk.speak()
    first, second = desk.engine.ledger.exposure(desk.engine.last_prices()).open
    both, equity = first.risk_inr + second.risk_inr, desk.engine.ledger.balance
    share = (max(first.risk_inr, second.risk_inr) + both) / 2 / equity
    limits = replace(ROOMY, correlated_share=share, groups=groups)

    if is_over:
        with pytest.raises(InvariantBrokenError, match="P000002: correlated-risk is"):
            under(desk, limits)
    else:
        under(desk, limits)


def test_margin_over_its_budget_stops_the_engine():
    desk = Desk(execution=ExecutionSettings(), limits=replace(ROOMY, margin_share=D("0.2")))
    desk.speak()

    with pytest.raises(InvariantBrokenError, match="P000001: margin is"):
        under(desk, replace(ROOMY, margin_share=D("0.01")))


def test_an_event_that_opens_nothing_asks_nothing():
    desk = Desk()
    desk.speak()
    object.__setattr__(desk.engine.setup, "limits", replace(ROOMY, underlying_share=D("0.0001")))

    check_caps(desk.engine, desk.quotes())


@given(
    part=st.integers(1, 400),
    charged=st.booleans(),
    shape=st.sampled_from((CONDOR, LONG_STRANGLE)),
)
@settings(max_examples=40, deadline=None)
def test_a_plan_of_several_legs_with_charges_is_within_the_limits_it_was_cut_to(
    part: int, charged: bool, shape: object
) -> None:
    limits = replace(
        ROOMY,
        max_spread=D("0.02"),
        max_lots=40,
        risk_per_trade=D(part) / 100_000,
        heat=D(part) / 100_000,
        underlying_share=Decimal(1),
        strategy_share=Decimal(1),
        correlated_share=Decimal(1),
    )
    desk = LegsDesk(
        shape,  # type: ignore[arg-type]
        limits=limits,
        execution=ExecutionSettings(with_charges=charged),
    )

    desk.speak()

    check_caps(desk.engine, desk.said)
