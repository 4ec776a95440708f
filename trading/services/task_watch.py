"""Watching the timetable: a task that was due and never began is told, and begun if it must be.

It also sends tasks whose moment differs from their row's hour, on days with another session, has
the conditions of LIVE looked at again, and tells where the list of holidays ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from marketdata.calendar import IST
from trading.models import TaskOutcome, TaskRun
from trading.services import mode
from trading.services.alerts import CRITICAL, WARNING, raise_alert
from trading.services.calendar_watch import tell_where_it_ends
from trading.services.task_runs import is_underway
from trading.services.timetable import DESK_TASKS, SAFETY, STAGED, Due, due_between

NAME = "watch"
_PUNCTUAL = timedelta(minutes=2)
"""A task that has not begun so long after it was due is missed."""
_MOST_BACK = timedelta(hours=24)
_SETTLED = timedelta(seconds=30)
"""A task that began longer ago, and that nobody is at, went down with its worker."""

Send = Callable[[str, Mapping[str, str]], None]


def watch(now: datetime, send: Send) -> str:
    """Look at everything due since the last look; return what was found, in words.

    The first look of all only begins the watch. Raises what `send` raises.
    """
    since = _last_look(now)
    found = tell_where_it_ends(now)
    if since is not None:
        start = max(since, now - _MOST_BACK) - _PUNCTUAL
        for due in due_between(start, now):
            if not _has_begun(due):
                found += _see_to(due, now, send)
    found += _died(now, send)
    lost = mode.look_again(now)
    found += [lost] if lost else []
    _looked(now)
    return "; ".join(found) or "all in order"


def _see_to(due: Due, now: datetime, send: Send) -> list[str]:
    words = {"due_at": due.at.isoformat()}
    if now - due.at < _PUNCTUAL:
        if due.task not in STAGED:
            return []
        send(due.task, words)
        return [f"{due.name} sent"]
    is_safety = due.task in SAFETY
    if not _miss(due, now, is_safety=is_safety):
        return []
    if is_safety:
        send(due.task, words)
        return [f"{due.name} missed, sent again"]
    return [f"{due.name} missed"]


@transaction.atomic
def _miss(due: Due, now: datetime, *, is_safety: bool) -> bool:
    """Note a miss and raise its alert; False where it was noted before."""
    _, is_new = TaskRun.objects.get_or_create(
        name=due.name,
        due_at=due.at,
        run=None,
        defaults={"outcome": TaskOutcome.MISSED.value, "detail": "did not begin"},
    )
    if is_new:
        raise_alert(
            "task-missed",
            severity=CRITICAL if is_safety else WARNING,
            text=f"{due.name}, due at {due.at:%H:%M}, did not begin",
            at=now,
        )
    return is_new


def _has_begun(due: Due) -> bool:
    rows = TaskRun.objects.filter(name=due.name, due_at=due.at, run=None)
    return rows.exclude(outcome=TaskOutcome.MISSED.value).exists()


def _died(now: datetime, send: Send) -> list[str]:
    """End the rows of tasks whose worker was killed; those that guard the day begin again."""
    rows = TaskRun.objects.filter(
        outcome=TaskOutcome.RUNNING.value, started_at__lt=timezone.now() - _SETTLED
    )
    found = []
    for row in rows.select_related("run"):
        if is_underway(row.name, row.due_at, row.run):
            continue
        with transaction.atomic():
            row.outcome, row.ended_at = TaskOutcome.FAILED.value, timezone.now()
            row.detail = "did not end"
            row.save()
            raise_alert("task-failed", severity=WARNING, text=f"{row.name} did not end", at=now)
        found.append(f"{row.name} did not end")
        task = f"{DESK_TASKS}{row.name}"
        if row.run is None and task in SAFETY:
            send(task, {"due_at": row.due_at.astimezone(IST).isoformat()})
            found.append(f"{row.name} sent again")
    return found


def _last_look(now: datetime) -> datetime | None:
    last = TaskRun.objects.filter(name=NAME, run=None, due_at__lte=now).order_by("-due_at").first()
    return last.due_at if last else None


@transaction.atomic
def _looked(now: datetime) -> None:
    """Remember the look; one row is kept, the newest."""
    TaskRun.objects.filter(name=NAME, run=None, due_at__lt=now).delete()
    TaskRun.objects.update_or_create(
        name=NAME,
        due_at=now,
        run=None,
        defaults={
            "outcome": TaskOutcome.DONE.value,
            "started_at": timezone.now(),
            "ended_at": timezone.now(),
        },
    )
