"""Journal records as columns: one function a note, values as the journal tells them.

Which rows are appended and which replaced is known to `recorder_batch.py`; nothing here touches
the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from trading.mapping_scope import Scope

Body: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = dict[str, Any]


_MEASURED = ("entry", "stop", "mae_r", "mfe_r")
_OUTLOOK = (
    "max_loss",
    "max_profit",
    "break_evens",
    "probability_of_profit",
    "delta",
    "gamma",
    "theta",
    "vega",
)


def instrument_keys(kind: str, body: Body) -> tuple[str, ...]:
    """Return the instruments a record names, so that their rows can be looked up together."""
    match kind:
        case "SignalNoted":
            return (body["instrument"], body["traded"])
        case "PlanNoted":
            return tuple(leg["instrument"] for leg in body["legs"])
        case "PlaceOrder":
            return (_key(body["request"]["instrument"]),)
        case "OrderNoted" | "FillNoted" | "PositionNoted":
            return (body["instrument"],)
        case _:
            return ()


def _key(instrument: Body) -> str:
    return f"{instrument['exchange']}:{instrument['symbol']}"


def _head(scope: Scope, seq: int, body: Body) -> Columns:
    return {
        "account_id": scope.account_id,
        "run_id": scope.run_id,
        "seq": seq,
        "at": body["at"],
    }


def _same(body: Body, *names: str) -> Columns:
    return {name: body[name] for name in names}


def _told(body: Body, *names: str) -> Columns:
    return {name: json.dumps(body[name]) for name in names}


def signal(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `SignalNoted`."""
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("signal", body["signal_id"]),
        "code": body["signal_id"],
        "config_version_id": scope.config_version_id,
        "instrument_id": scope.instrument(body["instrument"]),
        "traded_id": scope.instrument(body["traded"]) if body["traded"] else None,
        **_same(body, "setup_key", "strategy", "direction", "entry", "stop", "target1", "target2"),
        **_same(body, "confidence", "valid_until", "score", "rank", "why_not"),
        **_told(body, "features", "contributions", "penalties"),
    }


_MEASURES = (
    "confidence",
    "risk",
    "reward",
    "costs_to_reward",
    "spread_fraction",
    "depth_in_lots",
    "volume_lots",
    "open_interest_lots",
    "event",
    "distance_from_vwap",
    "correlation",
    "correlated_with",
)


def ranking(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `RankingNoted`; its id is that of its signal.

    A journal from before segments were told has none of them.
    """
    measures = {name: body[name] for name in _MEASURES} | {"segment": body.get("segment", "")}
    return {
        **_head(scope, seq, body),
        "signal_id": scope.row_id("signal", body["signal_id"]),
        **_same(body, "kept", "among"),
        "measures": json.dumps(measures),
        **_told(body, "readings", "grades", "populations"),
    }


def decision(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `DecisionNoted`; its plan is told by the plan's own note."""
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("decision", body["decision_id"]),
        "code": body["decision_id"],
        "config_version_id": scope.config_version_id,
        "signal_id": scope.row_id("signal", body["signal_id"]),
        **_same(body, "approved", "quantity", "risk_inr", "heat_before_inr", "heat_after_inr"),
        **_same(body, "expected_costs_inr", "margin_inr"),
        **_told(body, "refusals", "verdicts"),
    }


