"""The console's own rows in the admin: API keys, log-ins by token, backtests.

Making keys and jobs is the API's business; a key can be ended here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html

from backoffice import api_keys
from backoffice.admin.asking import Question, SureForm, ask, row_or_404
from backoffice.admin.panels import Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, address, column, mark, number, state, when
from backoffice.admin.unfolded import ActionVariant, action
from backoffice.models import ApiKey, BacktestJob, TokenFamily


def _key_standing(row: ApiKey) -> object:
    if row.revoked_at:
        return mark("revoked", "bad")
    return mark("good", "good") if row.is_good(timezone.now()) else mark("expired", "warn")


class PrivateAdmin(RecordAdmin):
    """Rows that only those who administer people and keys may see."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep the rows to those who administer."""
        return self.has_administer_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to those who administer."""
        return self.has_administer_permission(request)


@admin.register(ApiKey)
class ApiKeyAdmin(PrivateAdmin):
    """One key of one user; its secret is not kept."""

    list_display = (
        "name",
        "prefix",
        column("Standing", None, _key_standing),
        column("Owner", "owner__username", lambda row: row.owner.get_username()),
        column("Scopes", None, lambda row: ", ".join(row.scopes)),
        when("created_at", "Made"),
        when("expires_at", "Expires"),
        when("last_used_at", "Last used"),
    )
    list_filter = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    relations = ("owner", "replaces")
    actions_detail = ("revoke",)
    fieldsets = (
        (
            "Key",
            {
                "fields": (
                    ("name", "prefix", column("Standing", None, _key_standing), "owner"),
                    (column("Scopes", None, lambda row: ", ".join(row.scopes)), "created_by"),
                    (when("created_at", "Made"), when("expires_at", "Expires")),
                    (when("last_used_at", "Last used"), when("revoked_at", "Revoked"), "replaces"),
                )
            },
        ),
    )

    @action(
        description="Revoke",
        permissions=["administer"],
        url_path="revoke",
        icon="key_off",
        variant=ActionVariant.DANGER,
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and end the key at once."""
        key = row_or_404(ApiKey.objects.select_related("owner"), object_id)
        question = Question(
            title=f"Revoke {key}",
            effect="The key opens nothing any more, at once and for good.",
            button="Revoke",
            back=address(key),
            is_grave=True,
            form=SureForm,
        )

        def on_yes(_form: object) -> HttpResponse:
            try:
                api_keys.revoke(key=key, by=request.user.get_username(), at=timezone.now())
            except api_keys.KeyRefusedError as error:
                messages.error(request, f"Not revoked: {error}.")
            else:
                messages.success(request, f"{key} is revoked.")
            return redirect(address(key))

        return ask(self, request, question, on_yes)


@admin.register(TokenFamily)
class TokenFamilyAdmin(PrivateAdmin):
    """All tokens of one log-in."""

    list_display = (
        when("started_at", "Logged in"),
        column("User", "user__username", lambda row: row.user.get_username()),
        "address",
        when("refreshed_at", "Refreshed"),
        when("expires_at", "Expires"),
        when("revoked_at", "Ended"),
        "why_revoked",
    )
    list_filter = ("user", "why_revoked")
    search_fields = ("user__username", "address", "why_revoked")
    date_hierarchy = "started_at"
    ordering = ("-started_at",)
    relations = ("user",)
    fieldsets = (
        (
            "Log-in",
            {
                "fields": (
                    ("user", "address", when("started_at", "Logged in")),
                    (when("refreshed_at", "Refreshed"), when("expires_at", "Expires")),
                    (when("revoked_at", "Ended"), "why_revoked"),
                )
            },
        ),
    )


def _progress(row: BacktestJob) -> object:
    part = round(100 * row.progress)
    return format_html('<progress max="100" value="{}">{} %</progress> {} %', part, part, part)


@admin.register(BacktestJob)
class BacktestJobAdmin(RecordAdmin):
    """One backtest somebody asked for."""

    list_display = (
        when("requested_at", "Asked"),
        state(),
        column("Progress", "progress", _progress),
        "requested_by",
        "message",
        when("started_at", "Started"),
        when("ended_at", "Ended"),
    )
    list_filter = ("state", "requested_by")
    search_fields = ("requested_by", "message")
    date_hierarchy = "requested_at"
    ordering = ("-requested_at",)
    fieldsets = (
        (
            "Job",
            {
                "fields": (
                    (state(), column("Progress", None, _progress), "requested_by"),
                    (
                        when("requested_at", "Asked"),
                        when("started_at", "Started"),
                        when("ended_at", "Ended"),
                    ),
                    ("message",),
                )
            },
        ),
    )

    def panels(self, request: HttpRequest, row: BacktestJob) -> Sequence[Panel]:
        """Return what was asked and what came of it."""
        asked = [(key, number(value)) for key, value in row.request.items()]
        came = [(key, _brief(value)) for key, value in (row.result or {}).items()]
        return (
            table("Asked", ("Key", "Value"), asked),
            table("Result", ("Figure", "Value"), came, empty="No result yet."),
        )


def _brief(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    return number(value) if value is not None else EMPTY
