"""What became of each alert on each channel. Choosing channels and sending live in the console."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from trading.models.base import choices_of, one_of


class DeliveryState(StrEnum):
    """How far a message has come."""

    PENDING = "PENDING"
    SENT = "SENT"
    SUPPRESSED = "SUPPRESSED"
    FAILED = "FAILED"


class Delivery(models.Model):
    """One alert on its way to one channel.

    `fingerprint` is equal for alerts that say the same; `detail` why it was suppressed, or what
    the last try met. Nothing secret stands here.
    """

    alert = models.ForeignKey("trading.Alert", models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=choices_of(DeliveryState))
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="delivery_state_due"),
            models.Index(fields=["channel", "fingerprint", "-made_at"], name="delivery_same"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel"], name="delivery_once_a_channel"),
            models.CheckConstraint(
                condition=one_of("state", DeliveryState), name="delivery_state_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} on {self.channel}: {self.state}"
