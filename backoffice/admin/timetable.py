"""What the timetable did, in the admin: each due task's outcome, and the reports people read.

When tasks are due is set in `schedules.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from backoffice.admin.config_diff import lines_of
from backoffice.admin.panels import Figure, Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, mark, number, state, toward, when
from trading.models import Report, TaskRun


def _took(row: TaskRun) -> str:
    if row.started_at is None or row.ended_at is None:
        return EMPTY
    return f"{(row.ended_at - row.started_at).total_seconds():.1f} s"


@admin.register(TaskRun)
class TaskRunAdmin(RecordAdmin):
    """One task at one moment it was due."""

    list_display = (
        "name",
        when("due_at", "Due"),
        state("outcome"),
        column("Took", None, _took),
        "attempts",
        "detail",
        toward("run"),
    )
    list_filter = ("outcome", "name")
    search_fields = ("name", "detail", "run__code")
    date_hierarchy = "due_at"
    ordering = ("-due_at", "name")
    relations = ("run",)
    fieldsets = (
        (
            "Task",
            {
                "fields": (
                    ("name", state("outcome"), "attempts", "run"),
                    (
                        when("due_at", "Due"),
                        when("started_at", "Started"),
                        when("ended_at", "Ended"),
                        column("Took", None, _took),
                    ),
                    ("detail",),
                )
            },
        ),
    )

    def totals(self, rows: QuerySet[TaskRun]) -> Sequence[Figure]:
        """Return how the shown tasks ended."""
        counts = rows.aggregate(
            done=Count("pk", filter=Q(outcome="DONE")),
            failed=Count("pk", filter=Q(outcome="FAILED")),
            missed=Count("pk", filter=Q(outcome="MISSED")),
        )
        return (
            Figure("Done", counts["done"]),
            Figure("Failed", counts["failed"], "bad" if counts["failed"] else ""),
            Figure("Missed", counts["missed"], "bad" if counts["missed"] else ""),
        )


def _verdict(row: Report) -> object:
    return mark("good", "good") if row.is_good else mark("look at it", "bad")


@admin.register(Report)
class ReportAdmin(RecordAdmin):
    """One report on one day."""

    list_display = (
        column("Report", "kind", lambda row: row.get_kind_display()),
        "day",
        column("Verdict", "is_good", _verdict),
        "text",
        toward("run"),
        when("made_at", "Made"),
    )
    list_filter = ("kind", "is_good")
    search_fields = ("kind", "text", "run__code")
    date_hierarchy = "day"
    ordering = ("-day", "-made_at")
    relations = ("run",)
    fieldsets = (
        (
            "Report",
            {
                "fields": (
                    ("kind", "day", column("Verdict", None, _verdict), when("made_at", "Made")),
                    ("text", "run"),
                )
            },
        ),
    )

    def panels(self, request: HttpRequest, row: Report) -> Sequence[Panel]:
        """Return the document: values first, then each list of entries as its own table."""
        lines = lines_of(row.document)
        lists = {key: value for key, value in lines.items() if _is_list_of_entries(value)}
        values = [(key, _told(value)) for key, value in lines.items() if key not in lists]
        shown: list[Panel] = [table("Content", ("Key", "Value"), values)]
        return [*shown, *(_entries(key, value) for key, value in lists.items())]


def _is_list_of_entries(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) for e in value)


def _entries(title: str, entries: list[dict[str, Any]]) -> Panel:
    headers = tuple(dict.fromkeys(key for entry in entries for key in entry))
    rows = [[_told(entry.get(key)) for key in headers] for entry in entries]
    return table(title, headers, rows)


def _told(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_told(entry) for entry in value) or EMPTY
    return number(value)
