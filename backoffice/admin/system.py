"""The desk's own machinery in the admin: who leads, and how far the journals have become rows.

Nothing here takes or gives a lease.
"""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import column, mark, toward, when
from trading.models import LeaderLease, RecorderPosition


def _leads(row: LeaderLease) -> object:
    holds = row.expires_at > timezone.now()
    return mark("leads", "good") if holds else mark("expired", "warn")


@admin.register(LeaderLease)
class LeaderLeaseAdmin(RecordAdmin):
    """Who may trade an account."""

    list_display = (
        toward("account"),
        column("Lease", None, _leads),
        "holder",
        "token",
        when("expires_at", "Expires"),
    )
    list_display_links = ("holder",)
    ordering = ("account",)
    relations = ("account",)


@admin.register(RecorderPosition)
class RecorderPositionAdmin(RecordAdmin):
    """How far a run's journal has become rows."""

    list_display = (
        toward("run"),
        "seq",
        "offset",
        "fencing_token",
        "ended",
        when("moved_at", "Moved"),
    )
    list_display_links = ("seq",)
    list_filter = ("ended",)
    search_fields = ("run__code",)
    date_hierarchy = "moved_at"
    ordering = ("-moved_at",)
    relations = ("run",)
