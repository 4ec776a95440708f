"""The page of a row that nobody edits: its list with totals, its facts, its chain, its panels.

What each table shows of itself is said in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from backoffice.admin.access import Rights
from backoffice.admin.chain import Stations
from backoffice.admin.panels import Figure, Panel
from backoffice.admin.unfolded import ModelAdmin


class RecordAdmin(Rights, ModelAdmin):
    """A read-only table.

    `relations`: what a list and a page show of other rows, fetched with them. `about`: one
    sentence above the list, where the operator must know something.
    """

    relations: tuple[str, ...] = ()
    about = ""
    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    list_before_template = "desk_admin/above_list.html"
    change_form_template = "desk_admin/record.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch each row with what is shown of its relations."""
        rows = super().get_queryset(request)
        return rows.select_related(*self.relations) if self.relations else rows

    def chain(self, row: Any) -> Stations:
        """Return the chain to show above the facts; none by default."""
        return ()

    def panels(self, request: HttpRequest, row: Any) -> Sequence[Panel]:
        """Return what to show below the facts; nothing by default."""
        return ()

    def totals(self, rows: QuerySet[Any]) -> Sequence[Figure]:
        """Return what the filtered rows add up to; nothing by default."""
        return ()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with its totals and the sentence about it."""
        page = super().changelist_view(request, extra_context)
        context = getattr(page, "context_data", None)
        if context and "cl" in context:
            context["totals"] = self.totals(context["cl"].queryset.order_by())
            context["about"] = self.about
        return page

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        """Show a row with its chain and panels."""
        if obj is not None:
            context["stations"] = self.chain(obj)
            context["panels"] = self.panels(request, obj)
            context["about"] = self.about
        return super().render_change_form(request, context, add, change, form_url, obj)
