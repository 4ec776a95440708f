"""The gate before LIVE opens when all is true, and shuts for each single thing that isn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

import kiteconnect
import pytest

from marketdata.calendar import IST
from marketdata.instruments import Kind
from marketdata.tape import TapeReader
from tests.integration.trading.proven_desk import (
    ASKER,
    CODE,
    DAYS,
    DRILL_MS,
    KNOWING,
    LOOKS,
    NOW,
    ProvenDesk,
    forget_signs,
    let_lease_go,
    newest,
    passed_session,
    seen,
    wish,
)
from trading.bootstrap_gate import see_broker
from trading.code_revision import CodeRevision
from trading.config import KIND
from trading.models import (
    Alert,
    AuditEntry,
    BrokerSession,
    Mode,
    ModeChange,
    Order,
    Position,
    Report,
    Run,
    StateChange,
)
from trading.services import audit, broker_login, config_versions, mode
from trading.services.live_facts import Asker
from trading.services.live_looks import BrokerSeen, LookFailed, Looks
from trading.services.mode_changes import mode_at

pytestmark = pytest.mark.django_db


LOOKS_AT_KITE = replace(LOOKS, broker=see_broker)


def failing(desk: ProvenDesk, looks: Looks = LOOKS_AT_KITE, asker: Asker = ASKER) -> list[str]:
    verdict = mode.judge(wish(desk, asker=asker), looks, NOW)
    return [check.name for check in verdict.failing]


def test_the_gate_opens_when_everything_is_true_and_the_broker_says_so(desk):
    assert failing(desk) == []

    assert mode.ask(wish(desk), LOOKS_AT_KITE, NOW) is Mode.LIVE

    change = ModeChange.objects.get()
    assert (change.mode, change.by, change.reason) == ("LIVE", "asha", "day one")
    assert change.until == datetime.combine(NOW.date() + timedelta(days=1), time(0), tzinfo=IST)
    measured = {check["name"]: check["measured"] for check in change.checks}
    assert measured["flatten-drill"] == str(DRILL_MS)
    assert all(check["passed"] for check in change.checks)
    assert AuditEntry.objects.get(action="mode.set").details["after"] == "LIVE"
    assert Alert.objects.get(kind="mode.live").severity == "WARNING"


Spoil = Callable[[ProvenDesk], object]


def spoil_config(desk: ProvenDesk) -> None:
    document = {"risk": {"risk_per_trade": "0.002", "heat": "0.01", "daily_loss": "0.01"}}
    version = config_versions.store(kind=KIND, document=document, author="t")
    config_versions.activate(version=version, author="t", reason="smaller")


def spoil_changes(desk: ProvenDesk) -> None:
    for _ in range(4):
        audit.note("run.resume", by="engine", subject=newest(desk).code)


def spoil_order(state: str, role: str = "STOP") -> Spoil:
    return lambda desk: Order.objects.filter(run=desk.drill, role=role).update(state=state)


def spoil_position(desk: ProvenDesk) -> None:
    Position.objects.filter(run=desk.drill).update(state="OPEN", quantity=75)


def spoil_reports(desk: ProvenDesk) -> None:
    Report.objects.filter(run=newest(desk), kind="POST_MARKET").update(is_good=False)


def spoil_age(desk: ProvenDesk) -> None:
    Run.objects.filter(pk=newest(desk).pk).update(ended_at=NOW - timedelta(days=4, hours=13))


def open_on_paper(desk: ProvenDesk) -> None:
    Run.objects.filter(pk=desk.drill.pk).update(date=NOW.astimezone(IST).date())


def practise(desk: ProvenDesk) -> None:
    Run.objects.filter(pk=newest(desk).pk).update(is_practice=True)


SPOILT_ROWS: list[tuple[str, Spoil]] = [
    ("open-positions", spoil_position),
    ("paper-session", open_on_paper),
    ("burn-in-sessions", spoil_reports),
    ("burn-in-sessions", practise),
    ("burn-in-age", spoil_age),
    ("same-config", spoil_config),
    ("same-code", lambda desk: Run.objects.filter(date=DAYS[0]).update(code_revision="old")),
    ("leader", let_lease_go),
    ("leader-changes", spoil_changes),
    ("heartbeats", lambda _: forget_signs("recorder")),
    ("duplicates", lambda desk: Order.objects.filter(run=desk.drill).update(broker_id="B1")),
    ("flatten-drill", lambda desk: StateChange.objects.all().delete()),
    ("broker-token", lambda _: BrokerSession.objects.update(expires_at=NOW)),
]


@pytest.mark.parametrize(("name", "spoil"), SPOILT_ROWS, ids=str)
def test_one_thing_wrong_in_the_rows_shuts_the_gate_for_it(desk, name: str, spoil: Spoil):
    spoil(desk)

    assert name in failing(desk)
    with pytest.raises(mode.LiveRefusedError):
        mode.ask(wish(desk), LOOKS_AT_KITE, NOW)
    assert mode_at(desk.account, NOW) is Mode.PAPER


def test_an_order_of_unknown_outcome_works_is_an_orphan_and_unreconciled(desk):
    spoil_order("UNKNOWN")(desk)

    assert failing(desk) == ["working-orders", "orphans", "unreconciled"]


def test_a_verification_that_left_something_is_unreconciled(desk):
    told = Report.objects.filter(run=newest(desk), kind="VERIFICATION")
    told.update(document={"last": ["Q1 holds 75"]})

    assert failing(desk) == ["unreconciled"]


SETTINGS = [
    ("live-adapter", "LIVE_TRADING", False),
    ("client-listed", "KITE_CLIENTS", ["ZZ9999"]),
    ("client-listed", "KITE_CLIENTS", []),
    ("egress-address", "EGRESS_ADDRESS", "203.0.113.8"),
    ("egress-address", "EGRESS_ADDRESS", ""),
]


@pytest.mark.parametrize(("name", "key", "value"), SETTINGS)
def test_one_wrong_setting_shuts_the_gate_for_it_alone(desk, settings, name, key, value):
    setattr(settings, key, value)

    assert failing(desk) == [name]


def unseen(_at: datetime) -> BrokerSeen:
    raise LookFailed("no answer")


def nowhere() -> str:
    raise LookFailed("no answer")


WITHOUT = {
    "unseen": (
        replace(LOOKS, broker=unseen),
        ["broker-positions", "broker-orders", "capital"],
    ),
    "poorer than told": (
        replace(LOOKS, broker=lambda at: replace(seen(at), funds_inr=Decimal("999999.99"))),
        ["capital"],
    ),
    "held": (
        replace(LOOKS, broker=lambda at: replace(seen(at), positions=1)),
        ["broker-positions"],
    ),
    "drifting": (
        replace(LOOKS, broker=lambda at: replace(seen(at), clock_drift=2.01)),
        ["clock-drift"],
    ),
    "somebody else": (
        replace(LOOKS, broker=lambda at: replace(seen(at), user_id="ZZ9999")),
        ["client-listed"],
    ),
    "no address": (replace(LOOKS, egress=nowhere), ["egress-address"]),
    "no address told": (replace(LOOKS, egress=lambda: "<html>"), ["egress-address"]),
    "dirty": (
        replace(LOOKS, code=lambda: replace(CODE, is_clean=False)),
        ["same-code", "clean-tree", "flatten-drill"],
    ),
    "unknown code": (
        replace(LOOKS, code=CodeRevision),
        ["same-code", "clean-tree", "flatten-drill"],
    ),
}


@pytest.mark.parametrize("look", WITHOUT)
def test_one_bad_look_outside_shuts_the_gate_for_it_alone(desk, settings, look: str):
    looks, names = WITHOUT[look]
    client = BrokerSession.objects.get().user_id
    settings.KITE_CLIENTS = [client, "AB1234"]

    assert failing(desk, looks) == names


@pytest.mark.parametrize(
    ("asker", "name"),
    [
        (replace(ASKER, phrase="CONFIRM"), "phrase"),
        (replace(ASKER, is_operator=False), "operator-role"),
        (replace(ASKER, second_factor=False), "second-factor"),
        (replace(ASKER, second_factor=None), "second-factor"),
    ],
)
def test_the_wrong_asker_shuts_the_gate_for_it_alone(desk, asker: Asker, name: str):
    assert failing(desk, asker=asker) == [name]


def test_an_order_that_works_at_the_broker_shuts_the_gate(desk, kite):
    token = broker_login.access(NOW).access_token
    client = kiteconnect.KiteConnect(kite.sim.keys.api_key, access_token=token, root=kite.sim.root)
    listed = TapeReader(kite.built.tape_path).head.instruments
    future = next(item for item in listed if item.kind is Kind.FUTURE)
    order = client.place_order(
        "regular",
        exchange=future.exchange.value,
        tradingsymbol=future.symbol,
        transaction_type="BUY",
        quantity=future.lot_size,
        product="MIS",
        order_type="LIMIT",
        price=float(round(client.ohlc(future.key)[future.key]["ohlc"]["close"] * 0.97)),
    )

    assert failing(desk) == ["broker-orders"]

    client.cancel_order("regular", order)
    client.reqsession.close()
    assert failing(desk) == []


def test_without_a_login_the_broker_is_not_seen(desk):
    BrokerSession.objects.all().delete()

    assert {"broker-positions", "broker-orders", "broker-token"} <= set(failing(desk))


def test_a_session_of_another_source_does_not_count(desk):
    Run.objects.filter(pk=newest(desk).pk).update(source="kitesim")

    assert "burn-in-sessions" in failing(desk)


def test_an_override_is_kept_with_everything_that_was_found(desk):
    spoil_reports(desk)

    assert mode.ask(wish(desk, override=KNOWING), LOOKS_AT_KITE, NOW) is Mode.LIVE

    change = ModeChange.objects.get()
    assert change.override_reason == KNOWING.reason
    assert [check["name"] for check in change.checks if not check["passed"]] == ["burn-in-sessions"]
    assert Alert.objects.get(kind="mode.live").severity == "CRITICAL"


@pytest.mark.parametrize(
    "spoil",
    [SETTINGS[0], SETTINGS[1], SETTINGS[3]],
    ids=["live-adapter", "client-listed", "egress-address"],
)
def test_no_override_skips_the_adapter_or_the_broker_s_side(desk, settings, spoil):
    setattr(settings, spoil[1], spoil[2])

    with pytest.raises(mode.LiveRefusedError):
        mode.ask(wish(desk, override=KNOWING), LOOKS_AT_KITE, NOW)
    details = AuditEntry.objects.get(action="mode.refused").details
    assert details["override"] == KNOWING.reason


def test_after_a_live_session_that_passed_the_limits_may_be_larger(desk):
    version = config_versions.store(kind=KIND, document={"risk": {"heat": "0.02"}}, author="t")
    config_versions.activate(version=version, author="t", reason="larger")
    assert "canary-limits" in failing(desk)

    run = passed_session(desk.account, NOW.date() - timedelta(days=4), version)
    Run.objects.filter(pk=run.pk).update(mode="LIVE")

    assert "canary-limits" not in failing(desk)
