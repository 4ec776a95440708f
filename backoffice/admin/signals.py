"""Opinions in the admin: what was thought, how the score came about, what became of it.

The gate's answers are in `decisions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from backoffice.admin.chain import Stations, chain_of_signal
from backoffice.admin.filters import RunFilter, UnderlyingFilter
from backoffice.admin.panels import Lines, Panel, bars, table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, figure, link, mark, number, rupees, side, toward
from backoffice.admin.shown import when as moment_of
from trading.explanation import explained
from trading.models import Decision, Signal


def _answer(row: Signal) -> object:
    """Show the gate's answer, from the prefetched decisions."""
    answers = list(row.decisions.all())
    if not answers:
        return EMPTY
    decision = answers[-1]
    text = "approved" if decision.approved else ", ".join(decision.refusals) or "refused"
    return link(decision, mark(text, "good" if decision.approved else "bad"))


_side = column("Side", "direction", lambda row: side(row.direction))


@admin.register(Signal)
class SignalAdmin(RecordAdmin):
    """One opinion."""

    list_display = (
        "code",
        moment_of("at"),
        column("Decision", None, _answer),
        "strategy",
        toward("instrument", order="instrument__symbol"),
        toward("traded", order="traded__symbol"),
        _side,
        rupees("entry"),
        rupees("stop"),
        rupees("target1", "Target 1"),
        figure("score", places=3),
        "rank",
        "why_not",
    )
    list_filter = (
        RunFilter,
        ("decisions__approved", admin.BooleanFieldListFilter),
        "strategy",
        "direction",
        UnderlyingFilter,
    )
    search_fields = ("code", "setup_key", "strategy", "instrument__symbol", "why_not")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("instrument", "traded")
    fieldsets = (
        (
            "Opinion",
            {
                "fields": (
                    ("code", moment_of("at"), "strategy", _side),
                    ("instrument", "traded", "setup_key"),
                    (rupees("entry"), rupees("stop"), rupees("target1"), rupees("target2")),
                    (
                        figure("score", places=4),
                        "rank",
                        figure("confidence", places=3),
                        moment_of("valid_until", "Valid until"),
                    ),
                    (column("Decision", None, _answer), "why_not"),
                    ("run", "config_version", "seq"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signal]:
        """Fetch the answers with the opinions, in one query more."""
        answers = Decision.objects.only("signal_id", "approved", "refusals", "code")
        rows: QuerySet[Signal] = (
            super().get_queryset(request).prefetch_related(Prefetch("decisions", answers))
        )
        return rows

    def chain(self, row: Signal) -> Stations:
        """Return what came of the opinion."""
        return chain_of_signal(row)

    def panels(self, request: HttpRequest, row: Signal) -> Sequence[Panel]:
        """Return the explanation, how the score came about, and the features of the moment."""
        told = Lines("Why it stood where it stood", explained(row).lines)
        return (told, *attribution_of(row))


def attribution_of(signal: Signal) -> Sequence[Panel]:
    """Return the parts of a score as bars, its penalties and the features as tables."""
    parts = [
        (part["feature"], _plain(part["contribution"]), _made_of(part)) for part in _rows(signal)
    ]
    penalties = [
        (note["name"], number(note["measured"]), number(note["threshold"]), number(note["factor"]))
        for note in signal.penalties
    ]
    features = [(name, number(value, 6)) for name, value in signal.features]
    return (
        bars("Attribution of the score", parts, f"score {number(signal.score)}"),
        table(
            "Penalties",
            ("Penalty", "Measured", "Threshold", "Score × factor"),
            penalties,
            numeric=(1, 2, 3),
            empty="No penalty.",
        ),
        table("Features at that moment", ("Feature", "Value"), features, numeric=(1,)),
    )


def _rows(signal: Signal) -> list[dict[str, Any]]:
    return sorted(
        signal.contributions, key=lambda part: abs(_plain(part["contribution"])), reverse=True
    )


def _plain(value: float | None) -> float:
    return 0.0 if value is None else float(value)


def _made_of(part: dict[str, Any]) -> str:
    raw, normalised, weight = (number(part[name]) for name in ("raw", "normalised", "weight"))
    return f"raw {raw} → {normalised} × weight {weight}"
