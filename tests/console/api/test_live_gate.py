"""The gate before LIVE: one missing or wrong fact is enough to keep it shut."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from risk.limits import RiskLimits
from tests.factories import AccountFactory, ConfigVersionFactory
from trading import leader
from trading.config import KIND
from trading.models import Order, Position
from trading.services import config_versions, live_facts
from trading.services.live_gate import PHRASE, LiveFacts, Override, evaluate

CANARY = RiskLimits(
    risk_per_trade=Decimal("0.0025"), heat=Decimal("0.01"), daily_loss=Decimal("0.01")
)
PROVEN = LiveFacts(
    phrase=PHRASE,
    is_operator=True,
    has_live_adapter=True,
    second_factor=True,
    open_positions=0,
    working_orders=0,
    broker_positions=0,
    broker_orders=0,
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
    token_age=timedelta(hours=23),
    egress_as_expected=True,
    algo_id_or_below=True,
    client_listed=True,
    orders_per_second=9,
    limits=CANARY,
)
WRONG = {
    "phrase": "Confirm Live Trading",
    "is_operator": False,
    "has_live_adapter": False,
    "second_factor": False,
    "open_positions": 1,
    "working_orders": 1,
    "broker_positions": 1,
    "broker_orders": 1,
    "burn_in_passed": 2,
    "burn_in_age": timedelta(hours=36, seconds=1),
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
    "orders_per_second": 10,
    "limits": RiskLimits(),
}
NEVER = ("phrase", "is_operator", "second_factor", "broker_orders", "token_age", "client_listed")


def test_the_gate_opens_when_everything_is_proven():
    assert evaluate(PROVEN).opens


def test_every_fact_is_looked_at():
    assert {field.name for field in fields(LiveFacts)} == set(WRONG)
    assert len(evaluate(PROVEN).checks) == len(WRONG)


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_one_wrong_fact_shuts_it_and_is_named(name, value):
    verdict = evaluate(replace(PROVEN, **{name: value}))

    assert not verdict.opens
    assert len(verdict.failing) == 1


@pytest.mark.parametrize("name", [name for name in WRONG if name not in ("phrase", "is_operator")])
def test_a_fact_nobody_measured_shuts_it(name):
    verdict = evaluate(replace(PROVEN, **{name: None}))

    assert [check.measured for check in verdict.failing] == ["not measured"]
    assert not verdict.opens


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flatten_ms", 0),
        ("heartbeat_age", -1.0),
        ("token_age", timedelta(-1)),
        ("open_positions", -1),
    ],
)
def test_a_fact_too_good_to_be_true_shuts_it(name, value):
    assert not evaluate(replace(PROVEN, **{name: value})).opens


def test_an_admin_s_written_override_skips_a_burn_in():
    facts = replace(PROVEN, burn_in_passed=0)

    assert evaluate(facts, Override("drill of the exchange", is_admin=True)).opens
    assert not evaluate(facts, Override("drill of the exchange", is_admin=False)).opens
    assert not evaluate(facts, Override("  ", is_admin=True)).opens


@pytest.mark.parametrize("name", [*NEVER, "has_live_adapter"])
def test_no_override_skips_who_asks_nor_the_broker_s_side(name):
    facts = replace(PROVEN, **{name: WRONG[name]})

    assert not evaluate(facts, Override("I know better", is_admin=True)).opens


def gathered() -> dict[str, str]:
    verdict = evaluate(live_facts.gather(phrase=PHRASE, is_operator=True))
    return {check.name: check.measured for check in verdict.failing}


@pytest.mark.django_db
def test_on_an_empty_desk_what_is_unknown_fails():
    failing = gathered()

    assert failing["leader"] == "no"
    assert failing["canary-limits"] == "not measured"
    assert failing["live-adapter"] == "no"
    assert failing["broker-token"] == "not measured"
    assert "open-positions" not in failing


@pytest.mark.django_db
def test_the_lease_of_every_account_must_be_held():
    first, second = AccountFactory(), AccountFactory()
    leader.acquire(first, "engine", timedelta(seconds=30))
    assert "leader" in gathered()

    leader.acquire(second, "engine", timedelta(seconds=30))

    assert "leader" not in gathered()


def test_what_is_open_and_what_works_is_counted(day):
    position = Position.objects.filter(run=day).first()
    Position.objects.filter(pk=position.pk).update(state="OPEN", quantity=75)
    Order.objects.filter(run=day, role="STOP").update(state="OPEN")

    failing = gathered()

    assert (failing["open-positions"], failing["working-orders"]) == ("1", "2")
    assert failing["orphans"] == "1"


def test_two_orders_of_one_broker_id_are_duplicates(day):
    Order.objects.filter(run=day).update(broker_id="B1")

    assert gathered()["duplicates"] == "1"


@pytest.mark.django_db
def test_limits_are_those_of_the_active_version():
    small = {"risk": {"risk_per_trade": "0.0025", "heat": "0.01", "daily_loss": "0.01"}}
    version = config_versions.store(kind=KIND, document=small, author="t")
    config_versions.activate(version=version, author="t", reason="r")

    assert "canary-limits" not in gathered()


@pytest.mark.django_db
def test_limits_that_cannot_be_read_are_not_known():
    version = ConfigVersionFactory(kind=KIND, document='{"risk": 7}')
    config_versions.activate(version=version, author="t", reason="r")

    assert gathered()["canary-limits"] == "not measured"
