"""Versions of the configuration, kept for ever. Which one holds stands in `activation.py`."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q


class ConfigVersion(models.Model):
    """One effective configuration as canonical JSON text; a trigger refuses any change of it."""

    kind = models.CharField(max_length=30)
    number = models.PositiveIntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    author = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="config_number_unique"),
            models.UniqueConstraint(fields=["kind", "sha256"], name="config_content_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="config_number_from_1"),
        ]

    @property
    def content(self) -> dict[str, Any]:
        """Return the configuration as plain values."""
        content: dict[str, Any] = json.loads(self.document)
        return content

    def __str__(self) -> str:
        return f"{self.kind} v{self.number}"
