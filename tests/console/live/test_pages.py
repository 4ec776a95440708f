"""The pages and plain forms: who sees them, who may use them, and what they write down."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.people import add_person
from backoffice.permissions import Role
from tests.console.live.conftest import PASSWORD
from tests.factories import RunFactory
from trading.models import AuditEntry, Command
from trading.services.seed import PAPER_ACCOUNT

pytestmark = pytest.mark.django_db

SignIn = Callable[[Role | None], Client]
SCRIPT = {"Accept": "application/json"}
CONTROLS = ("pause", "resume", "flatten", "unlock", "close", "release")
READS = ("/", "/live/state/", "/live/chart/?instrument=NSE:TCS")
STATE = {"version": 1, "sequence": 7, "run": {"code": "RUN1", "state": "RUNNING"}}


def test_a_person_signs_in_with_name_and_password_and_sees_the_desk():
    add_person(username="asha", role=Role.OPERATOR, password=PASSWORD, by="tests")
    browser = Client()

    answer = browser.post("/login/", {"username": "asha", "password": PASSWORD}, follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert "Kill switch" in answer.content.decode()


def test_a_wrong_password_is_told_on_the_sign_in_page():
    add_person(username="asha", role=Role.OPERATOR, password=PASSWORD, by="tests")

    answer = Client().post("/login/", {"username": "asha", "password": "guessed"})

    assert 'role="alert"' in answer.content.decode()


def test_signing_out_needs_a_post_and_leads_to_the_sign_in_page(sign_in: SignIn):
    browser = sign_in(Role.VIEWER)

    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/").headers["Location"] == "/login/"
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("path", READS)
def test_someone_signed_out_is_sent_to_sign_in_and_a_script_is_told_401(path: str):
    assert Client().get(path).headers["Location"].startswith("/login/?next=")
    assert Client().get(path, headers=SCRIPT).status_code == 401


@pytest.mark.parametrize("path", READS)
def test_someone_without_a_role_sees_nothing(path: str, sign_in: SignIn):
    assert sign_in(None).get(path).status_code == 403


@pytest.mark.parametrize("control", CONTROLS)
def test_a_viewer_and_one_without_a_role_get_403_for_each_control(control: str, sign_in: SignIn):
    RunFactory(mode="PAPER")

    for role in (Role.VIEWER, None):
        assert sign_in(role).post(f"/live/{control}/", {"reason": "mine"}).status_code == 403
    assert not Command.objects.exists()


def test_a_viewer_sees_the_desk_without_any_control(sign_in: SignIn):
    page = sign_in(Role.VIEWER).get("/").content.decode()

    assert 'data-may-control="no"' in page
    for name in ('id="pause"', "kill", "close-dialog", "again-dialog"):
        assert name not in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
@pytest.mark.parametrize("control", ["pause", "resume", "flatten", "unlock"])
def test_a_control_is_written_down_for_the_engine_and_answered_202(
    control: str, role: Role, sign_in: SignIn
):
    run = RunFactory(mode="PAPER")

    answer = sign_in(role).post(f"/live/{control}/", {"reason": "news"}, headers=SCRIPT)

    assert answer.status_code == 202
    wish = Command.objects.get()
    assert answer.json()["id"] == wish.pk
    assert (wish.kind, wish.run_id, wish.state) == (control.upper(), run.pk, "PENDING")
    assert (wish.issued_by, wish.reason) == (role.value, "news")
    assert AuditEntry.objects.filter(action=f"control.{control}", by=role.value).exists()


@pytest.mark.parametrize(
    ("control", "field", "subject", "kind"),
    [
        ("release", "strategy", "opening_range", "RELEASE_STRATEGY"),
        ("unlock", "scope", "underlying:NIFTY", "UNLOCK"),
    ],
)
def test_what_was_put_aside_is_allowed_again_by_name(
    control: str, field: str, subject: str, kind: str, sign_in: SignIn
):
    RunFactory(mode="PAPER")

    answer = sign_in(Role.OPERATOR).post(
        f"/live/{control}/", {"reason": "mended", field: subject}, headers=SCRIPT
    )

    assert answer.status_code == 202
    wish = Command.objects.get()
    assert (wish.kind, wish.subject) == (kind, subject)
    assert AuditEntry.objects.filter(action=f"control.{kind.lower()}", by="operator").exists()


def test_a_form_sent_without_scripts_comes_back_to_the_desk(sign_in: SignIn):
    RunFactory(mode="PAPER")

    answer = sign_in(Role.OPERATOR).post("/live/flatten/", {"reason": "kill switch"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert Command.objects.get().kind == "FLATTEN"


@pytest.mark.parametrize(
    ("control", "fields", "status", "told"),
    [
        ("pause", {"reason": " "}, 400, "reason"),
        ("close", {"reason": "out"}, 400, "subject"),
        ("release", {"reason": "mended"}, 400, "subject"),
        ("unlock", {"reason": "mended", "scope": "NIFTY"}, 400, "subject"),
        ("close", {"reason": "out", "position": "P999"}, 404, "P999"),
    ],
)
def test_a_wish_that_says_too_little_is_refused_with_the_reason(
    control: str, fields: dict[str, str], status: int, told: str, sign_in: SignIn
):
    RunFactory(mode="PAPER")

    answer = sign_in(Role.OPERATOR).post(f"/live/{control}/", fields, headers=SCRIPT)

    assert (answer.status_code, told in answer.json()["error"]) == (status, True)
    assert not Command.objects.exists()


def test_without_a_running_session_a_control_is_refused_with_409(sign_in: SignIn):
    answer = sign_in(Role.OPERATOR).post("/live/flatten/", {"reason": "now"}, headers=SCRIPT)

    assert answer.status_code == 409


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_needs_a_post_with_the_token_of_the_page(control: str, sign_in: SignIn):
    browser = sign_in(Role.ADMIN)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies

    assert browser.get(f"/live/{control}/").status_code == 405
    assert strict.post(f"/live/{control}/", {"reason": "forged"}).status_code == 403
    assert not Command.objects.exists()


def test_what_has_become_of_a_command_can_be_asked(sign_in: SignIn):
    RunFactory(mode="PAPER")
    browser = sign_in(Role.OPERATOR)
    number = browser.post("/live/pause/", {"reason": "news"}, headers=SCRIPT).json()["id"]
    Command.objects.update(state="REFUSED", outcome="locked")

    told = browser.get(f"/live/commands/{number}/").json()

    assert (told["kind"], told["state"], told["outcome"]) == ("PAUSE", "REFUSED", "locked")
    assert browser.get(f"/live/commands/{number + 1}/").status_code == 404


def test_the_state_is_told_by_plain_request_as_by_the_socket(
    publish: Callable[[dict[str, Any]], None], sign_in: SignIn
):
    publish(STATE)

    answer = sign_in(Role.VIEWER).get("/live/state/")

    told = json.loads(answer.content)
    assert (told["type"], told["source"], told["state"]) == ("snapshot", "redis", STATE)
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_cached_state_the_rows_tell_it(sign_in: SignIn):
    run = RunFactory(mode="PAPER", config_version__document='{"capital_inr": 1000000}')

    told = json.loads(sign_in(Role.VIEWER).get("/live/state/").content)

    assert told["source"] == "rows"
    assert (told["state"]["run"]["code"], told["state"]["sequence"]) == (run.code, 0)


@pytest.mark.parametrize(("ended", "source"), [(11, "rows"), (2, "redis")])
def test_a_state_that_goes_on_telling_of_an_ended_run_is_not_the_present(
    publish: Callable[[dict[str, Any]], None], sign_in: SignIn, ended: int, source: str
):
    run = RunFactory(
        account__code=PAPER_ACCOUNT,
        mode="PAPER",
        state="FAILED",
        ended_at=timezone.now() - timedelta(seconds=ended),
        config_version__document='{"capital_inr": 1000000}',
    )
    publish({**STATE, "run": {**STATE["run"], "code": run.code, "state": "RUNNING"}})

    told = json.loads(sign_in(Role.VIEWER).get("/live/state/").content)

    assert told["source"] == source
    assert told["state"]["run"]["state"] == ("FAILED" if source == "rows" else "RUNNING")


def test_a_state_of_yesterday_is_not_the_present_of_a_run_nobody_tells_of(
    publish: Callable[[dict[str, Any]], None], sign_in: SignIn
):
    run = RunFactory(
        account__code=PAPER_ACCOUNT,
        mode="PAPER",
        config_version__document='{"capital_inr": 1000000}',
    )
    publish({**STATE, "run": {**STATE["run"], "code": "BEFORE1", "state": "FINISHED"}})

    told = json.loads(sign_in(Role.VIEWER).get("/live/state/").content)

    assert (told["source"], told["state"]["run"]["code"]) == ("rows", run.code)


def test_a_chart_of_something_unknown_has_nothing_to_show(sign_in: SignIn):
    answer = sign_in(Role.VIEWER).get("/live/chart/", {"instrument": 'x"]}'})

    assert answer.json() == {"bars": [], "stops": {}}


@pytest.mark.parametrize("path", ["/", "/login/"])
def test_the_pages_allow_no_foreign_and_no_inline_script_or_style(path: str, sign_in: SignIn):
    browser = sign_in(Role.OPERATOR) if path == "/" else Client()

    policy = dict(
        part.strip().split(" ", 1)
        for part in browser.get(path).headers["Content-Security-Policy"].split(";")
    )

    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")


def test_static_files_are_served_by_the_web_process_itself():
    answer = Client().get("/static/live/main.js")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert Client().get("/static/live/none.js").status_code == 404
