"""A batch of journal records on its way into rows: sorted by table, then written in one go.

Reading the journal and owning the transaction is the recorder's work, in `recorder.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from django.db import connection, models

from trading import mapping
from trading.journal import HEAD, Record
from trading.mapping import Body, Columns
from trading.mapping_scope import Scope
from trading.models import (
    Alert,
    Decision,
    EquityPoint,
    Fill,
    LedgerEntry,
    Leg,
    Order,
    OrderEvent,
    Plan,
    PlanEvent,
    Position,
    Ranking,
    RiskEvent,
    Signal,
    StateChange,
)
from trading.recorder_commands import write_commands
from trading.recorder_tables import copy_rows, insert_missing, replace_rows

END = "run-ended"
"""Kind of a run's last record."""

Mapped: TypeAlias = Callable[[Scope, int, Body], Columns]

_APPENDED: dict[str, tuple[type[models.Model], Mapped]] = {
    "SignalNoted": (Signal, mapping.signal),
    "RankingNoted": (Ranking, mapping.ranking),
    "DecisionNoted": (Decision, mapping.decision),
    "PlanMoved": (PlanEvent, mapping.plan_event),
    "OrderNoted": (OrderEvent, mapping.order_event),
    "FillNoted": (Fill, mapping.fill),
    "LedgerNoted": (LedgerEntry, mapping.ledger_entry),
    "EquityNoted": (EquityPoint, mapping.equity_point),
    "RiskNoted": (RiskEvent, mapping.risk_event),
    "AlertNoted": (Alert, mapping.alert),
    "StateNoted": (StateChange, mapping.state_change),
}
_NO_ROWS = frozenset({END, "ModifyOrder", "CancelOrder", "AskMargin", "SetTimer"})
_KEPT_OF_ORDERS = frozenset({"id", "planned_at", "fencing_token"})


class UnknownRecordError(Exception):
    """A journal holds a record of a kind the recorder has no rows for."""


class Batch:
    """Records of one run turned into columns, in the journal's order, not yet written.

    `fencing_token` is the lease under which orders from here on were sent, as each record tells
    its own; those of a journal without leases are taken for the one given, or their head's.
    """

    def __init__(self, scope: Scope, fencing_token: int) -> None:
        self.fencing_token = fencing_token
        self.ended = False
        self._scope = scope
        self._appended: dict[type[models.Model], list[Columns]] = {}
        self._intents: dict[UUID, Columns] = {}
        self._orders: dict[UUID, Columns] = {}
        self._plans: dict[UUID, Columns] = {}
        self._positions: dict[UUID, Columns] = {}
        self._moves: dict[UUID, Columns] = {}
        self._combined: list[Columns] = []
        self._measured: list[Columns] = []
        self._issued: list[Columns] = []
        self._done: list[Columns] = []

    def add(self, record: Record) -> None:
        """Take one record in. Raises `UnknownRecordError`, `UnknownInstrumentError`."""
        self.fencing_token = record.token or self.fencing_token
        if record.incoming:
            self._take_event(record)
            return
        known = record.kind in _NO_ROWS
        if record.kind in _APPENDED:
            model, mapped = _APPENDED[record.kind]
            self._append(model, mapped(self._scope, record.seq, record.body))
            known = True
        if not (self._take_state(record) or known):
            raise UnknownRecordError(f"{record.kind}: record {record.seq}, expected a known note")

    def write(self) -> None:
        """Write everything taken in; the caller's transaction makes it whole."""
        replace_rows(Plan, list(self._plans.values()))
        self._tie_legs()
        self._measure_plans()
        self._move_plans()
        insert_missing(Order, list(self._intents.values()))
        replace_rows(Order, list(self._orders.values()), keep=_KEPT_OF_ORDERS)
        replace_rows(Position, list(self._positions.values()))
        for model, rows in self._appended.items():
            copy_rows(model, rows)
        write_commands(self._issued, self._done)

    def _append(self, model: type[models.Model], columns: Columns) -> None:
        self._appended.setdefault(model, []).append(columns)

    def _take_event(self, record: Record) -> None:
        if record.kind == "CommandIssued":
            self._issued.append(mapping.command_issued(self._scope, record.body))
        if record.kind == HEAD:
            self.fencing_token = record.body.get("fencing_token", self.fencing_token)

    def _take_state(self, record: Record) -> bool:
        """Keep what replaces an earlier row; say whether the kind is one of those."""
        scope, seq, body = self._scope, record.seq, record.body
        match record.kind:
            case "PlanNoted":
                plan = mapping.plan(scope, seq, body)
                self._plans[plan["id"]] = plan
                for leg in mapping.legs(scope, body):
                    self._append(Leg, leg)
            case "CombinationNoted":
                self._combined.append(mapping.combination(scope, seq, body))
            case "CombinationMeasured":
                self._measured.append(mapping.measured(scope, body))
            case "PlanMoved":
                moved = mapping.plan_event(scope, seq, body)
                self._moves[moved["plan_id"]] = moved
            case "PlaceOrder":
                intent = mapping.intent(scope, seq, body, self.fencing_token)
                if intent["id"] not in self._orders:
                    self._intents.setdefault(intent["id"], intent)
            case "OrderNoted":
                self._take_order(mapping.order(scope, seq, body, self.fencing_token))
            case "PositionNoted":
                position = mapping.position(scope, seq, body)
                self._positions[position["id"]] = position
            case "CommandDone":
                self._done.append(mapping.command_done(scope, body))
            case _:
                self.ended = self.ended or record.kind == END
                return False
        return True

    def _take_order(self, order: Columns) -> None:
        """Keep the order's newest state, with the moment and lease it began with."""
        earlier = self._orders.get(order["id"]) or self._intents.get(order["id"])
        if earlier:
            order |= {name: earlier[name] for name in _KEPT_OF_ORDERS}
        self._orders[order["id"]] = order

    def _tie_legs(self) -> None:
        """Tell each plan of several legs what it is, and each leg's plan to which it belongs."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE trading_plan SET kind = %s, outlook = %s WHERE id = %s",
                [(told["kind"], told["outlook"], told["id"]) for told in self._combined],
            )
            cursor.executemany(
                "UPDATE trading_plan SET combination_id = %s WHERE id = %s",
                [(told["id"], leg) for told in self._combined for leg in told["legs"]],
            )

    def _measure_plans(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE trading_plan SET outlook = outlook || %s::jsonb WHERE id = %s",
                [(told["outlook"], told["id"]) for told in self._measured],
            )

    def _move_plans(self) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE trading_plan SET state = %s, reason = %s, seq = %s, at = %s WHERE id = %s",
                [
                    (moved["state"], moved["reason"], moved["seq"], moved["at"], plan_id)
                    for plan_id, moved in self._moves.items()
                ],
            )
