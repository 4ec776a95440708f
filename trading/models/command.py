"""What operators asked for. The engine carries it out; the wish is written by a service."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from trading.engine.events import CommandKind
from trading.models.base import choices_of, one_of


class CommandState(StrEnum):
    """What has become of a command so far."""

    PENDING = "PENDING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class Command(models.Model):
    """One wish of one person to one run; `subject` names the position, strategy or kill scope."""

    account = models.ForeignKey("trading.Account", models.PROTECT, related_name="commands")
    run = models.ForeignKey("trading.Run", models.PROTECT, related_name="commands")
    kind = models.CharField(max_length=20, choices=choices_of(CommandKind))
    issued_by = models.CharField(max_length=150)
    issued_at = models.DateTimeField()
    reason = models.TextField()
    subject = models.CharField(max_length=120, blank=True)
    state = models.CharField(
        max_length=10, choices=choices_of(CommandState), default=CommandState.PENDING.value
    )
    outcome = models.TextField(blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "state"], name="command_run_state")]
        constraints = [
            models.CheckConstraint(
                condition=one_of("kind", CommandKind), name="command_kind_valid"
            ),
            models.CheckConstraint(
                condition=one_of("state", CommandState), name="command_state_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.issued_by}"
