"""Plans in the admin, with their legs, their way out, and every change of their state.

The orders that carried them out are in `orders.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Case, Value, When
from django.http import HttpRequest

from backoffice.admin.chain import Stations, chain_of_plan
from backoffice.admin.filters import RunFilter, StageFilter
from backoffice.admin.outlooks import outlook_of
from backoffice.admin.panels import Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.rows import fills_of_plan, life_of_plan, orders_of_plan
from backoffice.admin.shown import column, inr, link, rupees, side, state, toward, when
from trading.models import Leg, Plan, PlanEvent
from trading.models.plan import OVER

_side = column("Side", "direction", lambda row: side(row.direction))


@admin.register(Plan)
class PlanAdmin(RecordAdmin):
    """What an approved decision set out to do."""

    list_display = (
        "code",
        state(),
        when("at"),
        "strategy",
        _side,
        rupees("entry"),
        rupees("stop"),
        rupees("target1", "Target 1"),
        rupees("target2", "Target 2"),
        toward("decision"),
        "reason",
    )
    list_filter = (StageFilter, RunFilter, "state", "strategy", "direction")
    search_fields = ("code", "strategy", "decision__code", "reason", "legs__instrument__symbol")
    date_hierarchy = "at"
    ordering = (
        Case(When(state__in=OVER, then=Value(1)), default=Value(0)).asc(),
        "-run_id",
        "-seq",
    )
    relations = ("decision",)
    fieldsets = (
        (
            "Plan",
            {
                "fields": (
                    ("code", state(), "strategy", _side),
                    (rupees("entry"), rupees("stop"), rupees("target1"), rupees("target2")),
                    ("reason", when("at", "Changed")),
                    ("decision", "run", "seq"),
                )
            },
        ),
    )

    def chain(self, row: Plan) -> Stations:
        """Return the chain the plan stands in."""
        return chain_of_plan(row)

    def panels(self, request: HttpRequest, row: Plan) -> Sequence[Panel]:
        """Return its legs, what they can come to, its life, its orders and trades."""
        legs = [
            (leg.number, leg.side, leg.quantity, link(leg.instrument), inr(leg.limit_price))
            for leg in row.legs.select_related("instrument").order_by("number")
        ]
        return (
            table(
                "Legs",
                ("Leg", "Side", "Quantity", "Instrument", "Limit price"),
                legs,
                numeric=(2, 4),
            ),
            *outlook_of(row),
            life_of_plan(row),
            orders_of_plan(row),
            fills_of_plan(row),
        )


@admin.register(PlanEvent)
class PlanEventAdmin(RecordAdmin):
    """One change of a plan's state."""

    list_display = (when("at"), toward("plan"), state(), "reason")
    list_display_links = None
    list_filter = (RunFilter, "state")
    search_fields = ("plan__code", "reason")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("plan",)

    def chain(self, row: PlanEvent) -> Stations:
        """Return the chain the plan stands in."""
        return chain_of_plan(row.plan)


@admin.register(Leg)
class LegAdmin(RecordAdmin):
    """One contract of a plan."""

    list_display = (
        toward("plan"),
        "number",
        "side",
        "quantity",
        toward("instrument", order="instrument__symbol"),
        rupees("limit_price"),
    )
    list_display_links = None
    list_filter = ("side",)
    search_fields = ("plan__code", "instrument__symbol")
    ordering = ("-plan__run_id", "-plan__seq", "number")
    relations = ("plan", "instrument")

    def chain(self, row: Leg) -> Stations:
        """Return the chain the plan stands in."""
        return chain_of_plan(row.plan)
