"""What became of each due task of the timetable. The tasks live in `trading/tasks.py`."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q

from trading.models.base import choices_of, one_of


class TaskOutcome(StrEnum):
    """How a task ended; RUNNING while it has not."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    MISSED = "MISSED"


class TaskRun(models.Model):
    """One task at one moment it was due, however often it was tried.

    `run` is set where simulated time drove the task. `detail` says what was done, or why not.
    """

    name = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    run = models.ForeignKey("trading.Run", models.PROTECT, null=True, related_name="task_runs")
    outcome = models.CharField(max_length=10, choices=choices_of(TaskOutcome))
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-due_at", "name"]
        indexes = [models.Index(fields=["outcome", "-due_at"], name="task_run_outcome")]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "due_at", "run"], nulls_distinct=False, name="task_run_once"
            ),
            models.CheckConstraint(
                condition=one_of("outcome", TaskOutcome), name="task_run_outcome_valid"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=[TaskOutcome.RUNNING.value, TaskOutcome.MISSED.value])
                | Q(ended_at__isnull=False),
                name="task_run_ended_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.outcome}"
