"""Moments the market waits for (RBI, CPI, Budget). What they do to trading is decided elsewhere."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketdata.events import EventKind
from trading.models.base import choices_of, one_of


class MarketEvent(models.Model):
    """One announcement; `severity` from 0 (harmless) to 1, and where its date was published."""

    kind = models.CharField(max_length=20, choices=choices_of(EventKind))
    starts_at = models.DateTimeField()
    severity = models.FloatField()
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["starts_at", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "starts_at"], name="market_event_unique"),
            models.CheckConstraint(
                condition=one_of("kind", EventKind), name="market_event_kind_valid"
            ),
            models.CheckConstraint(
                condition=Q(severity__gte=0, severity__lte=1), name="market_event_severity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at}"
