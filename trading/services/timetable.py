"""The timetable's rows: putting them in place, and saying which tasks are due when on which day.

The times as first written stand in the project's `schedule.py`. Tasks that belong to a stage of
the session are due when the day's own session says so, whatever the row's hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from pydantic import TypeAdapter

from marketdata.calendar import IST, Calendar, CalendarUnknown
from marketdata.instruments import Segment
from risk.hours import Hours, stages
from trading import selectors
from trading.services import audit

CONFIG = "desk"
"""The kind of configuration in which the hours stand."""
DESK_TASKS = "trading.tasks."
"""How the names of the desk's own tasks begin; only these belong to a trading day."""

SQUARE_OFF = f"{DESK_TASKS}square_off"
VERIFY_FLAT = f"{DESK_TASKS}verify_flat"
POST_MARKET = f"{DESK_TASKS}post_market_report"
VOLATILITY = f"{DESK_TASKS}store_volatility"
ARCHIVE = f"{DESK_TASKS}archive"
DEAD_MAN = f"{DESK_TASKS}dead_man"
STAGED: Mapping[str, tuple[str, timedelta]] = {
    SQUARE_OFF: ("square_off", timedelta(0)),
    VERIFY_FLAT: ("flat_by", timedelta(minutes=1)),
    POST_MARKET: ("close", timedelta(minutes=5)),
    VOLATILITY: ("close", timedelta(minutes=15)),
    ARCHIVE: ("close", timedelta(minutes=35)),
}
"""Tasks that follow the day's session: the stage, and how long after it they are due."""
SAFETY = frozenset({SQUARE_OFF, VERIFY_FLAT})
"""Tasks without which a day may not end; their rows are put back at every start."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the timetable: a task at a wall time of the exchange.

    `days` as in crontab, `1-5` for Monday to Friday; the desk's tasks look at the calendar
    themselves. `safety` rows are put back as written here at every start; others keep what an
    operator made of them.
    """

    name: str
    task: str
    hour: int
    minute: int
    days: str = "*"
    safety: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """One row of the timetable: a task again and again, `seconds` apart, on every day.

    What no worker has taken when the next one is due lapses.
    """

    name: str
    task: str
    seconds: int
    safety: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A task and the moment at which it is due."""

    at: datetime
    task: str

    @property
    def name(self) -> str:
        """Return the task's name without its module."""
        return self.task.rpartition(".")[2]


@transaction.atomic
def put_in_place(timetable: tuple[Job | Every, ...], *, by: str = "schedule") -> list[str]:
    """Make beat's rows say what `timetable` says; return the safety rows that were put back.

    Running it again changes nothing. Each row put back leaves an entry in the audit log.
    """
    put_back = []
    for job in timetable:
        row = {"task": job.task, "enabled": True, "one_off": False, **_schedule_of(job)}
        held = PeriodicTask.objects.filter(name=job.name).first()
        if held is None:
            PeriodicTask.objects.create(name=job.name, **row)
        elif job.safety and (changed := _differences(held, row)):
            for name, value in row.items():
                setattr(held, name, value)
            held.save()
            audit.note("schedule.put-back", by=by, subject=job.name, details={"found": changed})
            put_back.append(job.name)
    return put_back


def _schedule_of(job: Job | Every) -> dict[str, Any]:
    if isinstance(job, Every):
        every, _ = IntervalSchedule.objects.get_or_create(
            every=job.seconds, period=IntervalSchedule.SECONDS
        )
        return {"interval": every, "crontab": None, "expire_seconds": job.seconds}
    when, _ = CrontabSchedule.objects.get_or_create(
        minute=str(job.minute),
        hour=str(job.hour),
        day_of_week=job.days,
        day_of_month="*",
        month_of_year="*",
        timezone=ZoneInfo(settings.TIME_ZONE),
    )
    return {"crontab": when, "interval": None, "expire_seconds": None}


def _differences(held: Any, row: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(getattr(held, name))
        for name, value in row.items()
        if getattr(held, name) != value
    }


def due_between(start: datetime, end: datetime) -> list[Due]:
    """Return the desk's tasks due after `start` and by `end`, in order; both aware.

    Days without a session have none, and so have those behind the last holiday list. Rows that are
    switched off count only where they guard the end of the day. Raises `CalendarUnknown` for an
    earlier year without data.
    """
    calendar = Calendar.load()
    first, last = start.astimezone(IST).date(), min(end.astimezone(IST).date(), calendar.last_day)
    found = [
        due
        for day in calendar.trading_days(first, last)
        for due in due_on(day, calendar)
        if start < due.at <= end
    ]
    return sorted(found)


def due_on(day: date, calendar: Calendar) -> list[Due]:
    """Return the desk's tasks of one trading day, in order."""
    return sorted([*_at_stages(day, calendar), *_by_rows(day)])


def due_moment(task: str, day: date) -> datetime | None:
    """Return when a task is due on a day, the first time; None where it is not due at all."""
    calendar = Calendar.load()
    if not calendar.is_trading_day(day):
        return None
    return next((due.at for due in due_on(day, calendar) if due.task == task), None)


def _at_stages(day: date, calendar: Calendar) -> Iterator[Due]:
    moments = stage_moments(day, calendar)
    enabled = set(_rows().values_list("task", flat=True))
    for task, (stage, after) in STAGED.items():
        if stage in moments and (task in SAFETY or task in enabled):
            yield Due(moments[stage] + after, task)


def stage_moments(day: date, calendar: Calendar) -> dict[str, datetime]:
    """Return the stages of the derivatives session; empty where its hours are unpublished.

    Raises `NoSession` on a closed day.
    """
    try:
        session = calendar.session(day, Segment.FUTURES, is_index=True)
    except CalendarUnknown:
        return {}
    version = selectors.active_config(CONFIG)
    written = version.content.get("hours", {}) if version else {}
    hours = TypeAdapter(Hours).validate_python(written)
    stage = stages(session.opens_at, session.closes_at, Segment.FUTURES, hours)
    return {
        "open": session.opens_at,
        "square_off": stage.square_off_at,
        "flat_by": stage.flat_by,
        "close": session.closes_at,
    }


def _by_rows(day: date) -> Iterator[Due]:
    weekday = day.isoweekday() % 7
    for row in _rows().exclude(task__in=STAGED).select_related("crontab"):
        when = row.crontab.schedule
        if weekday not in when.day_of_week:
            continue
        for hour in when.hour:
            for minute in when.minute:
                yield Due(datetime.combine(day, time(hour, minute), tzinfo=IST), row.task)


def _rows() -> Any:
    rows = PeriodicTask.objects.filter(enabled=True, crontab__isnull=False)
    return rows.filter(task__startswith=DESK_TASKS)
