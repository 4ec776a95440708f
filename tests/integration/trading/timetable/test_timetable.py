from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from aitrapp.schedule import TIMETABLE
from marketdata.calendar import IST, Calendar
from trading.models import AuditEntry
from trading.services import audit
from trading.services.timetable import Job, due_between, due_moment, due_on, put_in_place

pytestmark = pytest.mark.django_db
OLD_HOURS = date(2021, 4, 26)
NEW_HOURS = date(2026, 10, 6)
MUHURAT = date(2021, 11, 4)
SATURDAY = date(2021, 4, 24)
HOLIDAY = date(2021, 4, 21)


@pytest.fixture(autouse=True)
def _timetable() -> None:
    put_in_place(TIMETABLE)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=IST)


def told(day: date) -> list[tuple[str, str]]:
    return [(f"{due.at:%H:%M}", due.name) for due in due_on(day, Calendar.load())]


def test_an_ordinary_day_has_its_tasks_in_order():
    assert told(OLD_HOURS) == [
        ("08:00", "token_check"),
        ("08:30", "premarket_sync"),
        ("08:50", "open_kite_day"),
        ("09:00", "readiness_report"),
        ("09:08", "open_kite_day"),
        ("15:22", "square_off"),
        ("15:26", "verify_flat"),
        ("15:35", "post_market_report"),
        ("15:45", "store_volatility"),
        ("16:05", "archive"),
        ("17:00", "prune"),
    ]


def test_the_report_waits_for_a_session_that_closes_later():
    assert ("15:45", "post_market_report") in told(NEW_HOURS)


def test_an_evening_session_has_its_square_off_in_the_evening():
    moments = {name: moment for moment, name in told(MUHURAT)}

    assert "18:15" < moments["square_off"] < moments["verify_flat"] < "19:15"
    assert moments["post_market_report"] == "19:20"


@pytest.mark.parametrize("day", [SATURDAY, HOLIDAY])
def test_a_day_without_a_session_has_no_task(day):
    assert due_between(at(day, 0), at(day, 23, 59)) == []
    assert due_moment("trading.tasks.square_off", day) is None


def test_a_span_leaves_its_first_moment_out_and_takes_its_last_in():
    names = [due.name for due in due_between(at(OLD_HOURS, 8), at(OLD_HOURS, 9))]

    assert names == ["premarket_sync", "open_kite_day", "readiness_report"]


def test_a_span_of_many_days_takes_the_trading_days():
    found = due_between(at(OLD_HOURS, 0), at(OLD_HOURS, 0) + timedelta(days=7))

    days = {due.at.date() for due in found}
    assert days == {date(2021, 4, day) for day in (26, 27, 28, 29, 30)}


def test_an_hour_that_an_operator_changed_counts():
    when = CrontabSchedule.objects.create(minute="15", hour="9", timezone="Asia/Kolkata")
    PeriodicTask.objects.filter(name="Readiness report").update(crontab=when)

    assert ("09:15", "readiness_report") in told(OLD_HOURS)


def test_a_row_that_is_switched_off_is_not_due_unless_it_guards_the_end_of_the_day():
    PeriodicTask.objects.update(enabled=False)

    assert [name for _, name in told(OLD_HOURS)] == ["square_off", "verify_flat"]


def test_a_safety_row_is_put_back_and_leaves_an_audit_entry():
    PeriodicTask.objects.filter(name="Square-off").update(enabled=False)
    PeriodicTask.objects.filter(name="Prune").update(enabled=False)

    put_back = put_in_place(TIMETABLE, by="beat")

    assert put_back == ["Square-off"]
    assert PeriodicTask.objects.get(name="Square-off").enabled
    assert not PeriodicTask.objects.get(name="Prune").enabled
    entry = AuditEntry.objects.get(action="schedule.put-back")
    assert (entry.by, entry.subject, entry.details) == (
        "beat",
        "Square-off",
        {"found": {"enabled": "False"}},
    )
    assert audit.verify().is_whole


def test_a_safety_row_that_was_moved_goes_back_to_its_hour():
    when = CrontabSchedule.objects.create(minute="0", hour="23", timezone="Asia/Kolkata")
    PeriodicTask.objects.filter(name="Verify that all is flat").update(crontab=when)

    assert put_in_place(TIMETABLE) == ["Verify that all is flat"]
    assert PeriodicTask.objects.get(name="Verify that all is flat").crontab.hour == "15"


def test_a_safety_row_that_was_deleted_is_made_anew():
    PeriodicTask.objects.filter(name="Square-off").delete()

    put_in_place(TIMETABLE)

    assert PeriodicTask.objects.get(name="Square-off").enabled


def test_seeding_again_changes_nothing(capsys):
    before = sorted(PeriodicTask.objects.values_list("name", "task", "enabled"))

    call_command("seed_schedule")

    assert sorted(PeriodicTask.objects.values_list("name", "task", "enabled")) == before
    assert AuditEntry.objects.count() == 0
    assert f"{len(TIMETABLE)} rows in place" in capsys.readouterr().out


def test_a_job_on_weekdays_only_is_not_due_on_a_sunday_session():
    job = Job("Weekly", "trading.tasks.weekly", 10, 0, days="1-5")
    put_in_place((job,))

    budget_sunday = date(2026, 2, 1)
    assert Calendar.load().is_trading_day(budget_sunday)
    assert "weekly" not in [name for _, name in told(budget_sunday)]
    assert "weekly" in [name for _, name in told(OLD_HOURS)]
