"""What admins may change leaves an audit entry with before and after."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from backoffice.admin.shown import address, list_address
from backoffice.models import ApiKey
from backoffice.permissions import Role, role_of
from trading.models import AuditEntry, Holiday, Run
from trading.services import audit


@pytest.fixture
def task(db: None) -> PeriodicTask:
    crontab = CrontabSchedule.objects.create(hour="8", minute="30", timezone="Asia/Kolkata")
    return PeriodicTask.objects.create(name="Sync", task="trading.tasks.sync", crontab=crontab)


def form_of(task: PeriodicTask, **other: object) -> dict[str, object]:
    return {
        "name": task.name,
        "task": task.task,
        "regtask": "",
        "enabled": "on",
        "crontab": task.crontab_id,
        "args": "[]",
        "kwargs": "{}",
        "headers": "{}",
        "description": "",
        **other,
    }


def test_moving_a_task_is_audited_with_before_and_after(task: PeriodicTask, admin: Client):
    later = CrontabSchedule.objects.create(hour="9", minute="0", timezone="Asia/Kolkata")

    answer = admin.post(address(task), form_of(task, crontab=later.pk))

    assert answer.status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by, entry.subject) == ("timetable.change", "the-admin", "Sync")
    assert "30 8" in entry.details["before"]["crontab"]
    assert "0 9" in entry.details["after"]["crontab"]
    assert entry.details["before"].keys() == entry.details["after"].keys() == {"crontab"}


def test_saving_without_a_change_leaves_no_entry(task: PeriodicTask, admin: Client):
    admin.post(address(task), form_of(task))

    assert not AuditEntry.objects.exists()


def test_a_bad_task_is_refused_with_its_fields_named(task: PeriodicTask, admin: Client):
    page = admin.post(address(task), form_of(task, kwargs="{not json"))

    assert page.status_code == 200
    assert "kwargs" in page.context_data["adminform"].form.errors
    assert not AuditEntry.objects.exists()


def test_switching_tasks_off_is_audited_one_by_one(task: PeriodicTask, admin: Client):
    chosen = {"action": "switch_off", "_selected_action": [task.pk]}

    admin.post(list_address(PeriodicTask), chosen)
    admin.post(list_address(PeriodicTask), chosen)

    task.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert not task.enabled
    assert (entry.details["before"], entry.details["after"]) == (
        {"enabled": "True"},
        {"enabled": "False"},
    )


def test_removing_a_task_is_audited_with_what_it_was(task: PeriodicTask, admin: Client):
    admin.post(f"{address(task).removesuffix('change/')}delete/", {"post": "yes"})

    entry = AuditEntry.objects.get()
    assert entry.action == "timetable.remove"
    assert entry.details["before"]["task"] == "trading.tasks.sync"
    assert not PeriodicTask.objects.filter(pk=task.pk).exists()


def test_changing_a_crontab_is_audited(task: PeriodicTask, admin: Client):
    row = task.crontab
    admin.post(
        address(row),
        {
            "minute": "45",
            "hour": row.hour,
            "day_of_week": "*",
            "day_of_month": "*",
            "month_of_year": "*",
            "timezone": "Asia/Kolkata",
        },
    )

    entry = AuditEntry.objects.get(action="schedule.change")
    assert (entry.details["before"], entry.details["after"]) == (
        {"minute": "30"},
        {"minute": "45"},
    )


def test_giving_somebody_a_role_is_audited(person, admin: Client):
    viewer = person(Role.VIEWER)
    operators = Group.objects.get_or_create(name="operator")[0]

    answer = admin.post(
        address(viewer), {"username": viewer.username, "is_active": "on", "groups": [operators.pk]}
    )

    assert answer.status_code == 302
    assert role_of(User.objects.get(pk=viewer.pk)) is Role.OPERATOR
    entry = AuditEntry.objects.get(action="person.change")
    assert (entry.details["before"], entry.details["after"]) == (
        {"groups": "viewer"},
        {"groups": "operator"},
    )


def test_a_new_person_is_audited_without_the_password(admin: Client):
    secret = "correct horse battery"
    admin.post(
        f"{list_address(User)}add/",
        {
            "username": "mira",
            "usable_password": "true",
            "password1": secret,
            "password2": secret,
        },
    )

    entry = AuditEntry.objects.get(action="person.add")
    assert entry.subject == "mira"
    assert User.objects.get(username="mira").check_password(secret)
    assert "password" not in str(entry.details)


def test_a_password_is_changed_with_an_entry_that_does_not_tell_it(person, admin: Client):
    viewer = person(Role.VIEWER)
    secret = "correct horse battery"

    admin.post(
        f"{address(viewer).removesuffix('change/')}password/",
        {"usable_password": "true", "password1": secret, "password2": secret},
    )

    viewer.refresh_from_db()
    assert viewer.check_password(secret)
    assert AuditEntry.objects.get(action="person.password").details == {}


def test_an_admin_cannot_make_a_superuser(person, admin: Client):
    viewer = person(Role.VIEWER)

    admin.post(
        address(viewer), {"username": viewer.username, "is_active": "on", "is_superuser": "on"}
    )

    assert not User.objects.get(pk=viewer.pk).is_superuser


def test_nobody_is_removed(person, admin: Client):
    viewer = person(Role.VIEWER)

    answer = admin.post(f"{address(viewer).removesuffix('change/')}delete/", {"post": "yes"})

    assert answer.status_code == 403


def test_a_key_is_revoked_with_an_entry(every_table: Run, admin: Client):
    key = ApiKey.objects.get()
    place = f"{address(key).removesuffix('change/')}revoke/"

    asked, done = admin.get(place), admin.post(place, follow=True)

    key.refresh_from_db()
    assert (asked.status_code, done.status_code) == (200, 200)
    assert key.revoked_at is not None
    assert AuditEntry.objects.filter(action="api-key.revoke", by="the-admin").exists()


def test_the_calendar_s_files_are_copied_again_and_win(every_table: Run, admin: Client):
    Holiday.objects.create(date="2030-01-01", name="made up", source="nowhere")

    answer = admin.post(f"{list_address(Holiday)}copy-again/", follow=True)

    assert "stand as in the files" in answer.content.decode()
    assert not Holiday.objects.filter(name="made up").exists()
    assert AuditEntry.objects.filter(action="calendar.sync", by="the-admin").exists()


def test_the_calendar_s_pages_say_why_they_cannot_be_edited(every_table: Run, admin: Client):
    page = admin.get(list_address(Holiday)).content.decode()

    assert "marketdata/data/holidays.toml" in page


def test_a_whole_chain_is_told_whole(run: Run, viewer: Client):
    audit.note("test.entry", by="asha")

    page = viewer.get("/admin/trading/auditentry/verify-chain/", follow=True)

    assert "the chain holds" in page.content.decode()


def test_a_tampered_entry_is_named(run: Run, viewer: Client):
    entry = audit.note("test.entry", by="asha")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trading_auditentry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE trading_auditentry SET by = 'nobody' WHERE number = %s", [entry.number]
        )
        cursor.execute("ALTER TABLE trading_auditentry ENABLE TRIGGER USER")

    page = viewer.get("/admin/trading/auditentry/verify-chain/", follow=True)

    assert f"Broken at entry {entry.number}" in page.content.decode()
