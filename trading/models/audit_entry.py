"""The audit log. Writing and verifying its chain live in `trading/services/audit.py`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class AuditEntry(models.Model):
    """One thing somebody did; a trigger refuses any later change.

    `number` runs from 1 without gaps. `hash` is the SHA-256 of `previous` and the entry's
    canonical JSON, so that one changed entry breaks the chain from there on.
    """

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    by = models.CharField(max_length=150)
    subject = models.CharField(max_length=200, blank=True)
    details = models.JSONField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["number"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="audit_number_from_1")
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} by {self.by}"
