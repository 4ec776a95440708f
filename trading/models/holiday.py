"""Days without a session. What a day's sessions are is decided by the market calendar."""

from __future__ import annotations

from django.db import models


class Holiday(models.Model):
    """One date on which the exchanges are closed, and where that was published."""

    date = models.DateField(unique=True)
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
