"""The timetable as data: which task runs when, in exchange time; beat puts it into its tables.

Moments the engine must keep by itself, such as the square-off, are timers of the engine: they may
not depend on a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the timetable: a task at a wall time of the exchange.

    `days` as in crontab, `1-5` for Monday to Friday. `safety` rows are put back as written here
    at every start of beat; others keep what an operator made of them.
    """

    name: str
    task: str
    hour: int
    minute: int
    days: str = "*"
    safety: bool = False


TIMETABLE = (Job("Forget expired sessions", "aitrapp.tasks.clear_sessions", 3, 40, safety=True),)


@transaction.atomic
def put_in_place(timetable: tuple[Job, ...]) -> None:
    """Make beat's rows say what `timetable` says; running it again changes nothing."""
    for job in timetable:
        when, _ = CrontabSchedule.objects.get_or_create(
            minute=str(job.minute),
            hour=str(job.hour),
            day_of_week=job.days,
            day_of_month="*",
            month_of_year="*",
            timezone=ZoneInfo(settings.TIME_ZONE),
        )
        row = {"task": job.task, "crontab": when, "enabled": True}
        kept = row if job.safety else {}
        PeriodicTask.objects.update_or_create(name=job.name, defaults=kept, create_defaults=row)
