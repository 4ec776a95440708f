"""What an operator must see, in the admin: alerts and their delivery, risk events, states.

Routing and sending alerts is not done here.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from backoffice.admin.filters import AnyRunFilter, RunFilter
from backoffice.admin.panels import Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, link, mark, moment, state, toward, when
from trading.models import Alert, Delivery, RiskEvent, StateChange


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    """One message."""

    list_display = (when("at"), state("severity"), "kind", "text", toward("run"))
    list_filter = (AnyRunFilter, "severity", "kind")
    search_fields = ("kind", "text", "run__code")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    relations = ("run",)
    fieldsets = (
        (
            "Alert",
            {
                "fields": (
                    (when("at"), state("severity"), "kind", "run"),
                    ("text",),
                )
            },
        ),
    )

    def panels(self, request: HttpRequest, row: Alert) -> Sequence[Panel]:
        """Return what became of it on each channel."""
        sent = [
            (link(each, each.channel), mark(each.state), each.attempts, moment(each.sent_at))
            for each in row.deliveries.order_by("channel")
        ]
        headers = ("Channel", "State", "Tries", "Sent")
        return (table("Delivery", headers, sent, empty="Not sent to any channel."),)


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """One alert on its way to one channel."""

    list_display = (
        when("made_at", "Made"),
        toward("alert"),
        "channel",
        state(),
        "attempts",
        when("next_try_at", "Next try"),
        when("sent_at", "Sent"),
        "detail",
    )
    list_filter = ("state", "channel")
    search_fields = ("channel", "detail", "alert__kind", "alert__text")
    date_hierarchy = "made_at"
    ordering = ("-id",)
    relations = ("alert",)


@admin.register(RiskEvent)
class RiskEventAdmin(RecordAdmin):
    """A breach, a fault or a change."""

    list_display = (when("at"), state("severity"), "kind", "measured", "allowed", "text")
    list_filter = (RunFilter, "severity", "kind")
    search_fields = ("kind", "text", "measured", "allowed")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")


@admin.register(StateChange)
class StateChangeAdmin(RecordAdmin):
    """The trading state after a change."""

    list_display = (
        when("at"),
        state(),
        column("Blocked by", None, lambda row: ", ".join(row.blocked_by) or EMPTY),
    )
    list_filter = (RunFilter, "state")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
