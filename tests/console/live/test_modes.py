"""The page of the mode and its API: checks shown, LIVE entered by an admin's word, PAPER again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from backoffice.permissions import Role
from tests.console.live.lived import answering_world, code_of, enrolled
from tests.contracts.kite.scripted_kite import ScriptedKite, success
from tests.factories import AccountFactory, RunFactory
from trading import selectors
from trading.models import Account, AuditEntry, Command, ModeChange
from trading.services import config_versions
from trading.services.live_gate import PHRASE
from trading.services.mode import present_mode

pytestmark = pytest.mark.django_db
ORDERS = "GET /orders"


@pytest.fixture
def account() -> Account:
    return AccountFactory(code="paper")


@pytest.fixture
def world(account: Account, settings) -> Iterator[ScriptedKite]:
    canary = {"risk": {"risk_per_trade": "0.0025", "heat": "0.01", "daily_loss": "0.01"}}
    version = config_versions.store(kind="desk", document=canary, author="t")
    config_versions.activate(version=version, author="t", reason="r")
    with answering_world(settings) as server:
        yield server


@pytest.fixture
def admin(sign_in) -> Client:
    return sign_in(Role.ADMIN)


def form(client: Client, **more: str) -> dict[str, str]:
    """Return what a person types who has just set up a second factor."""
    secret = enrolled(User.objects.get(username="admin"))
    typed = {"confirmation": PHRASE, "code": code_of(secret, timezone.now()), "reason": "day one"}
    return {**typed, "override_reason": "three weeks of burn-in on another machine", **more}


def row(page: str, name: str) -> str:
    """Return the row of a check."""
    return page.partition(f"<td>{name}</td>")[2].partition("</tr>")[0]


def test_the_page_shows_every_check_with_what_was_measured_and_allowed(world, admin):
    page = admin.get("/mode/").content.decode()

    assert "is in <b>PAPER</b>" in page
    assert row(page, "broker-orders").startswith("<td>0</td><td>0</td><td>yes</td>")
    assert row(page, "order-rate").startswith("<td>8 a second of 10</td>")
    assert row(page, "capital").startswith("<td>1000000.00 of 1250000.00 INR at the broker</td>")
    assert row(page, "phrase").count("no</td>") == 1
    assert "not measured" in row(page, "flatten-drill")
    assert "set one up" in page


def test_an_operator_is_offered_no_override(world, sign_in):
    assert "override_reason" not in sign_in(Role.OPERATOR).get("/mode/").content.decode()


def test_an_admin_s_written_override_opens_the_gate_where_the_broker_s_side_is_good(
    world, admin, account
):
    page = admin.post("/mode/live/", form(admin), follow=True).content.decode()

    assert "The desk is in LIVE" in page
    assert "is in <b>LIVE</b> until" in page
    assert present_mode(account) == "LIVE"
    change = ModeChange.objects.get()
    assert change.override_reason.startswith("three weeks")
    assert {check["item"] for check in change.checks if not check["passed"]} <= {2, 3, 4}


WRONG = {
    "phrase": {"confirmation": "CONFIRM"},
    "second-factor": {"code": "000000"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_phrase_or_code_is_not_overridden(world, admin, account, name: str):
    page = admin.post("/mode/live/", form(admin, **WRONG[name]), follow=True).content.decode()

    assert f"LIVE is refused: {name}" in page
    assert present_mode(account) == "PAPER"


def test_an_order_at_the_broker_is_not_overridden(world, admin, account):
    world.will(ORDERS, success([{"order_id": "1", "status": "OPEN"}]))

    page = admin.post("/mode/live/", form(admin), follow=True).content.decode()

    assert "LIVE is refused: broker-orders" in page
    assert present_mode(account) == "PAPER"


def test_an_operator_s_override_counts_for_nothing(world, sign_in, account):
    browser = sign_in(Role.OPERATOR)
    secret = enrolled(User.objects.get(username="operator"))
    typed = {
        "confirmation": PHRASE,
        "code": code_of(secret, timezone.now()),
        "reason": "r",
        "override_reason": "I know better",
    }

    assert "LIVE is refused" in browser.post("/mode/live/", typed, follow=True).content.decode()
    assert present_mode(account) == "PAPER"


@pytest.mark.parametrize("path", ["/mode/live/", "/mode/paper/"])
def test_a_change_without_a_reason_is_not_made(world, admin, path: str):
    assert "say why" in admin.post(path, {"reason": "  "}, follow=True).content.decode()
    assert not AuditEntry.objects.filter(action__startswith="mode.").exists()


def test_paper_is_a_button_away_and_flattens_the_live_session(world, admin, account):
    admin.post("/mode/live/", form(admin))
    version = selectors.active_config("desk")
    opened = {"config_version": version, "started_at": timezone.now()}
    run = RunFactory(account=account, mode="LIVE", **opened)

    page = admin.post("/mode/paper/", {"reason": "enough"}, follow=True).content.decode()

    assert "is in <b>PAPER</b>" in page
    assert present_mode(account) == "PAPER"
    assert Command.objects.get(run=run).kind == "FLATTEN"


def test_the_api_tells_the_checks_and_opens_the_same_gate(world, admin, account):
    told = admin.get("/api/v1/mode/gate").json()
    checks = {check["name"]: check for check in told["checks"]}
    assert told["opens"] is False
    assert checks["broker-positions"]["measured"] == "0"
    assert checks["egress-address"]["passed"] is True

    wish = {"mode": "LIVE", **form(admin)}
    answers = [admin.post("/api/v1/mode", wish, "application/json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[0].json() == admin.get("/api/v1/mode").json() == {"mode": "LIVE"}
    assert answers[1].json()["error"]["code"] == "already_live"


def test_without_an_account_there_is_nothing_to_put_into_live(admin, settings):
    wish = {"mode": "LIVE", "reason": "r"}

    assert admin.post("/api/v1/mode", wish, "application/json").status_code == 409
    assert admin.get("/api/v1/mode/gate").status_code == 409
    assert admin.get("/api/v1/mode").json() == {"mode": "PAPER"}
