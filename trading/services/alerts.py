"""Raising an alert from outside an engine; where it is told is chosen by the console's router."""

from __future__ import annotations

from datetime import datetime

from trading.models import Account, Alert

INFO = "INFO"
WARNING = "WARNING"
CRITICAL = "CRITICAL"


def raise_alert(
    kind: str, *, severity: str, text: str, at: datetime, account: Account | None = None
) -> Alert:
    """Store a message for the operator; `at` is exchange time, simulated where the day is."""
    return Alert.objects.create(kind=kind, severity=severity, text=text, at=at, account=account)
