"""Carrying a due task out: once at a time, once to an end, its history kept whatever happens.

What the tasks do is told by the other services; when they are due by `timetable.py`.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from marketdata.calendar import IST
from trading.models import Run, TaskOutcome, TaskRun
from trading.services.alerts import CRITICAL, WARNING, raise_alert

_TASK_LOCK = 0x54_41_53_4B
_HELD = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
_ENDED = (TaskOutcome.DONE.value, TaskOutcome.SKIPPED.value)


class TaskBusyError(Exception):
    """Another worker is carrying the same task out for the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One task at one moment it is due; `run` is set where simulated time drives it.

    `safety`: its failure is critical. `at`: the moment it is now, simulated where the day is.
    """

    name: str
    due_at: datetime
    at: datetime
    run: Run | None
    safety: bool

    @property
    def day(self) -> date:
        """Return the exchange's date of the moment it is due."""
        return self.due_at.astimezone(IST).date()


@dataclass(frozen=True, slots=True)
class Result:
    """How a task ended, and what was done or why not."""

    outcome: TaskOutcome
    detail: str

    @classmethod
    def done(cls, detail: str) -> Result:
        """Return that the task did its work."""
        return cls(TaskOutcome.DONE, detail)

    @classmethod
    def skipped(cls, why: str) -> Result:
        """Return that there was nothing to do."""
        return cls(TaskOutcome.SKIPPED, why)

    @classmethod
    def failed(cls, why: str) -> Result:
        """Return that the work came out badly; an alert is raised, nothing is tried again."""
        return cls(TaskOutcome.FAILED, why)


def carry_out(occasion: Occasion, work: Callable[[], Result]) -> TaskRun:
    """Do `work` unless it was brought to an end before, and keep what became of it.

    A failure, returned or raised, is told in an alert; what was raised goes on to the caller.
    Raises `TaskBusyError` while somebody else is at it.
    """
    with _alone(occasion):
        row = _begun(occasion)
        if row.outcome in _ENDED:
            return row
        ended = False
        try:
            _end(row, occasion, work())
            ended = True
        finally:
            if not ended:
                error = sys.exception()
                text = f"{type(error).__name__}: {error}" if error else "stopped"
                _end(row, occasion, Result.failed(text))
    return row


def is_underway(name: str, due_at: datetime, run: Run | None) -> bool:
    """Say whether somebody is carrying a task out now; a worker that was killed is not."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [_TASK_LOCK, _number(name, due_at, run) % (1 << 32)])
        (is_held,) = cursor.fetchone()
    return bool(is_held)


def _number(name: str, due_at: datetime, run: Run | None) -> int:
    key = f"{name}/{due_at.astimezone(IST).isoformat()}/{run.code if run else ''}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big", signed=True)


@contextmanager
def _alone(occasion: Occasion) -> Iterator[None]:
    number = _number(occasion.name, occasion.due_at, occasion.run)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_TASK_LOCK, number])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise TaskBusyError(f"{occasion.name} at {occasion.due_at}: somebody else is at it")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_TASK_LOCK, number])


@transaction.atomic
def _begun(occasion: Occasion) -> TaskRun:
    """Return the occasion's row, marked as begun once more unless it has come to an end."""
    row, _ = TaskRun.objects.select_for_update().get_or_create(
        name=occasion.name,
        due_at=occasion.due_at,
        run=occasion.run,
        defaults={"outcome": TaskOutcome.RUNNING.value},
    )
    if row.outcome not in _ENDED:
        row.outcome, row.detail = TaskOutcome.RUNNING.value, ""
        row.attempts += 1
        row.started_at, row.ended_at = timezone.now(), None
        row.save()
    return row


@transaction.atomic
def _end(row: TaskRun, occasion: Occasion, result: Result) -> None:
    row.outcome, row.detail = result.outcome.value, result.detail
    row.ended_at = timezone.now()
    row.save()
    if result.outcome is TaskOutcome.FAILED:
        raise_alert(
            "task-failed",
            severity=CRITICAL if occasion.safety else WARNING,
            text=f"{occasion.name}: {result.detail}",
            at=occasion.at,
            account=occasion.run.account if occasion.run else None,
        )
