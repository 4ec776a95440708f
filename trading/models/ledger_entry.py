"""Bookings on the account of a run. Where they come from is told by the engine's ledger."""

from __future__ import annotations

from django.db import models

from trading.models.base import RunRow, money


class LedgerEntry(RunRow):
    """One booking in rupees; `kind` is START, REALISED or a charge line, `balance` follows it."""

    code = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    plan = models.ForeignKey("trading.Plan", models.PROTECT, null=True, related_name="+")
    order = models.ForeignKey("trading.Order", models.PROTECT, null=True, related_name="+")
    amount = money()
    balance = money()
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["run", "code"], name="ledger_code_unique"),
            models.UniqueConstraint(fields=["run", "seq"], name="ledger_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+}"
