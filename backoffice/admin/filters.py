"""Filters that several lists share: which run, still open or over, which instrument.

A filter of one list only stands with that list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from backoffice.admin.present import present_run
from trading.models import Order, Run
from trading.models.order import FINAL
from trading.models.plan import OVER

_NEWEST = 12
_ALL = "all"


class RunFilter(SimpleListFilter):
    """Today's run unless another is chosen; a search or a date looks through all of them."""

    title = "run"
    parameter_name = "run"
    starts_with_all = False

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        self._present = present_run(request)
        self._is_searching = bool(request.GET.get("q")) or any(
            name.startswith(f"{model_admin.date_hierarchy}__") for name in request.GET
        )
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the newest runs by row id, and all."""
        newest = Run.objects.order_by("-started_at").only("code", "date", "mode")[:_NEWEST]
        named = [(str(run.pk), f"{run.code} · {run.date:%d %b} · {run.mode}") for run in newest]
        return [*named, (_ALL, "All runs")]

    @property
    def _has_default(self) -> bool:
        return not (self.starts_with_all or self._is_searching)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen run."""
        chosen = self.value()
        if chosen == _ALL or (chosen is None and not self._has_default):
            return queryset
        if chosen is None:
            return queryset.filter(run=self._present) if self._present else queryset
        return queryset.filter(run_id=int(chosen)) if chosen.isdecimal() else queryset.none()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer today's run first, where that is what an empty choice means."""
        if self._has_default:
            yield {
                "selected": self.value() is None,
                "query_string": changelist.get_query_string(remove=[self.parameter_name]),
                "display": f"Today: {self._present.code}" if self._present else "Today",
            }
        for value, title in self.lookup_choices:
            is_all = value == _ALL
            yield {
                "selected": self.value() == value
                or (is_all and self.value() is None and not self._has_default),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }


class AnyRunFilter(RunFilter):
    """All runs unless one is chosen; for rows that may come from outside a run."""

    starts_with_all = True


class StageFilter(SimpleListFilter):
    """Still open, or over; for what a plan's states are used for."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two stages."""
        return [("open", "Open"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen stage."""
        match self.value():
            case "open":
                return queryset.exclude(state__in=OVER)
            case "over":
                return queryset.filter(state__in=OVER)
            case _:
                return queryset


class WorkingFilter(SimpleListFilter):
    """Orders of which more is expected, and those whose outcome nobody has proven."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the stages of an order."""
        return [("working", "Working"), ("unknown", "Outcome unknown"), ("final", "Final")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep the orders of the chosen stage."""
        stages = {
            "working": ~Q(state__in=FINAL),
            "unknown": Q(state="UNKNOWN"),
            "final": Q(state__in=FINAL),
        }
        chosen = stages.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class UnderlyingFilter(SimpleListFilter):
    """The underlying, by the instruments of the run that is shown."""

    title = "underlying"
    parameter_name = "underlying"
    path = "instrument"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the names that occur in today's run."""
        run = present_run(request)
        rows = model_admin.model._default_manager.filter(run=run).order_by()
        names = rows.values_list(f"{self.path}__name", flat=True).distinct()
        return [(name, name) for name in sorted(name for name in names if name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen underlying."""
        chosen = self.value()
        return queryset.filter(**{f"{self.path}__name": chosen}) if chosen else queryset


class PlanUnderlyingFilter(UnderlyingFilter):
    """The underlying, for rows that reach their instrument through a signal."""

    path = "signal__instrument"
