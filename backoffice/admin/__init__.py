"""What the console's admin shows of each table, one file a noun; the site is `admin_site.py`."""

from backoffice.admin import (
    alerts,
    audit,
    broker,
    commands,
    configs,
    decisions,
    doors,
    events,
    fills,
    ledger,
    modes,
    orders,
    plans,
    positions,
    reference,
    runs,
    schedules,
    second_factors,
    signals,
    system,
    timetable,
    users,
)
from backoffice.admin.others import register_the_rest

register_the_rest()

__all__ = [
    "alerts",
    "audit",
    "broker",
    "commands",
    "configs",
    "decisions",
    "doors",
    "events",
    "fills",
    "ledger",
    "modes",
    "orders",
    "plans",
    "positions",
    "reference",
    "runs",
    "schedules",
    "second_factors",
    "signals",
    "system",
    "timetable",
    "users",
]
