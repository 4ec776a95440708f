"""A person's second factor. Making one and checking its codes live in `second_factors.py`."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SecondFactor(models.Model):
    """One person's authenticator app; its secret is kept encrypted.

    `confirmed_at`: null until a first code was right. `last_step`: the newest period of 30 s
    (since the epoch) whose code was used; no code is good twice. `wrong`: wrong codes in a row.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="second_factor"
    )
    secret = models.TextField(editable=False)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.PositiveBigIntegerField(default=0)
    wrong = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["user_id"]

    def __str__(self) -> str:
        return f"second factor of {self.user.get_username()}"
