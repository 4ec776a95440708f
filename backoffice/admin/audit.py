"""The audit log in the admin: who did what, with before and after, and whether its chain holds.

Entries are written by services; a trigger in the database refuses any change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html

from backoffice.admin.panels import Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import column, list_address, when
from backoffice.admin.unfolded import action
from trading.models import AuditEntry
from trading.services import audit


def _brief(row: AuditEntry) -> object:
    text = ", ".join(f"{key}={_told(value)}" for key, value in row.details.items())
    return format_html('<span class="desk-brief" title="{}">{}</span>', text, text)


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """One thing somebody did."""

    list_display = (
        "number",
        when("at"),
        "action",
        "by",
        "subject",
        column("Details", None, _brief),
    )
    list_filter = ("action", "by")
    search_fields = ("action", "by", "subject", "hash")
    date_hierarchy = "at"
    ordering = ("-number",)
    actions_list = ("verify_chain",)
    fieldsets = (
        ("Entry", {"fields": (("number", "action", "by", when("at")), ("subject",))}),
        ("Chain", {"fields": (("previous",), ("hash",))}),
    )

    def panels(self, request: HttpRequest, row: AuditEntry) -> Sequence[Panel]:
        """Return what was changed, before beside after where the entry tells both."""
        details = dict(row.details)
        before, after = details.pop("before", None), details.pop("after", None)
        shown: list[Panel] = []
        if isinstance(before, dict) or isinstance(after, dict):
            shown.append(_change(before or {}, after or {}))
        elif before is not None or after is not None:
            details |= {"before": before, "after": after}
        rows = [(key, _told(value)) for key, value in details.items()]
        if rows or not shown:
            shown.append(table("Details", ("Key", "Value"), rows, empty="No details."))
        return shown

    @action(
        description="Verify the chain",
        permissions=["view"],
        url_path="verify-chain",
        icon="verified_user",
    )
    def verify_chain(self, request: HttpRequest) -> HttpResponse:
        """Walk the chain and say whether it holds."""
        report = audit.verify()
        if report.is_whole:
            messages.success(
                request, f"{report.entries} entries, the chain holds. Head {report.head[:16]}…"
            )
        else:
            messages.error(request, f"Broken at entry {report.broken}: {report.fault}.")
        return redirect(list_address(AuditEntry))


def _change(before: dict[str, Any], after: dict[str, Any]) -> Panel:
    rows = [
        (key, _told(before.get(key, "")), _told(after.get(key, "")))
        for key in dict.fromkeys([*before, *after])
    ]
    return table("Change", ("Field", "Before", "After"), rows)
