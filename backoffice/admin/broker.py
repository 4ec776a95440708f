"""Logins at the broker in the admin; the login itself is a page of its own."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import column, mark, when
from backoffice.admin.unfolded import action
from trading.models import BrokerSession


def _standing(row: BrokerSession) -> object:
    if row.end:
        return mark(row.get_end_display().lower(), "warn")
    if timezone.now() >= row.expires_at:
        return mark("expired", "bad")
    return mark("active", "good")


@admin.register(BrokerSession)
class BrokerSessionAdmin(RecordAdmin):
    """One login; its token is not shown."""

    about = "A person logs in once a day; Kite ends every session at about 06:00."
    list_display = (
        when("logged_in_at", "Logged in"),
        column("Standing", None, _standing),
        "user_id",
        "by",
        when("expires_at", "Expires"),
        when("ended_at", "Ended"),
    )
    list_filter = ("end", "user_id")
    search_fields = ("user_id", "by")
    date_hierarchy = "logged_in_at"
    ordering = ("-logged_in_at",)
    actions_list = ("log_in",)
    fieldsets = (
        (
            "Login",
            {
                "fields": (
                    ("user_id", column("Standing", None, _standing), "by"),
                    (when("logged_in_at", "Logged in"), when("expires_at", "Expires")),
                    (when("ended_at", "Ended"), "api_key"),
                )
            },
        ),
    )

    @action(
        description="Log in at the broker",
        permissions=["control"],
        url_path="log-in",
        icon="login",
    )
    def log_in(self, _request: HttpRequest) -> HttpResponse:
        """Go to the page of the login."""
        return redirect("broker")
