"""The run: one trading session of one account and date. How it is started lives in services."""

from __future__ import annotations

from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from trading.models.base import choices_of, one_of


class RunMode(StrEnum):
    """Where a run's market comes from and where its orders go."""

    PAPER = "PAPER"
    LIVE = "LIVE"
    REPLAY = "REPLAY"
    BACKTEST = "BACKTEST"


SESSIONS = (RunMode.PAPER.value, RunMode.LIVE.value)
"""The modes of the desk's own sessions: an engine trades them as the day goes on."""


class RunState(StrEnum):
    """How far a run has come; a run that stays RUNNING without a lease has died."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class Run(models.Model):
    """One trading session; `code` is short, unique, and the head of every order's client id.

    `banned`: the ban list it was started under; null where none was known. `events`: the scheduled
    events around its day as they stood then; null for the packaged list. `code_revision`: of the
    project's own code, empty where it wasn't known or had changes nobody has committed.
    `is_practice`: its prices come from a Kite of our own, whatever its source.
    """

    account = models.ForeignKey("trading.Account", models.PROTECT, related_name="runs")
    code = models.CharField(max_length=12, unique=True)
    mode = models.CharField(max_length=10, choices=choices_of(RunMode))
    date = models.DateField()
    source = models.CharField(max_length=100)
    is_practice = models.BooleanField(default=False)
    tape_path = models.CharField(max_length=500, blank=True)
    tape_sha256 = models.CharField(max_length=64, blank=True)
    journal_path = models.CharField(max_length=500, blank=True)
    config_version = models.ForeignKey("trading.ConfigVersion", models.PROTECT, related_name="runs")
    banned = models.JSONField(null=True, blank=True)
    events = models.JSONField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=choices_of(RunState), default=RunState.RUNNING.value
    )
    code_revision = models.CharField(max_length=64, blank=True)
    fencing_token = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    decision_hash = models.CharField(max_length=64, blank=True)
    summary = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["account", "-date"], name="run_account_date")]
        constraints = [
            models.CheckConstraint(condition=one_of("mode", RunMode), name="run_mode_valid"),
            models.CheckConstraint(condition=one_of("state", RunState), name="run_state_valid"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Za-z0-9]{1,12}$"), name="run_code_alphanumeric"
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING.value, ended_at__isnull=True)
                | (~Q(state=RunState.RUNNING.value) & Q(ended_at__isnull=False)),
                name="run_ended_has_moment",
            ),
            models.UniqueConstraint(
                fields=["account", "date"],
                condition=Q(mode__in=SESSIONS, state=RunState.RUNNING.value),
                name="run_one_session_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.mode} {self.date}"
