"""The exchange's list of shares whose derivatives may not be entered on a day."""

from __future__ import annotations

from django.db import models


class BanList(models.Model):
    """One day's list; a day without a row is a day whose list isn't known, not an empty list."""

    day = models.DateField(unique=True)
    symbols = models.JSONField()
    source = models.CharField(max_length=300)
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {len(self.symbols)} banned"
