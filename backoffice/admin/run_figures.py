"""The key figures of a run, counted by the room of trading and put in words here.

Where they are shown is told by `runs.py` and `today.py`.
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from backoffice.admin.panels import Figure
from backoffice.admin.shown import EMPTY, TONES, inr, list_address, mark
from trading import selectors
from trading.models import (
    Decision,
    EquityPoint,
    Fill,
    LedgerEntry,
    Order,
    Position,
    Run,
    RunState,
    Signal,
    StateChange,
)


def figures_of(run: Run) -> tuple[Figure, ...]:
    """Return the state, the money and the counts of a run."""
    return (*_state(run), *_money(run), *_counts(run))


def _state(run: Run) -> tuple[Figure, ...]:
    change = selectors.trading_state(run)
    if change is None:
        return (Figure("Trading state", EMPTY),)
    blocked = ", ".join(change.blocked_by)
    return (
        Figure(
            "Trading state",
            mark(change.state),
            TONES.get(change.state, ""),
            list_address(StateChange, run=run.pk),
            _of_entries(run, blocked),
        ),
    )


def _of_entries(run: Run, blocked: str) -> str:
    """Return what a state means for entries; a session that is over allows none."""
    if run.state != RunState.RUNNING.value:
        return f"as the session ended, blocked by {blocked}" if blocked else "as the session ended"
    return f"blocked by {blocked}" if blocked else "entries allowed, as last recorded"


def _money(run: Run) -> tuple[Figure, ...]:
    last = selectors.last_equity(run)
    if last is None:
        return ()
    start = EquityPoint.objects.filter(run=run).order_by("seq").values_list("equity", flat=True)
    day = last.equity - (start.first() or last.equity)
    charges = LedgerEntry.objects.filter(run=run).exclude(kind__in=("START", "REALISED"))
    paid = -(charges.aggregate(total=Sum("amount"))["total"] or Decimal(0))
    as_of = f"as of {_time(last)}"
    return (
        Figure("Equity", inr(last.equity), "", list_address(EquityPoint, run=run.pk), as_of),
        Figure("Profit of the day", inr(day, sign=True), _tone(day), "", as_of),
        Figure("Unrealised", inr(last.unrealised, sign=True), _tone(last.unrealised)),
        Figure("Charges", inr(paid), "", list_address(LedgerEntry, run=run.pk)),
        Figure("Open risk", inr(last.heat)),
    )


def _counts(run: Run) -> tuple[Figure, ...]:
    done = selectors.counts(run)
    refused = done.decisions - done.approved
    return (
        Figure(
            "Open positions",
            done.open_positions,
            "warn" if done.open_positions else "",
            list_address(Position, run=run.pk, stage="open"),
        ),
        Figure(
            "Working orders",
            done.working_orders,
            "",
            list_address(Order, run=run.pk, stage="working"),
        ),
        Figure("Signals", done.signals, "", list_address(Signal, run=run.pk)),
        Figure(
            "Approved", done.approved, "", list_address(Decision, run=run.pk, approved__exact=1)
        ),
        Figure("Refused", refused, "", list_address(Decision, run=run.pk, approved__exact=0)),
        Figure("Fills", done.trades, "", list_address(Fill, run=run.pk)),
    )


def _tone(amount: Decimal) -> str:
    return "" if not amount else "good" if amount > 0 else "bad"


def _time(point: EquityPoint) -> str:
    return f"{timezone.localtime(point.at):%H:%M:%S}"
