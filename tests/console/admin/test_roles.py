"""Who sees what, who may command, who may configure."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from backoffice.admin.shown import address, list_address
from backoffice.models import ApiKey, TokenFamily
from backoffice.permissions import Role
from trading.models import (
    AuditEntry,
    Command,
    ConfigVersion,
    Decision,
    Fill,
    Holiday,
    Order,
    Plan,
    Position,
    Run,
    Signal,
)

AsRole = Callable[[Role], Client]
COMMANDS = ("pause", "resume", "flatten", "unlock")
EVERYBODY_S = (
    Position,
    Order,
    Fill,
    Decision,
    Signal,
    Plan,
    Run,
    Command,
    AuditEntry,
    PeriodicTask,
)
PRIVATE = (User, ApiKey, TokenFamily)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("model", EVERYBODY_S, ids=lambda model: model.__name__)
def test_every_role_sees_what_the_desk_does(model, role: Role, db, as_role: AsRole):
    assert as_role(role).get(list_address(model)).status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("model", PRIVATE, ids=lambda model: model.__name__)
def test_people_and_keys_are_for_admins(model, role: Role, db, as_role: AsRole):
    assert as_role(role).get(list_address(model)).status_code == 403


@pytest.mark.parametrize("command", COMMANDS)
def test_a_viewer_is_offered_no_command_and_refused_each(command, open_run: Run, viewer: Client):
    place = f"{address(open_run).removesuffix('change/')}{command}/"

    answers = [viewer.get(place), viewer.post(place, {"reason": "try"})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert place not in viewer.get(address(open_run)).content.decode()
    assert place not in viewer.get("/admin/").content.decode()
    assert not Command.objects.filter(issued_by="the-viewer").exists()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_operator_gives_a_command_with_a_reason(
    command, role: Role, open_run: Run, as_role: AsRole
):
    client = as_role(role)
    place = f"{address(open_run).removesuffix('change/')}{command}/"

    asked = client.get(place)
    done = client.post(place, {"reason": "news at noon"})

    assert asked.status_code == 200
    issued = Command.objects.get(issued_by=f"the-{role}")
    assert (issued.kind, issued.run, issued.reason) == (command.upper(), open_run, "news at noon")
    assert done["Location"] == address(issued)
    entry = AuditEntry.objects.get(action=f"control.{command}")
    assert (entry.by, entry.details["reason"]) == (f"the-{role}", "news at noon")
    assert {"before", "after"} <= entry.details.keys()


def test_a_command_needs_a_reason(open_run: Run, operator: Client):
    answer = operator.post(f"{address(open_run).removesuffix('change/')}pause/", {"reason": " "})

    assert answer.status_code == 200
    assert "This field is required" in answer.content.decode()
    assert not Command.objects.filter(issued_by="the-operator").exists()


def test_a_run_that_has_ended_takes_no_command(open_run: Run, operator: Client):
    Run.objects.filter(pk=open_run.pk).update(state="FINISHED", ended_at=open_run.started_at)
    place = f"{address(open_run).removesuffix('change/')}flatten/"

    answer = operator.post(place, {"reason": "late"}, follow=True)

    assert "is not the running session" in answer.content.decode()
    assert place not in operator.get(address(open_run)).content.decode()
    assert not Command.objects.filter(issued_by="the-operator").exists()


def test_an_operator_closes_one_position(open_run: Run, operator: Client):
    position = Position.objects.get()
    place = f"{address(position).removesuffix('change/')}close/"

    listed = operator.get(list_address(Position)).content.decode()
    operator.post(place, {"reason": "too wide"})

    assert place in listed
    issued = Command.objects.get(issued_by="the-operator")
    assert (issued.kind, issued.subject) == ("CLOSE_POSITION", position.code)


def test_a_viewer_cannot_close_a_position(open_run: Run, viewer: Client):
    position = Position.objects.get()
    place = f"{address(position).removesuffix('change/')}close/"

    assert viewer.post(place, {"reason": "try"}).status_code == 403
    assert place not in viewer.get(list_address(Position)).content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admin_makes_or_activates_a_configuration(role: Role, run: Run, as_role: AsRole):
    client, version = as_role(role), ConfigVersion.objects.get()
    place = address(version).removesuffix("change/")

    answers = [
        client.get(f"{list_address(ConfigVersion)}add/"),
        client.post(f"{list_address(ConfigVersion)}add/", {"document": "{}", "note": "x"}),
        client.get(f"{place}activate/"),
        client.post(f"{place}activate/"),
        client.post(f"{list_address(Holiday)}copy-again/"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert ConfigVersion.objects.count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_an_admin_changes_the_timetable(role: Role, db, as_role: AsRole):
    client = as_role(role)
    hour = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="Sync", task="trading.tasks.sync", interval=hour)

    answers = [
        client.get(address(task)),
        client.post(address(task), {"name": "Sync", "task": "other"}),
        client.get(f"{list_address(PeriodicTask)}add/"),
        client.post(f"{address(task).removesuffix('change/')}delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403, 403]
    task.refresh_from_db()
    assert task.task == "trading.tasks.sync"
