"""The gate's answers in the admin: refusals with the rule's measured and allowed values.

The rules themselves live in the room of risk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from backoffice.admin.chain import Stations, chain_of_decision
from backoffice.admin.filters import PlanUnderlyingFilter, RunFilter
from backoffice.admin.panels import Figure, Panel, Row, Table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, column, inr, link, mark, number, rupees, side, when
from backoffice.admin.signals import attribution_of
from risk.rules import RULES
from trading.models import Decision

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T(\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(?:[+-]\d{2}:\d{2}|Z)?")
_SAID_BY_THE_VALUE = ("", "time")

RULE_NAMES = tuple(rule.__name__.replace("_", "-") for rule in RULES)


class RefusalFilter(SimpleListFilter):
    """The rule that refused."""

    title = "refusing rule"
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every rule of the gate."""
        return [(name, name) for name in RULE_NAMES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        """Keep the answers this rule refused."""
        chosen = self.value()
        return queryset.filter(refusals__contains=[chosen]) if chosen else queryset


def answer(row: Decision) -> object:
    """Return approved or refused as a mark."""
    return mark("approved", "good") if row.approved else mark("refused", "bad")


def why(row: Decision) -> object:
    """Return each rule that refused, with what it measured against what it allows."""
    failed = [verdict for verdict in row.verdicts if not verdict["passed"]]
    if not failed:
        return EMPTY
    return format_html_join(
        "",
        '<div class="desk-why"><b>{}</b> {}</div>',
        ((verdict["rule"], _against(verdict)) for verdict in failed),
    )


def _against(verdict: dict[str, Any]) -> str:
    unit = verdict["unit"]
    told = f"{_told(verdict['measured'], unit)} / {_told(verdict['allowed'], unit)}"
    return told if unit in _SAID_BY_THE_VALUE else f"{told} {unit}"


def _told(value: str, unit: str) -> str:
    """Return a value as an operator reads it: rupees grouped, moments without the day."""
    if unit == "time":
        return _MOMENT.sub(r"\1", value)
    return inr(value) if unit == "INR" and _is_number(value) else number(value)


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()


_side = column("Side", "signal__direction", lambda row: side(row.signal.direction))


@admin.register(Decision)
class DecisionAdmin(RecordAdmin):
    """One answer."""

    list_display = (
        "code",
        when("at"),
        column("Answer", "approved", answer),
        column("Refused by (measured / allowed)", None, why),
        column("Strategy", "signal__strategy", lambda row: row.signal.strategy),
        column(
            "Instrument",
            "signal__instrument__symbol",
            lambda row: link(row.signal.traded or row.signal.instrument),
        ),
        _side,
        "quantity",
        rupees("risk_inr", "Risk ₹"),
        rupees("heat_before_inr", "Heat before ₹"),
        rupees("heat_after_inr", "Heat after ₹"),
        rupees("expected_costs_inr", "Costs ₹"),
        rupees("margin_inr", "Margin ₹"),
    )
    list_filter = (RunFilter, "approved", RefusalFilter, "signal__strategy", PlanUnderlyingFilter)
    search_fields = ("code", "signal__code", "signal__strategy", "signal__instrument__symbol")
    date_hierarchy = "at"
    ordering = ("-run_id", "-seq")
    relations = ("signal__instrument", "signal__traded", "config_version")
    fieldsets = (
        (
            "Answer",
            {
                "fields": (
                    ("code", when("at"), column("Answer", None, answer), "quantity"),
                    (
                        column("Strategy", None, lambda row: row.signal.strategy),
                        column("About", None, lambda row: link(row.signal.instrument)),
                        column("Traded", None, lambda row: link(row.signal.traded)),
                        _side,
                    ),
                    (
                        rupees("risk_inr", "Risk ₹"),
                        rupees("heat_before_inr", "Heat before ₹"),
                        rupees("heat_after_inr", "Heat after ₹"),
                    ),
                    (
                        rupees("expected_costs_inr", "Expected costs ₹"),
                        rupees("margin_inr", "Margin ₹"),
                    ),
                    ("signal", "run", "config_version", "seq"),
                )
            },
        ),
    )

    def totals(self, rows: QuerySet[Decision]) -> Sequence[Figure]:
        """Return how the shown answers fell."""
        counts = rows.aggregate(
            yes=Count("pk", filter=Q(approved=True)), no=Count("pk", filter=Q(approved=False))
        )
        return (Figure("Approved", counts["yes"]), Figure("Refused", counts["no"]))

    def chain(self, row: Decision) -> Stations:
        """Return what was answered and what came of it."""
        return chain_of_decision(row)

    def panels(self, request: HttpRequest, row: Decision) -> Sequence[Panel]:
        """Return every rule's verdict, and the score behind the opinion."""
        return (verdicts_of(row), attribution_of(row.signal)[0])


def verdicts_of(decision: Decision) -> Table:
    """Return what each rule measured against what it allows, in the order they were asked."""
    rows = tuple(
        Row(
            (
                verdict["rule"],
                mark("passed", "good") if verdict["passed"] else mark("refused", "bad"),
                _told(verdict["measured"], verdict["unit"]),
                _told(verdict["allowed"], verdict["unit"]),
                verdict["unit"] or EMPTY,
                format_html("{}", verdict["detail"] or ""),
            ),
            tone="" if verdict["passed"] else "bad",
        )
        for verdict in decision.verdicts
    )
    failed = sum(not verdict["passed"] for verdict in decision.verdicts)
    return Table(
        "Verdicts",
        ("Rule", "Verdict", "Measured", "Allowed", "Unit", "Detail"),
        rows,
        note=f"{failed} of {len(rows)} refused",
        numeric=(2, 3),
    )
