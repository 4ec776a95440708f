"""Who may trade an account. Taking, keeping and leaving the lease live in `trading/leader.py`."""

from __future__ import annotations

from django.db import models


class LeaderLease(models.Model):
    """One row an account, kept for ever, so that its token can only grow."""

    account = models.OneToOneField(
        "trading.Account", models.PROTECT, primary_key=True, related_name="lease"
    )
    holder = models.CharField(max_length=100)
    token = models.PositiveBigIntegerField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.holder} #{self.token}"
