"""The live state made again from rows, for when Redis is empty or away.

Each row is told as the note it came from and folded like a journal, so that there is one fold.
Prices come from the run's tape up to the last moment the rows know, where the tape is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from marketdata.calendar import IST
from trading.broadcast_delta import Document
from trading.broadcast_run import facts_of, tape_of
from trading.broadcast_state import DeskState
from trading.journal import Record
from trading.models import (
    Alert,
    Decision,
    EquityPoint,
    Fill,
    LedgerEntry,
    OrderEvent,
    Plan,
    PlanEvent,
    Position,
    RiskEvent,
    Run,
    Signal,
    StateChange,
)

Told = tuple[int, str, dict[str, Any]]


def rebuilt(run: Run) -> DeskState:
    """Return the state that a run's rows and its tape tell."""
    tape = tape_of(run)
    state = DeskState(facts_of(run, tape))
    told = sorted(_notes(run), key=lambda note: note[0])
    for seq, kind, body in told:
        state.take(Record(seq, kind, False, body, 0))
    until = datetime.fromisoformat(state.at) if state.at else None
    for frame in tape.frames() if tape and until else ():
        if until is None or frame.at > until:
            break
        state.prices(frame)
    return state


def state_from_rows(run: Run) -> Document:
    """Return the live state of a run as its rows tell it; `sequence` is 0, older than any other.

    The same document as the recorder's, except for what only it knows: the health of other
    processes, and prices since the last row.
    """
    return rebuilt(run).document()


def _notes(run: Run) -> Iterator[Told]:
    yield from _opinions(run)
    yield from _orders(run)
    yield from _positions(run)
    yield from _money(run)
    yield from _remarks(run)


def _told(row: Any, note: str, /, **body: Any) -> Told:
    return row.seq, note, {"at": _moment(row.at), **body}


def _same(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(IST).isoformat() if at else None


def _opinions(run: Run) -> Iterator[Told]:
    for row in Signal.objects.filter(run=run).select_related("instrument", "traded"):
        yield _told(
            row,
            "SignalNoted",
            signal_id=row.code,
            instrument=row.instrument.key,
            traded=row.traded.key if row.traded else "",
            valid_until=_moment(row.valid_until),
            **_same(row, "setup_key", "strategy", "direction", "confidence", "features", "score"),
            **_same(row, "rank", "contributions", "penalties", "why_not"),
            **{
                name: _float(getattr(row, name)) for name in ("entry", "stop", "target1", "target2")
            },
        )
    wholes = Plan.objects.filter(run=run, combination=None)
    plan_of = dict(wholes.values_list("decision_id", "code"))
    for decision in Decision.objects.filter(run=run).select_related("signal"):
        yield _told(
            decision,
            "DecisionNoted",
            decision_id=decision.code,
            signal_id=decision.signal.code,
            plan_id=plan_of.get(decision.pk, ""),
            **_same(decision, "approved", "refusals", "verdicts", "quantity", "risk_inr"),
            **_same(decision, "heat_before_inr", "heat_after_inr", "expected_costs_inr"),
            **_same(decision, "margin_inr"),
        )
    yield from _plans(run)


def _plans(run: Run) -> Iterator[Told]:
    plans = Plan.objects.filter(run=run).select_related("decision")
    for plan in plans.prefetch_related("legs__instrument"):
        legs = [
            {"instrument": leg.instrument.key, "quantity": leg.quantity} for leg in plan.legs.all()
        ]
        # A plan's row carries the number of its last move; it was told right after its decision.
        yield (
            plan.decision.seq,
            "PlanNoted",
            {
                "at": _moment(plan.decision.at),
                "plan_id": plan.code,
                "decision_id": plan.decision.code,
                "legs": legs,
                **_same(plan, "strategy", "direction", "entry", "stop", "target1", "target2"),
            },
        )
    for whole in plans.exclude(kind="").prefetch_related("combined"):
        codes = sorted(leg.code for leg in whole.combined.all())
        body = {"plan_id": whole.code, "kind": whole.kind, "legs": codes}
        told = body | (whole.outlook or {})
        yield whole.decision.seq, "CombinationNoted", told
        if "measured" in told:
            yield whole.seq, "CombinationMeasured", {"plan_id": whole.code, **told["measured"]}
    for move in PlanEvent.objects.filter(run=run).select_related("plan"):
        yield _told(move, "PlanMoved", plan_id=move.plan.code, state=move.state, reason=move.reason)


def _orders(run: Run) -> Iterator[Told]:
    events = OrderEvent.objects.filter(run=run)
    for row in events.select_related("order__plan", "order__instrument"):
        order = row.order
        yield _told(
            row,
            "OrderNoted",
            client_id=order.client_id,
            plan_id=order.plan.code if order.plan else "",
            instrument=order.instrument.key,
            **_same(order, "role", "side", "order_type", "product", "validity", "modifications"),
            **_same(row, "event", "state", "broker_id", "quantity", "price", "trigger_price"),
            **_same(row, "filled_quantity", "average_price", "reason"),
        )
    fills = Fill.objects.filter(run=run).select_related("order", "plan", "instrument")
    for fill in fills:
        yield _told(
            fill,
            "FillNoted",
            client_id=fill.order.client_id,
            plan_id=fill.plan.code if fill.plan else "",
            instrument=fill.instrument.key,
            **_same(fill, "trade_id", "broker_id", "side", "quantity", "price", "expected_price"),
        )


def _positions(run: Run) -> Iterator[Told]:
    rows = Position.objects.filter(run=run).select_related("plan", "instrument")
    for row in rows:
        yield _told(
            row,
            "PositionNoted",
            position_id=row.code,
            plan_id=row.plan.code if row.plan else "",
            instrument=row.instrument.key,
            opened_at=_moment(row.opened_at),
            closed_at=_moment(row.closed_at),
            **_same(row, "strategy", "direction", "quantity", "opened_quantity", "average_entry"),
            **_same(row, "average_exit", "stop", "protected", "gross", "charges", "mae_r"),
            **_same(row, "mfe_r", "state", "exit_reason"),
        )


def _money(run: Run) -> Iterator[Told]:
    for entry in LedgerEntry.objects.filter(run=run):
        yield _told(entry, "LedgerNoted", **_same(entry, "kind", "amount", "balance"))
    for point in EquityPoint.objects.filter(run=run):
        yield _told(point, "EquityNoted", **_same(point, "balance", "equity", "heat"))


def _remarks(run: Run) -> Iterator[Told]:
    for risk in RiskEvent.objects.filter(run=run):
        yield _told(
            risk, "RiskNoted", **_same(risk, "kind", "severity", "text", "measured", "allowed")
        )
    for alert in Alert.objects.filter(run=run, seq__isnull=False):
        yield _told(alert, "AlertNoted", **_same(alert, "kind", "severity", "text"))
    for change in StateChange.objects.filter(run=run):
        yield _told(change, "StateNoted", **_same(change, "state", "blocked_by"))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
