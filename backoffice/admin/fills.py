"""Trades in the admin, with what each cost more than the decision counted on.

The positions they add up to are in `positions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Case, DecimalField, F, QuerySet, Sum, Value, When

from backoffice.admin.chain import Stations, chain_of_plan, chain_without_plan
from backoffice.admin.filters import RunFilter, UnderlyingFilter
from backoffice.admin.panels import Figure
from backoffice.admin.record import RecordAdmin
from backoffice.admin.rows import slippage
from backoffice.admin.shown import column, inr, rupees, toward, when
from trading.models import Fill

_value = F("price") * F("quantity")
_worse = F("price") - F("expected_price")
_slipped = Case(
    When(side="BUY", then=_worse * F("quantity")),
    default=-_worse * F("quantity"),
    output_field=DecimalField(max_digits=20, decimal_places=6),
)


@admin.register(Fill)
class FillAdmin(RecordAdmin):
    """One trade."""

    list_display = (
        "trade_id",
        when("at"),
        toward("order"),
        toward("plan"),
        toward("instrument", order="instrument__symbol"),
        "side",
        "quantity",
        rupees("price"),
        rupees("expected_price", "Expected"),
        column("Slippage ₹", None, lambda row: inr(slippage(row), sign=True)),
        "broker_id",
    )
    list_filter = (RunFilter, "side", UnderlyingFilter)
    search_fields = ("trade_id", "broker_id", "order__client_id", "instrument__symbol")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("order", "instrument", "plan")
    fieldsets = (
        (
            "Trade",
            {
                "fields": (
                    ("trade_id", "broker_id", when("at"), "seq"),
                    ("instrument", "side", "quantity", rupees("price")),
                    (
                        rupees("expected_price", "Expected price"),
                        column("Slippage ₹", None, lambda row: inr(slippage(row), sign=True)),
                    ),
                    ("order", "plan", "run"),
                )
            },
        ),
    )

    def totals(self, rows: QuerySet[Fill]) -> Sequence[Figure]:
        """Return the turnover and the slippage of the shown trades."""
        nothing = Value(0, output_field=DecimalField(max_digits=20, decimal_places=6))
        sums = rows.aggregate(
            bought=Sum(Case(When(side="BUY", then=_value), default=nothing)),
            sold=Sum(Case(When(side="SELL", then=_value), default=nothing)),
            slipped=Sum(_slipped),
        )
        return (
            Figure("Bought", inr(sums["bought"] or 0)),
            Figure("Sold", inr(sums["sold"] or 0)),
            Figure("Slippage against expected", inr(sums["slipped"] or 0, sign=True)),
        )

    def chain(self, row: Fill) -> Stations:
        """Return the chain of the trade's plan, or of its order."""
        return chain_of_plan(row.plan, row) if row.plan else chain_without_plan(row.order, row)
