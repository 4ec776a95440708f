"""Entries of the live state that come straight from notes: opinions, orders, fills, remarks.

Numbers that a journal tells as text become numbers, moments are told in exchange time. Positions
and money, which need prices, are in `broadcast_positions.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketdata.calendar import IST
from trading.broadcast_delta import Document
from trading.journal import Record

SIGNALS_KEPT = 100
ORDERS_KEPT = 200
FILLS_KEPT = 200
EVENTS_KEPT = 200

_ORDER_NUMBERS = ("price", "trigger_price", "average_price")
_STEP_PRICES = ("price", "trigger_price")
"""Told at a step of an order's life where they changed."""
_DECISION_NUMBERS = (
    *("risk_inr", "heat_before_inr", "heat_after_inr", "expected_costs_inr", "margin_inr"),
)


def moment(text: str | None) -> str | None:
    """Return a journal's moment in exchange time, None for none."""
    return datetime.fromisoformat(text).astimezone(IST).isoformat() if text else None


def number(told: str | float | None) -> float | None:
    """Return a journal's number as a number, None for none."""
    return None if told is None else float(told)


class Newest:
    """The newest entries of one kind, by id; an entry that changes keeps its place."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._entries: OrderedDict[str, Document] = OrderedDict()

    def put(self, entry: Document) -> None:
        """Add an entry, or replace the one of the same id; the oldest may fall out."""
        self._entries[entry["id"]] = entry
        if len(self._entries) > self._keep:
            self._entries.popitem(last=False)

    def get(self, key: str) -> Document | None:
        """Return the entry of an id, None for one that is unknown or has fallen out."""
        return self._entries.get(key)

    def document(self) -> list[Document]:
        """Return the entries, newest first."""
        return list(reversed(self._entries.values()))


class Opinions:
    """Signals with what the gate answered, and the plans that came of them."""

    def __init__(self) -> None:
        self.signals = Newest(SIGNALS_KEPT)
        self.plans: dict[str, Document] = {}
        self._signal_of: dict[str, str] = {}
        self._margin: dict[str, float] = {}
        self._units: dict[str, int] = {}

    def signalled(self, body: Mapping[str, Any]) -> None:
        """Take a `SignalNoted`."""
        self.signals.put(
            {
                **body,
                "id": body["signal_id"],
                "at": moment(body["at"]),
                "valid_until": moment(body["valid_until"]),
                "decision": None,
            }
        )

    def decided(self, body: Mapping[str, Any]) -> None:
        """Take a `DecisionNoted`."""
        decision = {
            **body,
            "at": moment(body["at"]),
            **{name: number(body[name]) for name in _DECISION_NUMBERS},
        }
        self._signal_of[body["decision_id"]] = body["signal_id"]
        per_unit = float(body["margin_inr"]) / body["quantity"] if body["quantity"] else 0.0
        self._margin[body["decision_id"]] = per_unit
        self._units[body["decision_id"]] = body["quantity"]
        signal = self.signals.get(body["signal_id"])
        if signal is not None:
            self.signals.put({**signal, "decision": decision})

    def planned(self, body: Mapping[str, Any]) -> None:
        """Take a `PlanNoted`."""
        decision_id = body["decision_id"]
        self.plans[body["plan_id"]] = {
            "decision_id": decision_id,
            "signal_id": self._signal_of.get(decision_id, ""),
            "stop": number(body["stop"]),
            "target1": number(body["target1"]),
            "target2": number(body["target2"]),
            "quantity": sum(leg["quantity"] for leg in body["legs"]),
            "margin_per_unit": self._margin.get(decision_id, 0.0),
            "state": "PENDING_ENTRY",
            "strategy": body["strategy"],
            "entry": number(body["entry"]),
            "direction": body["direction"],
            "kind": "",
            "combination": "",
            "stop_now": None,
            "mae_r": None,
            "mfe_r": None,
            "outlook": None,
        }

    def combined(self, body: Mapping[str, Any]) -> None:
        """Take a `CombinationNoted`: the margin is that of the whole plan, its legs block none.

        What the plan can come to at its first expiry is told over all its units, in rupees.
        """
        whole = self.plans[body["plan_id"]]
        legs = [self.plans[code] for code in body["legs"]]
        units = self._units.get(whole["decision_id"], 0)
        told = {"kind": body["kind"], "quantity": units, "outlook": _outlook(body, units)}
        self.plans[body["plan_id"]] = {**whole, **told}
        for code, leg in zip(body["legs"], legs, strict=True):
            named = {"combination": body["plan_id"], "margin_per_unit": 0.0}
            self.plans[code] = {**leg, **named}

    def measured(self, body: Mapping[str, Any]) -> None:
        """Take a `CombinationMeasured`."""
        told = {name: body[name] for name in ("mae_r", "mfe_r")}
        plan = self.plans[body["plan_id"]]
        self.plans[body["plan_id"]] = {**plan, **told, "stop_now": body["stop"]}

    def moved(self, body: Mapping[str, Any]) -> None:
        """Take a `PlanMoved`."""
        plan = self.plans.get(body["plan_id"])
        if plan is not None:
            self.plans[body["plan_id"]] = {**plan, "state": body["state"]}


def _outlook(body: Mapping[str, Any], units: int) -> Document | None:
    """Return what holding to the first expiry can bring; bounds are None where there are none."""
    if "probability_of_profit" not in body:
        return None
    bounds = {name: body[name] for name in ("max_loss", "max_profit")}
    return {
        **{name: None if each is None else round(each * units, 2) for name, each in bounds.items()},
        "break_evens": list(body["break_evens"]),
        "probability_of_profit": body["probability_of_profit"],
    }


class Orders:
    """Orders as they stand, each with its life so far; a step tells the prices that changed."""

    def __init__(self) -> None:
        self.newest = Newest(ORDERS_KEPT)

    def take(self, body: Mapping[str, Any]) -> None:
        """Take an `OrderNoted`."""
        before = self.newest.get(body["client_id"])
        prices = {name: number(body[name]) for name in _STEP_PRICES}
        step = {
            "at": moment(body["at"]),
            "event": body["event"],
            "state": body["state"],
            "reason": body["reason"],
            **{
                name: price
                for name, price in prices.items()
                if price != (before[name] if before else None)
            },
        }
        self.newest.put(
            {
                **body,
                "id": body["client_id"],
                "at": step["at"],
                **{name: number(body[name]) for name in _ORDER_NUMBERS},
                "life": [*(before["life"] if before else ()), step],
            }
        )


def fill_entry(body: Mapping[str, Any]) -> Document:
    """Return the entry of a `FillNoted`."""
    return {
        **body,
        "id": body["trade_id"],
        "at": moment(body["at"]),
        "price": number(body["price"]),
        "expected_price": number(body["expected_price"]),
    }


def event_entry(record: Record) -> Document:
    """Return the entry of a `RiskNoted`, an `AlertNoted` or a `StateNoted`."""
    body = record.body
    entry = {
        "id": str(record.seq),
        "at": moment(body["at"]),
        "kind": record.kind.removesuffix("Noted").lower(),
    }
    if record.kind == "StateNoted":
        blocked = ", ".join(body["blocked_by"])
        return {
            **entry,
            "name": body["state"],
            "severity": "INFO" if body["state"] == "OPEN" else "WARNING",
            "text": f"blocked by {blocked}" if blocked else "nothing blocks entries",
            "measured": "",
            "allowed": "",
        }
    return {
        **entry,
        "name": body["kind"],
        "severity": body["severity"],
        "text": body["text"],
        "measured": body.get("measured", ""),
        "allowed": body.get("allowed", ""),
    }
