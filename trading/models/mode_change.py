"""Which mode the desk was put into, by whom and why. What a mode needs is said by its services."""

from __future__ import annotations

from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from trading.models.base import choices_of, one_of


class Mode(StrEnum):
    """Where orders go: to the simulated exchange, or to a real broker."""

    PAPER = "PAPER"
    LIVE = "LIVE"


class ModeChange(models.Model):
    """One change of an account's mode; a trigger refuses any later change of the row.

    `until`: when LIVE is over by itself, null for PAPER. `checks`: what the gate found, every
    check with what was measured and allowed; with `override_reason` it is the incident's snapshot.
    """

    account = models.ForeignKey("trading.Account", models.PROTECT, related_name="mode_changes")
    mode = models.CharField(max_length=10, choices=choices_of(Mode))
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=150)
    reason = models.TextField()
    override_reason = models.TextField(blank=True)
    checks = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="mode_change_account_at")]
        constraints = [
            models.CheckConstraint(condition=one_of("mode", Mode), name="mode_change_mode_valid"),
            models.CheckConstraint(
                condition=Q(mode=Mode.PAPER.value, until__isnull=True)
                | Q(mode=Mode.LIVE.value, until__gt=models.F("at")),
                name="mode_change_live_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} by {self.by}"
