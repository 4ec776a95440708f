"""Opinions, the refused ones too. What the gate answered stands in `decision.py`."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from trading.models.base import RunRow, money


class Signal(RunRow):
    """One opinion with its score and what became of it; `why_not` is empty if it went on.

    `features` holds [name, value] pairs; `contributions` and `penalties` add up to the score.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=120)
    config_version = models.ForeignKey("trading.ConfigVersion", models.PROTECT, related_name="+")
    setup_key = models.CharField(max_length=300)
    strategy = models.CharField(max_length=50)
    instrument = models.ForeignKey("trading.Instrument", models.PROTECT, related_name="+")
    traded = models.ForeignKey("trading.Instrument", models.PROTECT, null=True, related_name="+")
    direction = models.SmallIntegerField()
    entry = money()
    stop = money()
    target1 = money(null=True)
    target2 = money(null=True)
    confidence = models.FloatField(null=True)
    valid_until = models.DateTimeField()
    features = models.JSONField()
    score = models.FloatField(null=True)
    rank = models.IntegerField()
    contributions = models.JSONField()
    penalties = models.JSONField()
    why_not = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        indexes = [models.Index(fields=["run", "seq"], name="signal_run_seq")]
        constraints = [
            models.UniqueConstraint(fields=["run", "code"], name="signal_code_unique"),
            models.CheckConstraint(condition=Q(direction__in=[-1, 0, 1]), name="signal_direction"),
        ]

    def __str__(self) -> str:
        return self.code
