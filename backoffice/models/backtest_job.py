"""Backtests that people asked for. Asking and carrying out live in `backoffice/backtests.py`."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from trading.models.base import choices_of, one_of


class JobState(StrEnum):
    """How far a job has come."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class BacktestJob(models.Model):
    """One backtest: what was asked, how far it is (`progress` from 0 to 1), what came of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    request = models.JSONField()
    state = models.CharField(
        max_length=10, choices=choices_of(JobState), default=JobState.QUEUED.value
    )
    progress = models.FloatField(default=0.0)
    message = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(condition=one_of("state", JobState), name="backtest_state"),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1), name="backtest_progress_a_part"
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.DONE.value) | Q(result__isnull=False),
                name="backtest_done_has_result",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
