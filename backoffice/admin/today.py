"""The first page of the console: today's run, what is open, what was refused, what went wrong.

The rows behind each table are on the lists it links to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Abs, Coalesce
from django.http import HttpRequest
from django.urls import reverse

from backoffice.admin.access import allows
from backoffice.admin.cover import cover_of
from backoffice.admin.decisions import why
from backoffice.admin.panels import Figures, Panel, Row, Table, table
from backoffice.admin.present import present_run
from backoffice.admin.run_figures import figures_of
from backoffice.admin.shown import inr, link, list_address, mark, moment, money, side
from backoffice.permissions import Action
from trading import selectors
from trading.models import Alert, Command, Decision, Position, RiskEvent, Run, RunState

_NEWEST = 10


def today(request: HttpRequest) -> dict[str, Any]:
    """Return what the first page shows: the run, its commands and its panels."""
    run = present_run(request)
    if run is None:
        return {"run": None}
    may_command = run.state == RunState.RUNNING.value and allows(request, Action.CONTROL)
    return {
        "run": run,
        "run_link": link(run, run.code),
        "config_link": link(run.config_version),
        "run_state": mark(run.state),
        "commands": _commands(run) if may_command else (),
        "panels": _panels(run),
        "lists": _lists(run),
    }


def _commands(run: Run) -> tuple[tuple[str, str, bool], ...]:
    named = (("pause", False), ("resume", False), ("flatten", True), ("unlock", False))
    return tuple(
        (name.capitalize(), reverse(f"admin:trading_run_{name}", args=[run.pk]), is_grave)
        for name, is_grave in named
    )


def _panels(run: Run) -> tuple[Panel, ...]:
    return (
        Figures("", figures_of(run)),
        _open_positions(run),
        _working_orders(run),
        _refused(run),
        by_strategy(run),
        _warnings(run),
        _asked(run),
    )


def _lists(run: Run) -> tuple[tuple[str, str], ...]:
    return (
        ("All positions", list_address(Position, run=run.pk)),
        ("All decisions", list_address(Decision, run=run.pk)),
        ("All commands", list_address(Command, run=run.pk)),
    )


def _open_positions(run: Run) -> Table:
    headers = (
        *("Position", "Strategy", "Instrument", "Side", "Quantity"),
        *("Entry", "Stop", "Protected", "State", "Since"),
    )
    rows = tuple(
        Row(
            (
                link(row, row.code),
                row.strategy,
                row.instrument.key,
                side(row.direction),
                f"{row.quantity:+d}",
                inr(row.average_entry),
                inr(row.stop),
                mark(*(cover := cover_of(row))),
                mark(row.state),
                moment(row.opened_at),
            ),
            "bad" if cover[1] == "bad" else "",
        )
        for row in selectors.open_positions(run).order_by("opened_at")
    )
    return Table("Open positions", headers, rows, empty="None recorded.", numeric=(4, 5, 6, 7))


def _working_orders(run: Run) -> Table:
    headers = ("Order", "Role", "Side", "Instrument", "Filled", "Price", "Trigger", "State")
    rows = [
        (
            link(row, row.client_id),
            row.role,
            row.side,
            row.instrument.key,
            f"{row.filled_quantity} of {row.quantity}",
            inr(row.price),
            inr(row.trigger_price),
            mark(row.state),
        )
        for row in selectors.working_orders(run).order_by("planned_at")
    ]
    return table("Working orders", headers, rows, numeric=(4, 5, 6), empty="None.")


def _refused(run: Run) -> Table:
    refused = Decision.objects.filter(run=run, approved=False).order_by("-seq")
    rows = [
        (
            moment(row.at),
            link(row, row.code),
            row.signal.strategy,
            (row.signal.traded or row.signal.instrument).key,
            side(row.signal.direction),
            why(row),
        )
        for row in refused.select_related("signal__instrument", "signal__traded")[:_NEWEST]
    ]
    headers = ("At", "Decision", "Strategy", "Instrument", "Side", "Measured / allowed")
    return table(f"Refused, newest {_NEWEST}", headers, rows, empty="Nothing was refused.")


def by_strategy(run: Run) -> Table:
    """Tell what each strategy's closed trades came to; all legs of a plan are one trade."""
    nets: dict[str, list[Decimal]] = {}
    for trade in _trades(run):
        nets.setdefault(trade["strategy"], []).append(trade["net"])
    headers = ("Strategy", "Closed trades", "Won", "Net ₹")
    lines = [
        (name, len(each), sum(1 for net in each if net > 0), money(sum(each)))
        for name, each in sorted(nets.items())
    ]
    return table("By strategy", headers, lines, numeric=(1, 2, 3), empty="No trade closed yet.")


def _trades(run: Run) -> Iterable[Mapping[str, Any]]:
    """Return the trades of which nothing is held any more, with what they came to."""
    held = Position.objects.filter(run=run, opened_quantity__gt=0)
    whole = held.values("strategy", trade=Coalesce("plan__combination", "plan"))
    added = whole.annotate(net=Sum(F("gross") - F("charges")), left=Sum(Abs("quantity")))
    return added.filter(left=0).order_by("strategy", "trade")


def _warnings(run: Run) -> Table:
    events = RiskEvent.objects.filter(run=run).order_by("-seq")[:_NEWEST]
    alerts = Alert.objects.filter(Q(run=run) | Q(run=None)).order_by("-at")[:_NEWEST]
    every: list[RiskEvent | Alert] = [*events, *alerts]
    newest = sorted(every, key=lambda row: row.at, reverse=True)[:_NEWEST]
    rows = [(moment(row.at), mark(row.severity), link(row, row.kind), row.text) for row in newest]
    headers = ("At", "Severity", "Kind", "Text")
    return table(f"Risk events and alerts, newest {_NEWEST}", headers, rows, empty="None.")


def _asked(run: Run) -> Table:
    commands = Command.objects.filter(run=run).order_by("-id")[:_NEWEST]
    rows = [
        (
            moment(row.issued_at),
            link(row, row.kind),
            mark(row.state),
            row.issued_by,
            row.reason,
            row.outcome,
        )
        for row in commands
    ]
    headers = ("At", "Command", "State", "By", "Reason", "Outcome")
    return table(f"Commands, newest {_NEWEST}", headers, rows, empty="None.")
