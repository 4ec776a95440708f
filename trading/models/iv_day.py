"""How volatile an underlying's options were at the end of a day. Taking it is a service's work."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q


class IvDay(models.Model):
    """Volatility at the money of one day, underlying and source of prices, 30 days ahead.

    `volatility`: a fraction a year. `source`: where the prices came from; days of different
    sources are never compared. `expiries`: what it was made of, years and volatility by expiry.
    """

    day = models.DateField()
    underlying = models.CharField(max_length=40)
    source = models.CharField(max_length=100)
    volatility = models.FloatField()
    expiries = models.JSONField(encoder=DjangoJSONEncoder)
    run = models.ForeignKey("trading.Run", models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["-day", "underlying"]
        verbose_name = "volatility of a day"
        verbose_name_plural = "volatilities of days"
        constraints = [
            models.UniqueConstraint(fields=["day", "underlying", "source"], name="iv_day_once"),
            models.CheckConstraint(
                condition=Q(volatility__gt=0, volatility__lt=10), name="iv_day_possible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.underlying}: {self.volatility:.1%}"
