"""Commands in the admin: what people asked the engine, waiting ones first, and what became of it.

They are given on the pages of a run or a position.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Case, Value, When

from backoffice.admin.filters import RunFilter
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import state, toward, when
from trading.models import Command, CommandState


@admin.register(Command)
class CommandAdmin(RecordAdmin):
    """One wish of one person."""

    list_display = (
        "kind",
        state(),
        "subject",
        "issued_by",
        when("issued_at", "Issued"),
        "reason",
        "outcome",
        when("taken_at", "Taken"),
        when("done_at", "Done"),
        toward("run"),
    )
    list_filter = (RunFilter, "state", "kind", "issued_by")
    search_fields = ("issued_by", "reason", "subject", "outcome", "run__code")
    date_hierarchy = "issued_at"
    ordering = (
        Case(When(state=CommandState.PENDING.value, then=Value(0)), default=Value(1)).asc(),
        "-id",
    )
    relations = ("run",)
    fieldsets = (
        (
            "Command",
            {
                "fields": (
                    ("kind", state(), "subject", "run"),
                    ("issued_by", when("issued_at", "Issued"), "reason"),
                    (when("taken_at", "Taken"), when("done_at", "Done"), "outcome"),
                )
            },
        ),
    )
