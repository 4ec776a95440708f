"""Positions in the admin: open ones first, how they are protected, what they earned.

Closing one is a command to the engine; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from backoffice.admin.asking import Wish, command, row_of, row_or_404
from backoffice.admin.chain import Stations, chain_of_plan
from backoffice.admin.cover import cover_of
from backoffice.admin.filters import RunFilter, StageFilter, UnderlyingFilter
from backoffice.admin.panels import Figure, Panel
from backoffice.admin.record import RecordAdmin
from backoffice.admin.rows import fills_of_plan, orders_of_plan
from backoffice.admin.shown import (
    EMPTY,
    address,
    column,
    figure,
    inr,
    mark,
    money,
    profit,
    rupees,
    side,
    state,
    toward,
    when,
)
from backoffice.admin.unfolded import ActionVariant, action
from trading.engine.events import CommandKind
from trading.models import Position
from trading.models.plan import OVER

_net = F("gross") - F("charges")


def _protection(row: Position) -> object:
    return mark(*cover_of(row)) if row.quantity else EMPTY


@admin.register(Position)
class PositionAdmin(RecordAdmin):
    """One position."""

    list_display = (
        "code",
        state(),
        "strategy",
        toward("instrument", order="instrument__symbol"),
        column("Side", "direction", lambda row: side(row.direction)),
        "quantity",
        rupees("average_entry", "Entry"),
        rupees("stop"),
        column("Protected", None, _protection),
        rupees("average_exit", "Exit"),
        column("Net", "net", lambda row: money(row.net)),
        figure("mae_r", "MAE R"),
        figure("mfe_r", "MFE R"),
        "exit_reason",
        when("opened_at", "Opened"),
        when("closed_at", "Closed"),
    )
    list_filter = (StageFilter, RunFilter, "state", UnderlyingFilter, "strategy", "exit_reason")
    search_fields = ("code", "plan__code", "instrument__symbol", "strategy", "exit_reason")
    date_hierarchy = "at"
    ordering = (
        Case(When(state__in=OVER, then=Value(1)), default=Value(0)).asc(),
        F("opened_at").desc(nulls_last=True),
        "code",
    )
    relations = ("instrument", "plan")
    actions_detail = ("close",)
    fieldsets = (
        (
            "Position",
            {
                "fields": (
                    ("code", state(), "strategy", "instrument"),
                    (
                        column("Side", None, lambda row: side(row.direction)),
                        "quantity",
                        "opened_quantity",
                        column("Protected", None, _protection),
                    ),
                    (
                        rupees("average_entry", "Average entry"),
                        rupees("stop"),
                        rupees("average_exit", "Average exit"),
                        "exit_reason",
                    ),
                    (when("opened_at", "Opened"), when("closed_at", "Closed"), when("at", "As of")),
                )
            },
        ),
        (
            "Result",
            {
                "fields": (
                    (
                        profit("gross"),
                        rupees("charges"),
                        column("Net", None, lambda row: money(row.net)),
                    ),
                    (figure("mae_r", "Worst, in R"), figure("mfe_r", "Best, in R")),
                    ("run", "plan", "seq"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        """Add the net profit."""
        rows: QuerySet[Position] = super().get_queryset(request).annotate(net=_net)
        return rows

    def get_list_display(self, request: HttpRequest) -> Any:
        """Offer closing beside each open position to whoever may."""
        code, standing, *rest = super().get_list_display(request)
        if not self.has_control_permission(request):
            return [code, standing, *rest]
        return [code, standing, column("Command", None, _closing), *rest]

    def totals(self, rows: QuerySet[Position]) -> Sequence[Figure]:
        """Return what the shown positions add up to."""
        sums = rows.aggregate(gross=Sum("gross"), charges=Sum("charges"))
        gross, charges = sums["gross"] or 0, sums["charges"] or 0
        held = rows.exclude(state__in=OVER).count()
        return (
            Figure("Open", held, "warn" if held else ""),
            Figure("Gross, realised", money(gross)),
            Figure("Charges", inr(charges)),
            Figure("Net", money(gross - charges)),
        )

    def chain(self, row: Position) -> Stations:
        """Return the chain of the position's plan."""
        return chain_of_plan(row.plan, row) if row.plan else ()

    def panels(self, request: HttpRequest, row: Position) -> Sequence[Panel]:
        """Return its orders and trades."""
        if row.plan is None:
            return ()
        return (orders_of_plan(row.plan), fills_of_plan(row.plan))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer closing while there is something to close."""
        held = row_of(Position.objects.exclude(state__in=OVER), object_id)
        return super().get_actions_detail(request, object_id) if held else []

    @action(
        description="Close this position",
        permissions=["control"],
        url_path="close",
        icon="cancel",
        variant=ActionVariant.DANGER,
    )
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the engine to close one position."""
        position = row_or_404(Position.objects.select_related("run", "instrument"), object_id)
        wish = Wish(
            CommandKind.CLOSE_POSITION,
            "Close position",
            f"Closes {position.quantity:+d} {position.instrument} at the market; its stop order "
            "becomes the exit. Other positions stay.",
            is_grave=True,
            subject=position.code,
        )
        return command(self, request, position.run, wish, address(position))


def _closing(row: Position) -> object:
    if row.state in OVER:
        return ""
    return format_html(
        '<a class="desk-link desk-bad" href="{}">Close …</a>',
        reverse("admin:trading_position_close", args=[row.pk]),
    )
