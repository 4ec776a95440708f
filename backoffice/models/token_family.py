"""Log-ins by token. Giving tokens out and taking them back live in `backoffice/tokens.py`."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class TokenFamily(models.Model):
    """All tokens that one log-in led to; only the refresh token called `current` is good.

    `expires_at` stands from the log-in on: refreshing does not move it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="token_families"
    )
    current = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    started_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    why_revoked = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"{self.user_id} since {self.started_at:%Y-%m-%d %H:%M}"
