"""Logins at the broker, their tokens encrypted.

How they come and go is `services/broker_login.py`.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q

from trading.models.base import choices_of, one_of


class SessionEnd(StrEnum):
    """Why a login is over before its time."""

    LOGOUT = "LOGOUT"
    REPLACED = "REPLACED"
    REFUSED = "REFUSED"


class BrokerSession(models.Model):
    """One login; of an app at most one isn't over. `token` is encrypted and goes with the login."""

    api_key = models.CharField(max_length=40)
    user_id = models.CharField(max_length=20)
    token = models.TextField(blank=True, editable=False)
    by = models.CharField(max_length=150)
    logged_in_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, choices=choices_of(SessionEnd), blank=True)

    class Meta:
        ordering = ["-logged_in_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["api_key"], condition=Q(ended_at=None), name="broker_session_one_an_app"
            ),
            models.CheckConstraint(
                condition=Q(end="") | one_of("end", SessionEnd), name="broker_session_end_valid"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="") | Q(ended_at__isnull=False) & ~Q(end=""),
                name="broker_session_ended_has_why",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(token=""), name="broker_session_over_has_no_token"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.logged_in_at:%Y-%m-%d %H:%M}"
