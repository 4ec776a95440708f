"""Runs in the admin: today's session, its figures, and the commands an operator can give it.

The desk's first page is built in `today.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from backoffice.admin.asking import Wish, command, row_of, row_or_404
from backoffice.admin.chain import Station, Stations, Stop
from backoffice.admin.panels import Figures, Panel, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.run_figures import figures_of
from backoffice.admin.shown import TONES, address, number, state, toward, when
from backoffice.admin.unfolded import ActionVariant, action
from trading.engine.events import CommandKind
from trading.models import Run, RunState

PAUSE = Wish(
    CommandKind.PAUSE,
    "Pause entries",
    "No new positions are opened and entry orders are cancelled. Exits go on.",
)
RESUME = Wish(
    CommandKind.RESUME,
    "Resume entries",
    "Lifts the operator's pause. Other reasons that block entries stay.",
)
FLATTEN = Wish(
    CommandKind.FLATTEN,
    "Flatten everything",
    "Cancels all orders, closes all positions at once and locks the desk. Nothing opens again "
    "until somebody unlocks it.",
    is_grave=True,
)
UNLOCK = Wish(
    CommandKind.UNLOCK,
    "Unlock the desk",
    "Lifts the lock that a flatten or a loss limit set. The engine refuses while it is not halted.",
    is_grave=True,
)


@admin.register(Run)
class RunAdmin(RecordAdmin):
    """One trading session."""

    list_display = (
        "code",
        "date",
        "mode",
        state(),
        "source",
        toward("account"),
        toward("config_version", "Configuration"),
        when("started_at", "Started"),
        when("ended_at", "Ended"),
    )
    list_filter = ("state", "mode", "account")
    search_fields = ("code", "source", "decision_hash")
    date_hierarchy = "date"
    ordering = ("-started_at",)
    relations = ("account", "config_version")
    actions_detail = ("pause", "resume", "flatten", "unlock")
    fieldsets = (
        (
            "Session",
            {
                "fields": (
                    ("code", "mode", state(), "date"),
                    ("source", "account", "config_version", "fencing_token"),
                    (when("started_at", "Started"), when("ended_at", "Ended")),
                )
            },
        ),
        (
            "Proof",
            {
                "fields": (
                    ("decision_hash",),
                    ("tape_path", "tape_sha256"),
                    ("journal_path",),
                )
            },
        ),
    )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer commands only while an engine could carry them out."""
        running = row_of(Run.objects.filter(state=RunState.RUNNING.value), object_id)
        return super().get_actions_detail(request, object_id) if running else []

    def chain(self, row: Run) -> Stations:
        """Return the configuration the run was started with."""
        version = row.config_version
        tone = TONES.get(row.state, "quiet")
        return (
            Station("Run", (Stop(address(row), row.code, row.state, tone, is_here=True),)),
            Station("Configuration", (Stop(address(version), str(version)),)),
        )

    def panels(self, request: HttpRequest, row: Run) -> Sequence[Panel]:
        """Return the day's figures and the summary it ended with."""
        summary = [(key.replace("_", " "), number(value)) for key, value in _flat(row.summary)]
        shown: list[Panel] = [Figures("Figures", figures_of(row))]
        if summary:
            shown.append(table("Summary at the end", ("Figure", "Value"), summary, numeric=(1,)))
        return shown

    @action(description="Pause", permissions=["control"], url_path="pause", icon="pause_circle")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the engine to open nothing."""
        return self._command(request, object_id, PAUSE)

    @action(description="Resume", permissions=["control"], url_path="resume", icon="play_circle")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the engine to lift the operator's pause."""
        return self._command(request, object_id, RESUME)

    @action(
        description="Flatten",
        permissions=["control"],
        url_path="flatten",
        icon="emergency_home",
        variant=ActionVariant.DANGER,
    )
    def flatten(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the engine to close everything."""
        return self._command(request, object_id, FLATTEN)

    @action(description="Unlock", permissions=["control"], url_path="unlock", icon="lock_open")
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the engine to lift a lock."""
        return self._command(request, object_id, UNLOCK)

    def _command(self, request: HttpRequest, object_id: str, wish: Wish) -> HttpResponse:
        run = row_or_404(Run.objects.all(), object_id)
        return command(self, request, run, wish, address(run))


def _flat(summary: Any, place: str = "") -> list[tuple[str, object]]:
    if not isinstance(summary, dict):
        return [(place, summary)]
    return [
        entry
        for key, value in summary.items()
        for entry in _flat(value, f"{place} / {key}" if place else key)
    ]
