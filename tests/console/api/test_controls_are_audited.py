"""Every control through every door leaves one audit entry: actor, reason, before and after.

Doors: the API with a token and with a key, the live page's plain forms, the admin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from backoffice.permissions import Action, Role
from tests.factories import DAY, RunFactory
from tests.integration.trading.journal_day import FUTURE, INDEX, whole_day, written
from trading.config import KIND, Config, document_of
from trading.models import AuditEntry, Command, Position, Run, StateChange
from trading.recorder import Recorder
from trading.services import audit, config_versions
from trading.services.instruments import sync

WHY = "news at noon"


@dataclass(frozen=True)
class Control:
    """One control: the state it is used in, and what its entry must tell."""

    name: str
    blocked: tuple[str, ...]
    state: str
    before: object
    after: object


def state(name: str, *blocked: str) -> dict[str, object]:
    return {"state": name, "blocked_by": list(blocked)}


CONTROLS = (
    Control("pause", (), "OPEN", state("OPEN"), state("REDUCE_ONLY", "operator")),
    Control(
        "resume", ("operator",), "REDUCE_ONLY", state("REDUCE_ONLY", "operator"), state("OPEN")
    ),
    Control("flatten", (), "OPEN", state("OPEN"), state("FLATTENING", "kill-switch")),
    Control("unlock", ("kill-switch",), "HALTED", state("HALTED", "kill-switch"), state("OPEN")),
    Control(
        "close",
        (),
        "OPEN",
        {"state": "OPEN", "quantity": 75},
        {"state": "CLOSED", "quantity": 0},
    ),
)
ACTIONS = {"close": "control.close_position"}


@pytest.fixture
def desk(db: None, tmp_path: Path) -> Run:
    """Return a running session that holds one position."""
    sync(instruments=[FUTURE, INDEX], on=DAY, source="tests")
    run = RunFactory(mode="PAPER", journal_path=str(tmp_path / "day.journal"))
    written(Path(run.journal_path), whole_day(trades=1))
    Recorder(run).catch_up()
    Position.objects.filter(run=run).update(state="OPEN", quantity=75)
    return run


@pytest.fixture
def browser(person: Callable, client: Client) -> Client:
    """Return a browser in which an operator is signed in."""
    client.force_login(person(Role.OPERATOR), "django.contrib.auth.backends.ModelBackend")
    return client


def in_state(run: Run, control: Control) -> None:
    StateChange.objects.create(
        account=run.account,
        run=run,
        seq=1_000_000,
        at=run.started_at,
        state=control.state,
        blocked_by=list(control.blocked),
    )


def through_the_api(client, run: Run, control: Control) -> int:
    path = f"/api/v1/{control.name}"
    if control.name == "close":
        path = f"/api/v1/positions/{Position.objects.get(run=run).pk}/close"
    return client.post(path, {"reason": WHY}).status_code


def through_the_page(client: Client, run: Run, control: Control) -> int:
    code = Position.objects.get(run=run).code if control.name == "close" else ""
    answer = client.post(f"/live/{control.name}/", {"reason": WHY, "position": code})
    return {302: 202}.get(answer.status_code, answer.status_code)


def through_the_admin(client: Client, run: Run, control: Control) -> int:
    noun, key = "run", run.pk
    if control.name == "close":
        noun, key = "position", Position.objects.get(run=run).pk
    place = reverse(f"admin:trading_{noun}_{control.name}", args=[key])
    answer = client.post(place, {"reason": WHY})
    is_issued = "/command/" in answer.headers.get("Location", "")
    return 202 if is_issued else answer.status_code


DOORS = ("token", "key", "page", "admin")


def used(door: str, request: pytest.FixtureRequest, run: Run, control: Control) -> tuple[int, str]:
    """Use a control through a door; return how it was answered, and who must be named."""
    match door:
        case "token":
            return through_the_api(request.getfixturevalue("operator"), run, control), "operator"
        case "key":
            client = request.getfixturevalue("key_of")(Role.OPERATOR, Action.CONTROL)
            return through_the_api(client, run, control), "operator (key "
        case "page":
            return through_the_page(request.getfixturevalue("browser"), run, control), "operator"
        case _:
            return through_the_admin(request.getfixturevalue("browser"), run, control), "operator"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_control_leaves_one_entry_with_all_that_must_be_told(
    request, desk: Run, control: Control, door: str
):
    in_state(desk, control)
    entries = AuditEntry.objects.filter(action__regex="^(control|command|mode)")
    asked_before = Command.objects.count()

    status, actor = used(door, request, desk, control)

    assert status == 202
    assert Command.objects.count() == asked_before + 1
    command, entry = Command.objects.latest("pk"), entries.get()
    assert entry.action == ACTIONS.get(control.name, f"control.{control.name}")
    assert entry.by == command.issued_by
    assert entry.by.startswith(actor)
    assert entry.subject == (command.subject or desk.code)
    assert entry.details == {
        "command": command.pk,
        "run": desk.code,
        "reason": WHY,
        "before": control.before,
        "after": control.after,
    }
    assert audit.verify().is_whole


def version_to_activate() -> int:
    first = document_of(Config())
    for document in (first, {**first, "event_block_minutes": 20}):
        version = config_versions.store(kind=KIND, document=document, author="t", note="n")
        if version.number == 1:
            config_versions.activate(version=version, author="t", reason="the first")
    return version.number


@pytest.mark.parametrize("door", ["token", "admin"])
def test_an_activation_tells_why_and_what_held_before(admin, person, client, door: str, db):
    number = version_to_activate()

    if door == "token":
        answer = admin.post(f"/api/v1/config/{number}/activate", {"reason": WHY})
        assert answer.status_code == 200
    else:
        client.force_login(person(Role.ADMIN), "django.contrib.auth.backends.ModelBackend")
        place = reverse("admin:trading_configversion_activate", args=[_version_id(number)])
        assert client.post(place, {"reason": WHY}).status_code == 302

    entry = AuditEntry.objects.filter(action__contains="activate").latest("number")
    assert (entry.action, entry.by, entry.subject) == ("config.activate", "admin", "desk v2")
    told = entry.details
    assert (told["reason"], told["before"], told["after"]) == (WHY, "desk v1", "desk v2")
    assert AuditEntry.objects.filter(action__contains="activate").count() == 2


def _version_id(number: int) -> int:
    return config_versions.ConfigVersion.objects.get(kind=KIND, number=number).pk


@pytest.mark.parametrize("mode", ["PAPER", "LIVE"])
def test_a_wish_for_a_mode_is_told_the_same_way(operator, desk: Run, mode: str):
    operator.post("/api/v1/mode", {"mode": mode, "reason": WHY})

    entry = AuditEntry.objects.get(action__startswith="mode.")
    assert (entry.by, entry.details["reason"], entry.details["asked"]) == ("operator", WHY, mode)
    assert (entry.details["before"], entry.details["after"]) == ("PAPER", "PAPER")


@pytest.mark.parametrize(
    "forgery",
    [
        "details = jsonb_set(details, '{reason}', '\"a drill\"')",
        "by = 'nobody'",
        "action = 'control.pause'",
        "at = at - interval '1 hour'",
        "subject = 'P9'",
    ],
)
def test_a_tampered_entry_of_a_control_is_found(operator, desk: Run, forgery: str):
    operator.post("/api/v1/pause", {"reason": WHY})
    operator.post("/api/v1/flatten", {"reason": WHY})
    operator.post("/api/v1/resume", {"reason": WHY})
    forged = AuditEntry.objects.get(action="control.flatten").number
    assert audit.verify().is_whole

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trading_auditentry DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE trading_auditentry SET {forgery} WHERE number = {forged}")
        cursor.execute("ALTER TABLE trading_auditentry ENABLE TRIGGER USER")

    report = audit.verify()
    assert (report.is_whole, report.broken) == (False, forged)
    assert report.entries == forged - 1
