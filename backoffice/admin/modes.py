"""The desk's modes in the admin: every change with what the gate found. Changing is a page's."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from backoffice.admin.panels import Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import column, mark, toward, when
from backoffice.admin.unfolded import action
from trading.models import Mode, ModeChange


def _mode(row: ModeChange) -> object:
    return mark(row.mode, "warn" if row.mode == Mode.LIVE.value else "good")


@admin.register(ModeChange)
class ModeChangeAdmin(RecordAdmin):
    """One change of an account's mode; rows are never changed."""

    about = "LIVE is over by itself at midnight; every morning begins in PAPER."
    list_display = (
        when("at", "When"),
        column("Mode", "mode", _mode),
        toward("account"),
        "by",
        "reason",
        "override_reason",
        when("until", "Until"),
    )
    list_filter = ("mode", "by")
    search_fields = ("by", "reason", "override_reason")
    date_hierarchy = "at"
    ordering = ("-at",)
    relations = ("account",)
    actions_list = ("to_page",)
    fieldsets = (
        (
            "Change",
            {
                "fields": (
                    (column("Mode", None, _mode), toward("account"), "by"),
                    (when("at", "When"), when("until", "Until")),
                    ("reason", "override_reason"),
                )
            },
        ),
    )

    @action(
        description="Checks before LIVE",
        permissions=["control"],
        url_path="checks",
        icon="checklist",
    )
    def to_page(self, _request: HttpRequest) -> HttpResponse:
        """Go to the page of the mode."""
        return redirect("mode")

    def panels(self, request: HttpRequest, row: ModeChange) -> Sequence[Panel]:
        """Return what the gate found."""
        heads = ("Item", "Check", "Measured", "Allowed", "Passed")
        rows = [
            (
                str(check["item"]),
                check["name"],
                check["measured"],
                check["allowed"],
                "yes" if check["passed"] else "no",
            )
            for check in row.checks
        ]
        return (table("Checks", heads, rows, empty="PAPER needs none."),)
