"""Beat's timetable in the admin: editable by admins, every change with before and after.

What the timetable is meant to be is written in `aitrapp/schedule.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)

from backoffice.admin.audited import AuditedAdmin, Facts, note_change
from backoffice.admin.shown import column, when

if TYPE_CHECKING:
    from django.forms import Select as UnfoldAdminSelectWidget
    from django.forms import TextInput as UnfoldAdminTextInputWidget
else:
    from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

_SHAPES = {"args": list, "kwargs": dict, "headers": dict}
_MOVES_BY_ITSELF = frozenset({"last_run_at", "total_run_count", "date_changed"})


class TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]
    """The known tasks, in the admin's looks."""


class TaskForm(PeriodicTaskForm):  # type: ignore[misc]
    """Beat's own form and checks, in the admin's looks."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskWidget()
        for name in ("description", "args", "kwargs", "headers"):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 3

    def clean(self) -> Any:
        """Return the fields. Raises `ValidationError` for arguments that beat can't hand on."""
        told = super().clean()
        for name, shape in _SHAPES.items():
            if name in self.cleaned_data and not _is_shaped(self.cleaned_data[name], shape):
                wanted = "a list, [...]" if shape is list else "an object, {...}"
                self.add_error(name, forms.ValidationError(f"Expected JSON: {wanted}."))
        return told


def _is_shaped(text: str, shape: type) -> bool:
    """Say whether a text is JSON of a shape, without NaN; an empty one stands for none."""
    try:
        found = json.loads(text, parse_constant=_refused) if text else shape()
    except (ValueError, RecursionError):
        return False
    return isinstance(found, shape)


def _refused(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _when(row: Any) -> str:
    if row.crontab:
        return str(row.crontab.human_readable)
    return str(row.interval or row.clocked or row.solar or "never")


class ScheduleAdmin(AuditedAdmin):
    """A kind of moment that tasks can be tied to."""

    noun = "schedule"


for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(AuditedAdmin):
    """One row of the timetable."""

    noun = "timetable"
    left_out = _MOVES_BY_ITSELF
    about = (
        "Safety rows are put back as written in the project's timetable at every start of beat; "
        "other rows keep what is set here."
    )
    list_before_template = "desk_admin/above_list.html"
    form = TaskForm
    list_display = (
        "name",
        "enabled",
        column("When", None, _when),
        "task",
        when("last_run_at", "Last run"),
        "total_run_count",
    )
    list_filter = ("enabled", "one_off")
    search_fields = ("name", "task", "description")
    ordering = ("name",)
    actions = ("switch_on", "switch_off")
    readonly_fields = ("last_run_at", "total_run_count")
    fieldsets = (
        ("Task", {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (
            "When",
            {
                "fields": (
                    *("crontab", "interval", "clocked", "solar", "one_off", "start_time"),
                    *("last_run_at", "total_run_count"),
                ),
            },
        ),
        ("Arguments", {"fields": ("args", "kwargs"), "classes": ("tab",)}),
        (
            "Delivery",
            {
                "fields": (
                    *("expires", "expire_seconds", "queue", "exchange", "routing_key"),
                    *("priority", "headers"),
                ),
                "classes": ("tab",),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the moments with the tasks."""
        moments = ("crontab", "interval", "clocked", "solar")
        rows: QuerySet[Any] = super().get_queryset(request).select_related(*moments)
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say which rows are put back by themselves."""
        return super().changelist_view(request, {"about": self.about, **(extra_context or {})})

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the chosen tasks run."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop the chosen tasks from running."""
        self._switch(request, queryset, enabled=False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, rows: QuerySet[Any], *, enabled: bool) -> None:
        for row in rows.exclude(enabled=enabled):
            before = self.facts(row)
            row.enabled = enabled
            row.save()
            note_change(f"{self.noun}.change", request, row.name, before, self.facts(row))
        PeriodicTasks.update_changed()

    def subject(self, row: Model) -> str:
        """Return the task's name, which stays when its moment moves."""
        return str(row.serializable_value("name"))

    def facts(self, row: Model) -> Facts:
        """Return the task with its moments in words."""
        named = {
            name: str(getattr(row, name) or "")
            for name in ("crontab", "interval", "clocked", "solar")
        }
        return {**super().facts(row), **named}


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ScheduleAdmin):
    """Moments told as a crontab line."""

    list_display = ("__str__", "human_readable", "timezone")
    search_fields = ("minute", "hour", "day_of_week")
    ordering = ("hour", "minute")


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ScheduleAdmin):
    """Every so often."""

    list_display = ("__str__", "every", "period")
    search_fields = ("period",)


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(ScheduleAdmin):
    """Once, at a moment."""

    list_display = (when("clocked_time", "At"),)
    search_fields = ("clocked_time",)


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ScheduleAdmin):
    """By the sun; kept because beat can."""

    list_display = ("event", "latitude", "longitude")
    search_fields = ("event",)
