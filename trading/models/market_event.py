"""Moments the market waits for (RBI, CPI, Budget, results), as the desk knows them.

What they do to trading is decided elsewhere, and which of them hold by `services/events.py`.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q

from marketdata.events import EventKind, Timing
from trading.models.base import choices_of, one_of


class Origin(StrEnum):
    """Where a row comes from: the packaged data file, or a person of the desk."""

    FILE = "FILE"
    DESK = "DESK"


class MarketEvent(models.Model):
    """One announcement; `severity` from 0 (harmless) to 1, and where its date was published.

    `underlying`: the company whose results they are, empty otherwise. With another `timing` than
    AT only the day of `starts_at` counts. A row of the desk goes before what the file says;
    `called_off`: the event doesn't take place, whatever the file says.
    """

    kind = models.CharField(max_length=20, choices=choices_of(EventKind))
    underlying = models.CharField(max_length=50, blank=True, default="")
    starts_at = models.DateTimeField()
    timing = models.CharField(max_length=20, choices=choices_of(Timing), default=Timing.AT.value)
    severity = models.FloatField()
    source = models.CharField(max_length=300)
    origin = models.CharField(max_length=10, choices=choices_of(Origin), default=Origin.FILE.value)
    called_off = models.BooleanField(default=False)

    class Meta:
        ordering = ["starts_at", "kind", "underlying"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "underlying", "starts_at"], name="market_event_unique"
            ),
            models.CheckConstraint(
                condition=one_of("kind", EventKind), name="market_event_kind_valid"
            ),
            models.CheckConstraint(
                condition=one_of("timing", Timing), name="market_event_timing_valid"
            ),
            models.CheckConstraint(
                condition=one_of("origin", Origin), name="market_event_origin_valid"
            ),
            models.CheckConstraint(
                condition=Q(severity__gte=0, severity__lte=1), name="market_event_severity"
            ),
            models.CheckConstraint(
                condition=Q(kind=EventKind.RESULTS.value) ^ Q(underlying=""),
                name="market_event_whose",
            ),
        ]

    def __str__(self) -> str:
        whose = f"{self.underlying} " if self.underlying else ""
        return f"{whose}{self.kind} {self.starts_at}"
