"""The instrument as it stood on one day. Reading a dump and checking it lives below the line."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketdata.instruments import Exchange, Kind
from trading.models.base import choices_of, money, one_of


class Instrument(models.Model):
    """One line of one day's list, with that day's facts; `is_listed` is false once left out."""

    day = models.DateField()
    exchange = models.CharField(max_length=3, choices=choices_of(Exchange))
    symbol = models.CharField(max_length=60)
    token = models.BigIntegerField()
    name = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=5, choices=choices_of(Kind))
    expiry = models.DateField(null=True, blank=True)
    strike = money(null=True, blank=True)
    lot_size = models.PositiveIntegerField()
    tick_size = money()
    freeze_quantity = models.PositiveIntegerField(null=True, blank=True)
    made_from = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=100)
    is_listed = models.BooleanField(default=True)

    class Meta:
        ordering = ["-day", "exchange", "symbol"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "exchange", "symbol"], name="instrument_once_a_day"
            ),
            models.CheckConstraint(
                condition=one_of("exchange", Exchange), name="instrument_exchange_valid"
            ),
            models.CheckConstraint(condition=one_of("kind", Kind), name="instrument_kind_valid"),
            models.CheckConstraint(condition=Q(lot_size__gte=1), name="instrument_lot_at_least_1"),
            models.CheckConstraint(condition=Q(tick_size__gt=0), name="instrument_tick_above_0"),
        ]

    @property
    def key(self) -> str:
        """Return the name the instrument has in journals, `NFO:NIFTY26NOVFUT`."""
        return f"{self.exchange}:{self.symbol}"

    def __str__(self) -> str:
        return self.key
