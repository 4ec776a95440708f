"""Orders in the admin: working ones first, each with its life, its trades and its bookings.

Nothing here sends, changes or cancels an order; only the engine does.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.http import HttpRequest

from backoffice.admin.chain import Stations, chain_of_plan, chain_without_plan
from backoffice.admin.filters import RunFilter, UnderlyingFilter, WorkingFilter
from backoffice.admin.panels import Figure, Panel
from backoffice.admin.record import RecordAdmin
from backoffice.admin.rows import bookings_of, fills_of_order, life_of
from backoffice.admin.shown import column, rupees, state, toward, when
from trading.models import Order, OrderEvent
from trading.models.order import FINAL

_filled = column("Filled", "filled_quantity", lambda row: f"{row.filled_quantity}/{row.quantity}")


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    """One order."""

    list_display = (
        "client_id",
        state(),
        "role",
        "side",
        toward("instrument", order="instrument__symbol"),
        _filled,
        "order_type",
        rupees("price"),
        rupees("trigger_price", "Trigger"),
        rupees("average_price", "Average"),
        "modifications",
        toward("plan"),
        "reason",
        when("planned_at", "Planned"),
        when("at", "Changed"),
    )
    list_filter = (WorkingFilter, RunFilter, "state", "role", "side", UnderlyingFilter)
    search_fields = ("client_id", "broker_id", "instrument__symbol", "plan__code", "reason")
    date_hierarchy = "planned_at"
    ordering = (
        Case(When(state__in=FINAL, then=Value(1)), default=Value(0)).asc(),
        "-planned_at",
        "client_id",
    )
    relations = ("instrument", "plan")
    fieldsets = (
        (
            "Order",
            {
                "fields": (
                    ("client_id", "broker_id", state(), "role"),
                    ("instrument", "side", _filled, rupees("average_price", "Average")),
                    ("order_type", rupees("price"), rupees("trigger_price"), "modifications"),
                    ("product", "validity", "reason"),
                    (when("planned_at", "Planned"), when("at", "Changed")),
                    ("run", "plan", "fencing_token", "seq"),
                )
            },
        ),
    )

    def totals(self, rows: QuerySet[Order]) -> Sequence[Figure]:
        """Return how many of the shown orders wait, and how many nobody has proven."""
        counts = rows.aggregate(
            every=Count("pk"),
            working=Count("pk", filter=~Q(state__in=FINAL)),
            unknown=Count("pk", filter=Q(state="UNKNOWN")),
            rejected=Count("pk", filter=Q(state="REJECTED")),
            changes=Sum("modifications"),
        )
        return (
            Figure("Orders", counts["every"]),
            Figure("Working", counts["working"]),
            Figure("Outcome unknown", counts["unknown"], "bad" if counts["unknown"] else ""),
            Figure("Rejected", counts["rejected"], "bad" if counts["rejected"] else ""),
            Figure("Modifications", counts["changes"] or 0),
        )

    def chain(self, row: Order) -> Stations:
        """Return the chain of the order's plan, or its own."""
        return chain_of_plan(row.plan, row) if row.plan else chain_without_plan(row, row)

    def panels(self, request: HttpRequest, row: Order) -> Sequence[Panel]:
        """Return what happened to it."""
        return (life_of(row), fills_of_order(row), bookings_of(row))


@admin.register(OrderEvent)
class OrderEventAdmin(RecordAdmin):
    """One thing that happened to one order."""

    list_display = (
        when("at"),
        toward("order"),
        "event",
        state(),
        column("Filled", None, lambda row: f"{row.filled_quantity}/{row.quantity}"),
        rupees("price"),
        rupees("trigger_price", "Trigger"),
        "reason",
    )
    list_filter = (RunFilter, "state", "event")
    search_fields = ("order__client_id", "broker_id", "event", "reason")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("order",)
    list_display_links = None

    def chain(self, row: OrderEvent) -> Stations:
        """Return the chain of the order."""
        order = row.order
        return chain_of_plan(order.plan, order) if order.plan else chain_without_plan(order, order)
