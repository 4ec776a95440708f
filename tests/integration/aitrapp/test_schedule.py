from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from aitrapp.celery import app
from aitrapp.schedule import TIMETABLE, Every, Job, put_in_place
from aitrapp.tasks import clear_sessions

pytestmark = pytest.mark.django_db
NIGHTLY = Job("Nightly", "desk.tasks.nightly", hour=23, minute=15, days="1-5")


def test_a_job_becomes_a_row_in_exchange_time():
    put_in_place((NIGHTLY,))

    row = PeriodicTask.objects.get(name="Nightly")
    when = row.crontab
    assert (row.task, row.enabled) == ("desk.tasks.nightly", True)
    assert (when.hour, when.minute, when.day_of_week) == ("23", "15", "1-5")
    assert str(when.timezone) == "Asia/Kolkata"


def test_a_second_start_changes_nothing():
    put_in_place((NIGHTLY,))
    put_in_place((NIGHTLY,))

    assert PeriodicTask.objects.filter(name="Nightly").count() == 1
    assert CrontabSchedule.objects.filter(hour="23").count() == 1


@pytest.mark.parametrize(("safety", "enabled"), [(True, True), (False, False)])
def test_only_a_safety_row_is_put_back_after_an_operator_switched_it_off(safety, enabled):
    job = Job("Nightly", "desk.tasks.nightly", 23, 15, safety=safety)
    put_in_place((job,))
    PeriodicTask.objects.filter(name="Nightly").update(enabled=False)

    put_in_place((job,))

    assert PeriodicTask.objects.get(name="Nightly").enabled is enabled


def test_a_repeated_task_that_no_worker_took_lapses_when_the_next_is_due():
    put_in_place((Every("Often", "desk.tasks.often", 10),))

    row = PeriodicTask.objects.get(name="Often")
    assert (row.interval.every, row.expire_seconds, row.crontab) == (10, 10, None)


def test_every_task_of_the_timetable_exists():
    app.loader.import_default_modules()

    assert [job.task for job in TIMETABLE if job.task not in app.tasks] == []


def test_expired_sessions_are_forgotten_and_others_kept():
    now = timezone.now()
    for key, hours in (("old", -1), ("new", 1)):
        expires = now + timedelta(hours=hours)
        Session.objects.create(session_key=key, session_data="", expire_date=expires)

    clear_sessions(unknown="ignored")

    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
