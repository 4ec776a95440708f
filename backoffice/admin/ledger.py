"""The books in the admin: every booking, and the account's worth over the day.

What they must add up to is checked by the room of trading.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum

from backoffice.admin.filters import RunFilter
from backoffice.admin.panels import Figure
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import inr, money, profit, rupees, toward, when
from trading.models import EquityPoint, LedgerEntry

_NOT_CHARGES = ("START", "REALISED")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(RecordAdmin):
    """One booking."""

    list_display = (
        when("at"),
        "kind",
        profit("amount", "Amount ₹"),
        rupees("balance", "Balance ₹"),
        toward("order"),
        toward("plan"),
        "text",
        "code",
    )
    list_filter = (RunFilter, "kind")
    search_fields = ("code", "kind", "text", "order__client_id", "plan__code")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("order", "plan")

    def totals(self, rows: QuerySet[LedgerEntry]) -> Sequence[Figure]:
        """Return the realised profit and the charges among the shown bookings."""
        sums = rows.aggregate(
            realised=Sum("amount", filter=Q(kind="REALISED")),
            charges=Sum("amount", filter=~Q(kind__in=_NOT_CHARGES)),
        )
        realised, charges = sums["realised"] or 0, sums["charges"] or 0
        return (
            Figure("Realised", money(realised)),
            Figure("Charges", inr(-charges)),
            Figure("Net", money(realised + charges)),
        )


@admin.register(EquityPoint)
class EquityPointAdmin(RecordAdmin):
    """The account's worth at one moment."""

    list_display = (
        when("at"),
        rupees("equity", "Equity ₹"),
        rupees("balance", "Balance ₹"),
        profit("unrealised", "Unrealised ₹"),
        rupees("heat", "Open risk ₹"),
        "open_positions",
    )
    list_filter = (RunFilter,)
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
