"""The account: whose money a run trades. What it is worth stands in the ledger rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trading.models.base import money


class Account(models.Model):
    """One pot of money at one broker; `start_capital` in rupees, paper accounts only."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    broker = models.CharField(max_length=20, default="paper")
    start_capital = money()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(start_capital__gt=0), name="account_capital_above_0")
        ]

    def __str__(self) -> str:
        return self.code
