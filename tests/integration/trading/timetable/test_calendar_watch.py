from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from aitrapp.schedule import TIMETABLE
from marketdata.calendar import IST, Calendar
from trading import tasks
from trading.models import Alert
from trading.services.calendar_watch import KIND
from trading.services.task_watch import watch
from trading.services.timetable import due_between, put_in_place

pytestmark = pytest.mark.django_db
LAST = Calendar.load().last_day
SOON = LAST - timedelta(days=21)
AFTER = LAST + timedelta(days=1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=IST)


def looked(now: datetime) -> str:
    return watch(now, lambda task, words: None)


def alerts() -> list[Alert]:
    return list(Alert.objects.filter(kind=KIND).order_by("at"))


def test_the_end_of_the_list_is_told_three_weeks_before_and_once_a_day():
    looked(at(SOON - timedelta(days=1), 8))
    looked(at(SOON, 7, 59))
    assert alerts() == []

    assert looked(at(SOON, 8)).startswith(f"{KIND} told")
    assert KIND not in looked(at(SOON, 8, 1))
    looked(at(SOON + timedelta(days=1), 8))

    first, second = alerts()
    assert (first.severity, second.severity) == ("WARNING", "WARNING")
    assert first.text.startswith(
        f"the list of holidays ends on {LAST}, in 21 days: without that of {AFTER.year} no session"
    )
    assert f"into marketdata/data/holidays.toml as year {AFTER.year}" in first.text


def test_behind_the_list_the_watch_goes_on_and_says_why_nothing_is_due():
    put_in_place(TIMETABLE)
    looked(at(LAST, 22))

    looked(at(AFTER, 8, 40))

    assert alerts()[-1].severity == "CRITICAL"
    assert f"no list of holidays covers {AFTER}" in alerts()[-1].text
    assert due_between(at(AFTER, 0), at(AFTER, 23)) == []


def test_a_task_of_such_a_day_says_why_it_does_nothing():
    words = {"at": at(AFTER, 15, 22).isoformat()}

    told = tasks.ask_square_off(**words)

    assert told == f"square_off: calendar: no holiday list for {AFTER.year}, asked for {AFTER}"
