"""The post-market report: what a session came to, from its rows alone, stored and told.

What must be true of a session is checked elsewhere; a report only says what is there.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Sum

from trading import selectors
from trading.models import (
    Decision,
    EquityPoint,
    Fill,
    Order,
    Plan,
    Position,
    Report,
    ReportKind,
    RiskEvent,
    Run,
    Signal,
    TaskRun,
)
from trading.selectors_held_back import held_back
from trading.selectors_structures import structure_trips
from trading.services import reports
from trading.services.alerts import INFO, WARNING, raise_alert
from trading.services.reports import Findings
from trading.services.square_off import runs_of
from trading.services.task_runs import Occasion, Result

_ZERO = Decimal(0)


def post_market_report(occasion: Occasion) -> Result:
    """Write a report of each paper run of the day and tell it in an alert."""
    runs = runs_of(occasion)
    if not runs:
        return Result.skipped("no session today")
    told = [report_on(run, occasion).text for run in runs]
    return Result.done("; ".join(told))


def report_on(run: Run, occasion: Occasion) -> Report:
    """Store the report of one run and raise an alert with its summary."""
    document = figures(run)
    is_good = document["is_flat"] and document["ledger_gap_inr"] == _ZERO
    text = (
        f"{run.code} {run.date}: {document['trades']} trades, net {document['net_inr']:.2f} INR,"
        f" charges {document['charges_inr']:.2f}, {document['signals']} signals,"
        f" {'flat' if document['is_flat'] else 'NOT FLAT'}"
    )
    findings = Findings(document=document, text=text, is_good=is_good)
    report = reports.store(ReportKind.POST_MARKET, day=run.date, run=run, findings=findings)
    raise_alert(
        "post-market",
        severity=INFO if is_good else WARNING,
        text=text,
        at=occasion.at,
        account=run.account,
    )
    return report


def figures(run: Run) -> dict[str, Any]:
    """Return what a run came to; money in rupees as Decimals, moments aware."""
    counts = selectors.counts(run)
    closed = Position.objects.filter(run=run, opened_quantity__gt=0)
    money = closed.aggregate(gross=Sum("gross"), charges=Sum("charges"))
    gross, charges = money["gross"] or _ZERO, money["charges"] or _ZERO
    curve = EquityPoint.objects.filter(run=run).aggregate(low=Min("equity"), high=Max("equity"))
    return {
        "run": run.code,
        "config": str(run.config_version),
        "state": run.state,
        "signals": counts.signals,
        "decisions": counts.decisions,
        "approved": counts.approved,
        "orders": Order.objects.filter(run=run).count(),
        "fills": counts.trades,
        "trades": closed.count(),
        "round_trips": _round_trips(run),
        "gross_inr": gross,
        "charges_inr": charges,
        "net_inr": gross - charges,
        "lowest_equity_inr": curve["low"],
        "highest_equity_inr": curve["high"],
        "drawdown_inr": _drawdown(run),
        "is_flat": counts.open_positions == 0 and counts.working_orders == 0,
        "ledger_gap_inr": selectors.ledger_gap(run),
        "strategies": _strategies(run),
        "positions": _positions(run),
        "combinations": _combinations(run),
        "refusals": _refusals(run),
        "held_back": [asdict(each) for each in held_back(run)],
        "risk_events": _counted(RiskEvent.objects.filter(run=run), "kind"),
        "slippage_inr_a_unit": _slippage(run),
        "tasks": [
            {"name": row.name, "due_at": row.due_at, "outcome": row.outcome, "detail": row.detail}
            for row in TaskRun.objects.filter(run=run).order_by("due_at")
        ],
    }


def _round_trips(run: Run) -> dict[str, int]:
    """Return how many plans held something, and how many earned: of several legs one each."""
    alone = Position.objects.filter(run=run, opened_quantity__gt=0, plan__combination=None)
    nets = [gross - charges for gross, charges in alone.values_list("gross", "charges")]
    nets += [trip.net for trip in structure_trips(run)]
    return {"all": len(nets), "won": sum(net > 0 for net in nets)}


def _drawdown(run: Run) -> Decimal:
    """Return the deepest fall of equity below its highest point so far, in rupees."""
    peak = deepest = _ZERO
    for equity in EquityPoint.objects.filter(run=run).order_by("seq").values_list("equity"):
        peak = max(peak, equity[0])
        deepest = max(deepest, peak - equity[0])
    return deepest


def _strategies(run: Run) -> dict[str, Any]:
    signals = _counted(Signal.objects.filter(run=run), "strategy")
    held = Position.objects.filter(run=run, opened_quantity__gt=0)
    found = held.values("strategy").annotate(
        trades=Count("id"), gross=Sum("gross"), charges=Sum("charges"), worst_r=Min("mae_r")
    )
    booked = {
        row["strategy"]: {name: value for name, value in row.items() if name != "strategy"}
        for row in found.order_by("strategy")
    }
    return {
        name: {"signals": signals.get(name, 0), **booked.get(name, {})}
        for name in sorted({*signals, *booked})
    }


def _positions(run: Run) -> list[dict[str, Any]]:
    held = Position.objects.filter(run=run, opened_quantity__gt=0)
    rows = held.select_related("instrument", "plan__combination")
    return [
        {
            "code": row.code,
            "combination": _whole_of(row),
            "strategy": row.strategy,
            "instrument": row.instrument.key,
            "direction": row.direction,
            "quantity": row.opened_quantity,
            "net_inr": row.gross - row.charges,
            "mae_r": row.mae_r,
            "mfe_r": row.mfe_r,
            "exit_reason": row.exit_reason,
            "opened_at": row.opened_at,
            "closed_at": row.closed_at,
        }
        for row in rows
    ]


def _whole_of(row: Position) -> str:
    """Return the code of the plan of several legs that a position is a leg of, or nothing."""
    whole = row.plan.combination if row.plan else None
    return whole.code if whole else ""


def _combinations(run: Run) -> list[dict[str, Any]]:
    """Return what the plans of several legs that held something came to, all legs together."""
    outlooks = dict(Plan.objects.filter(run=run).exclude(kind="").values_list("code", "outlook"))
    return [
        {
            "code": trip.code,
            "strategy": trip.strategy,
            "kind": trip.kind,
            "quantity": trip.quantity,
            "opened_at": trip.opened_at,
            "closed_at": trip.closed_at,
            "entry": trip.entry,
            "exit": trip.exit,
            "gross_inr": trip.gross,
            "charges_inr": trip.charges,
            "net_inr": trip.net,
            "exit_reason": trip.exit_reason,
            "legs": [asdict(leg) for leg in trip.legs],
            "outlook": outlooks[trip.code],
        }
        for trip in structure_trips(run)
    ]


def _refusals(run: Run) -> dict[str, int]:
    found: dict[str, int] = {}
    for refusals in Decision.objects.filter(run=run, approved=False).values_list("refusals"):
        for rule in refusals[0]:
            found[rule] = found.get(rule, 0) + 1
    return dict(sorted(found.items()))


def _counted(rows: Any, field: str) -> dict[str, int]:
    found = rows.values(field).annotate(number=Count("id")).order_by(field)
    return {row[field]: row["number"] for row in found}


def _slippage(run: Run) -> Decimal | None:
    """Return the mean of what entries paid more, or got less, than decided; None for no entry."""
    fills = Fill.objects.filter(run=run, expected_price__isnull=False)
    apart = [
        (price - expected) * (1 if side == "BUY" else -1)
        for side, price, expected in fills.values_list("side", "price", "expected_price")
        if expected is not None
    ]
    return sum(apart, _ZERO) / len(apart) if apart else None
