"""Sessions off the rule (Muhurat, Budget weekends); the rule lives in the market calendar."""

from __future__ import annotations

from django.db import models


class SpecialSession(models.Model):
    """A date with a session the weekday and holiday list would deny, and where it was published.

    `windows`: [opens, closes] pairs in India time, null where they aren't published; `regular`
    sessions keep the ordinary hours of their date and have none.
    """

    date = models.DateField(unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=30)
    regular = models.BooleanField()
    windows = models.JSONField(null=True)
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
