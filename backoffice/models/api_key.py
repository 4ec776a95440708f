"""Keys for programs. Making, finding and revoking them live in `backoffice/api_keys.py`."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ApiKey(models.Model):
    """One key of one user; only its prefix and the SHA-256 of its secret are kept.

    `scopes`: values of `Action`; what the owner's role doesn't allow, the key doesn't either.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="api_key_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="api_key_digest_is_sha256"
            ),
        ]

    def is_good(self, at: datetime) -> bool:
        """Say whether the key opens anything at `at`; at its expiry it no longer does."""
        return self.revoked_at is None and at < self.expires_at

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
