"""The gate before LIVE: one missing or wrong fact is enough to keep it shut."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from risk.limits import RiskLimits
from trading.services.live_gate import (
    PHRASE,
    STANDING,
    Capital,
    LiveFacts,
    OrderRate,
    Override,
    evaluate,
)

CANARY = RiskLimits(
    risk_per_trade=Decimal("0.0025"), heat=Decimal("0.01"), daily_loss=Decimal("0.01")
)
AT_THE_EDGE = LiveFacts(
    phrase=PHRASE,
    is_operator=True,
    has_live_adapter=True,
    second_factor=True,
    open_positions=0,
    working_orders=0,
    broker_positions=0,
    broker_orders=0,
    paper_session="none",
    burn_in_passed=3,
    burn_in_age=timedelta(hours=36),
    same_config=True,
    same_code=True,
    clean_tree=True,
    lease_held=True,
    leader_changes=2,
    heartbeat_age=4.9,
    clock_drift=-2.0,
    duplicates=0,
    orphans=0,
    unreconciled=0,
    flatten_ms=2000,
    token_age=timedelta(hours=24) - timedelta(microseconds=1),
    egress_as_expected=True,
    algo_id_or_below=True,
    client_listed=True,
    order_rate=OrderRate(9, 10),
    capital=Capital(Decimal(500_000), Decimal(500_000)),
    limits=CANARY,
    live_sessions=0,
)
BEYOND: dict[str, Any] = {
    "phrase": "Confirm Live Trading",
    "is_operator": False,
    "has_live_adapter": False,
    "second_factor": False,
    "open_positions": 1,
    "working_orders": 1,
    "broker_positions": 1,
    "broker_orders": 1,
    "paper_session": "N7KQ2AB, running",
    "burn_in_passed": 2,
    "burn_in_age": timedelta(hours=36, microseconds=1),
    "same_config": False,
    "same_code": False,
    "clean_tree": False,
    "lease_held": False,
    "leader_changes": 3,
    "heartbeat_age": 5.0,
    "clock_drift": 2.1,
    "duplicates": 1,
    "orphans": 1,
    "unreconciled": 1,
    "flatten_ms": 2001,
    "token_age": timedelta(hours=24),
    "egress_as_expected": False,
    "algo_id_or_below": False,
    "client_listed": False,
    "order_rate": OrderRate(10, 10),
    "capital": Capital(Decimal(500_000), Decimal("499999.99")),
    "limits": replace(CANARY, heat=Decimal("0.0101")),
}
NEVER = [
    "has_live_adapter",
    "phrase",
    "is_operator",
    "second_factor",
    "open_positions",
    "working_orders",
    "broker_positions",
    "broker_orders",
    "paper_session",
    "token_age",
    "egress_as_expected",
    "algo_id_or_below",
    "client_listed",
    "order_rate",
    "capital",
]
KNOWING = Override("I know better", is_admin=True)


def test_the_gate_opens_with_every_fact_at_its_edge():
    assert evaluate(AT_THE_EDGE).opens


def test_every_fact_is_looked_at():
    assert {field.name for field in fields(LiveFacts)} == {*BEYOND, "live_sessions"}
    assert len(evaluate(AT_THE_EDGE).checks) == len(BEYOND)


@pytest.mark.parametrize(("name", "value"), BEYOND.items())
def test_one_fact_beyond_its_edge_shuts_it_and_is_named(name: str, value: Any):
    verdict = evaluate(replace(AT_THE_EDGE, **{name: value}))

    assert not verdict.opens
    assert len(verdict.failing) == 1


@pytest.mark.parametrize(
    "name", [name for name in [*BEYOND, "live_sessions"] if name not in ("phrase", "is_operator")]
)
def test_a_fact_nobody_measured_shuts_it(name: str):
    verdict = evaluate(replace(AT_THE_EDGE, **{name: None}))

    if name == "has_live_adapter":
        assert not verdict.opens
        return
    assert [check.measured for check in verdict.failing] == ["not measured"]
    assert not verdict.opens


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flatten_ms", 0),
        ("heartbeat_age", -1.0),
        ("burn_in_age", timedelta(-1)),
        ("token_age", timedelta(-1)),
        ("open_positions", -1),
        ("order_rate", OrderRate(0, 10)),
        ("clock_drift", float("nan")),
    ],
)
def test_a_fact_too_good_to_be_true_shuts_it(name: str, value: Any):
    assert not evaluate(replace(AT_THE_EDGE, **{name: value})).opens


@pytest.mark.parametrize("name", [name for name in BEYOND if name not in NEVER])
def test_an_admin_s_written_override_skips_what_may_be_skipped(name: str):
    facts = replace(AT_THE_EDGE, **{name: BEYOND[name]})

    assert evaluate(facts, KNOWING).opens
    assert not evaluate(facts, replace(KNOWING, is_admin=False)).opens
    assert not evaluate(facts, replace(KNOWING, reason="  ")).opens


@pytest.mark.parametrize("name", NEVER)
def test_no_override_skips_the_adapter_who_asks_nor_the_broker_s_side(name: str):
    assert not evaluate(replace(AT_THE_EDGE, **{name: BEYOND[name]}), KNOWING).opens


def test_after_the_first_live_session_the_limits_need_not_be_canary_ones():
    larger = replace(AT_THE_EDGE, limits=RiskLimits())

    assert not evaluate(larger).opens
    assert evaluate(replace(larger, live_sessions=1)).opens


def test_the_standing_checks_are_checks_of_the_gate():
    assert {check.name for check in evaluate(AT_THE_EDGE).checks} >= STANDING