def plan(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `PlanNoted`, in the state every plan begins with."""
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("plan", body["plan_id"]),
        "code": body["plan_id"],
        "decision_id": scope.row_id("decision", body["decision_id"]),
        "combination_id": None,
        "kind": "",
        "outlook": None,
        **_same(body, "strategy", "direction", "entry", "stop", "target1", "target2"),
        "state": "PENDING_ENTRY",
        "reason": "",
    }


def combination(scope: Scope, seq: int, body: Body) -> Columns:
    """Return what a `CombinationNoted` adds to the rows of its plan and of each leg's."""
    return {
        "seq": seq,
        "at": body["at"],
        "id": scope.row_id("plan", body["plan_id"]),
        "legs": [scope.row_id("plan", code) for code in body["legs"]],
        "kind": body["kind"],
        "outlook": json.dumps(
            {name: body[name] for name in _OUTLOOK} | {"readings": body.get("readings", [])}
        ),
    }


def measured(scope: Scope, body: Body) -> Columns:
    """Return what a `CombinationMeasured` adds to what is told of its plan; the newest stays."""
    told = {"at": body["at"], **_same(body, *_MEASURED)}
    return {
        "id": scope.row_id("plan", body["plan_id"]),
        "outlook": json.dumps({"measured": told}),
    }


def legs(scope: Scope, body: Body) -> list[Columns]:
    """Return the columns of each leg of a `PlanNoted`, numbered from 1."""
    return [
        {
            "plan_id": scope.row_id("plan", body["plan_id"]),
            "number": number,
            "instrument_id": scope.instrument(leg["instrument"]),
            **_same(leg, "side", "quantity", "limit_price"),
        }
        for number, leg in enumerate(body["legs"], start=1)
    ]


def plan_event(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `PlanMoved`."""
    return {
        **_head(scope, seq, body),
        "plan_id": scope.row_id("plan", body["plan_id"]),
        **_same(body, "state", "reason"),
    }


def intent(scope: Scope, seq: int, body: Body, fencing_token: int) -> Columns:
    """Return the columns of the order that a `PlaceOrder` is about to make."""
    request = body["request"]
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("order", request["client_id"]),
        "plan_id": scope.optional_id("plan", request["plan_id"]),
        "instrument_id": scope.instrument(_key(request["instrument"])),
        **_same(request, "client_id", "role", "side", "order_type", "product", "validity"),
        **_same(request, "quantity", "price", "trigger_price"),
        "broker_id": "",
        "fencing_token": fencing_token,
        "state": "PLANNED",
        "filled_quantity": 0,
        "average_price": None,
        "modifications": 0,
        "reason": "",
        "planned_at": body["at"],
    }


def order(scope: Scope, seq: int, body: Body, fencing_token: int) -> Columns:
    """Return the columns of an `OrderNoted`; `planned_at` holds for a row that is new."""
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("order", body["client_id"]),
        "plan_id": scope.optional_id("plan", body["plan_id"]),
        "instrument_id": scope.instrument(body["instrument"]),
        **_same(body, "client_id", "broker_id", "role", "side", "order_type", "product"),
        **_same(body, "validity", "quantity", "price", "trigger_price", "state"),
        **_same(body, "filled_quantity", "average_price", "modifications", "reason"),
        "fencing_token": fencing_token,
        "planned_at": body["at"],
    }


def order_event(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of the event that an `OrderNoted` tells."""
    return {
        **_head(scope, seq, body),
        "order_id": scope.row_id("order", body["client_id"]),
        **_same(body, "event", "state", "broker_id", "quantity", "price", "trigger_price"),
        **_same(body, "filled_quantity", "average_price", "reason"),
    }


def fill(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `FillNoted`."""
    return {
        **_head(scope, seq, body),
        "order_id": scope.row_id("order", body["client_id"]),
        "plan_id": scope.optional_id("plan", body["plan_id"]),
        "instrument_id": scope.instrument(body["instrument"]),
        **_same(body, "trade_id", "broker_id", "side", "quantity", "price", "expected_price"),
    }


def position(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `PositionNoted`."""
    return {
        **_head(scope, seq, body),
        "id": scope.row_id("position", body["position_id"]),
        "code": body["position_id"],
        "plan_id": scope.optional_id("plan", body["plan_id"]),
        "instrument_id": scope.instrument(body["instrument"]),
        **_same(body, "strategy", "direction", "quantity", "opened_quantity", "average_entry"),
        **_same(body, "average_exit", "stop", "protected", "gross", "charges", "mae_r", "mfe_r"),
        **_same(body, "state", "exit_reason", "opened_at", "closed_at"),
    }


def ledger_entry(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `LedgerNoted`."""
    return {
        **_head(scope, seq, body),
        "code": body["entry_id"],
        "plan_id": scope.optional_id("plan", body["plan_id"]),
        "order_id": scope.optional_id("order", body["client_id"]),
        **_same(body, "kind", "amount", "balance", "text"),
    }


def equity_point(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of an `EquityNoted`."""
    return {
        **_head(scope, seq, body),
        **_same(body, "balance", "unrealised", "equity", "heat", "open_positions"),
    }


def risk_event(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `RiskNoted`."""
    return {
        **_head(scope, seq, body),
        **_same(body, "kind", "severity", "text", "measured", "allowed"),
    }


def alert(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of an `AlertNoted`."""
    return {**_head(scope, seq, body), **_same(body, "kind", "severity", "text")}


def state_change(scope: Scope, seq: int, body: Body) -> Columns:
    """Return the columns of a `StateNoted`."""
    return {**_head(scope, seq, body), **_same(body, "state"), **_told(body, "blocked_by")}


def command_issued(scope: Scope, body: Body) -> Columns:
    """Return the columns of a `CommandIssued`, for a row that may exist already."""
    return {
        "id": body["command_id"],
        "account_id": scope.account_id,
        "run_id": scope.run_id,
        **_same(body, "kind", "reason", "subject"),
        "issued_by": body["by"],
        "issued_at": body["at"],
        "state": "PENDING",
        "outcome": "",
        "taken_at": body["at"],
    }


def command_done(scope: Scope, body: Body) -> Columns:
    """Return what a `CommandDone` sets: REFUSED where the outcome says so, else DONE."""
    return {
        "id": body["command_id"],
        "run_id": scope.run_id,
        "state": "REFUSED" if body["outcome"].upper() == "REFUSED" else "DONE",
        "outcome": body["text"] or body["outcome"],
        "done_at": body["at"],
    }
