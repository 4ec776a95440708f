"""Positions of the live state at the last prices, and what they come to by strategy.

Profit is the difference between what was paid and what was or would be got, so that it agrees
with the booked trades to the paisa. The books themselves are the engine's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from trading.broadcast_delta import Document
from trading.broadcast_entries import Opinions, moment, number

Prices: TypeAlias = Callable[[str], float | None]
"""The last price of an instrument in rupees, None where there is none."""

_OVER = frozenset({"CLOSED", "ENTRY_CANCELLED"})
_COPIED = ("strategy", "instrument", "direction", "quantity", "opened_quantity")
_ENDED = frozenset({"FILLED", "REJECTED", "CANCELLED"})
_WAYS_OUT = frozenset({"STOP", "EXIT"})
_RESTS = frozenset({"OPEN", "PARTIAL"})
"""States in which the broker has said that an order stands."""
_NUMBERS = ("average_entry", "average_exit", "stop", "gross", "charges", "mae_r", "mfe_r")


class Holdings:
    """Every position of the day, the newest first."""

    def __init__(self, opinions: Opinions) -> None:
        self._opinions = opinions
        self._notes: dict[str, Document] = {}
        self._filled: dict[str, int] = {}
        self._resting: dict[str, dict[str, int]] = {}
        self._coming: dict[str, dict[str, int]] = {}

    def ordered(self, body: Mapping[str, Any]) -> None:
        """Take an `OrderNoted`: what of a plan's stops and exits the broker has confirmed.

        And what its entries may still fill.
        """
        left = body["quantity"] - body["filled_quantity"]
        if body["role"] == "ENTRY":
            coming = 0 if body["state"] in _ENDED else left
            self._coming.setdefault(body["plan_id"], {})[body["client_id"]] = coming
        if body["role"] not in _WAYS_OUT:
            return
        rests = left if body["state"] in _RESTS else 0
        self._resting.setdefault(body["plan_id"], {})[body["client_id"]] = rests

    def filled(self, plan_id: str) -> None:
        """Remember in which order plans got their first fill: the order of their positions."""
        self._filled.setdefault(plan_id, len(self._filled))

    def take(self, body: Mapping[str, Any]) -> None:
        """Take a `PositionNoted`."""
        self._notes[body["position_id"]] = {
            "id": body["position_id"],
            **{name: body[name] for name in _COPIED},
            **{name: number(body[name]) for name in _NUMBERS},
            "protected": body["protected"],
            "state": body["state"],
            "exit_reason": body["exit_reason"],
            "opened_at": moment(body["opened_at"]),
            "closed_at": moment(body["closed_at"]),
            "plan_id": body["plan_id"],
        }

    def moved(self, body: Mapping[str, Any]) -> None:
        """Take a `PlanMoved`, which is told before the position's own note."""
        note = self._notes.get(body["plan_id"])
        if note is not None:
            self._notes[body["plan_id"]] = {**note, "state": body["state"]}

    def document(self, prices: Prices) -> list[Document]:
        """Return every position with its figures at `prices`."""
        notes = sorted(self._notes.values(), key=lambda note: self._filled.get(note["plan_id"], -1))
        return [self._priced(note, prices) for note in reversed(notes)]

    def _priced(self, note: Document, prices: Prices) -> Document:
        plan = self._opinions.plans.get(note["plan_id"], {})
        last = prices(note["instrument"])
        unrealised = _unrealised(note, last)
        net = note["gross"] + unrealised - note["charges"]
        resting = sum(self._resting.get(note["plan_id"], {}).values())
        return {
            **note,
            "confirmed": min(resting, abs(note["quantity"])),
            "last": last,
            "target1": plan.get("target1"),
            "target2": plan.get("target2"),
            "unrealised": round(unrealised, 2),
            "net": round(net, 2),
            "r": _in_r(note, plan, note["gross"] + unrealised),
            "signal_id": plan.get("signal_id", ""),
            "decision_id": plan.get("decision_id", ""),
            "combination": plan.get("combination", ""),
        }

    def open_instruments(self) -> set[str]:
        """Return the instruments in which something is held."""
        return {note["instrument"] for note in self._notes.values() if note["quantity"]}

    def margin_used(self) -> float:
        """Return the margin of what is held and of entries that still work, in rupees."""
        plans = self._opinions.plans
        legs: dict[str, list[str]] = {}
        for code, plan in plans.items():
            if plan["combination"]:
                legs.setdefault(plan["combination"], []).append(code)
        return math.fsum(
            plan["margin_per_unit"] * self._units(code, legs.get(code, ()))
            for code, plan in plans.items()
            if plan["state"] not in _OVER
        )

    def _units(self, code: str, legs: Sequence[str]) -> float:
        """Return the units that a plan holds or may come to; of several legs by the largest."""
        plans = self._opinions.plans
        whole = plans[code]
        if legs and whole["state"] != "PENDING_ENTRY":
            shares = [self._alone(leg) / plans[leg]["quantity"] for leg in legs]
            return float(max(shares) * whole["quantity"])
        return float(whole["quantity"] if legs else self._alone(code))

    def _alone(self, code: str) -> int:
        note, plan = self._notes.get(code), self._opinions.plans[code]
        if note is None:
            return int(plan["quantity"])
        held: int = abs(note["quantity"])
        return held + sum(self._coming.get(code, {}).values())

    def is_anything_alive(self) -> bool:
        """Say whether any plan holds something or may come to."""
        return any(plan["state"] not in _OVER for plan in self._opinions.plans.values())


def _unrealised(note: Document, last: float | None) -> float:
    """Return the open profit in rupees, before charges; 0 where nothing is held or no price.

    What exits took out beyond what was held is an open position of the other side.
    """
    quantity = note["quantity"]
    if not quantity or last is None or note["average_entry"] is None:
        return 0.0
    left = note["opened_quantity"] - quantity * note["direction"]
    closed = (note["average_exit"] or 0.0) * left
    cash = note["direction"] * (closed - note["average_entry"] * note["opened_quantity"])
    return float(cash + quantity * last - note["gross"])


def _in_r(note: Document, plan: Mapping[str, Any], profit: float) -> float | None:
    """Return profit before charges in units of the first risk, None where that is unknown."""
    if not plan or note["average_entry"] is None or plan["stop"] is None:
        return None
    risk = abs(note["average_entry"] - plan["stop"]) * note["opened_quantity"]
    return round(profit / risk, 3) if risk else None


def by_strategy(positions: list[Document]) -> list[Document]:
    """Return what each strategy's closed positions came to, by name; all legs of a plan are one.

    `net` and `expectancy` (net a trade) in rupees after charges, rounded once, so that they agree
    with the ledger to the paisa; `win_rate` a fraction.
    """
    plans: dict[str, list[Document]] = {}
    for position in positions:
        plans.setdefault(position["combination"] or position["id"], []).append(position)
    closed: dict[str, list[float]] = {}
    for held in plans.values():
        if all(position["state"] == "CLOSED" for position in held):
            net = math.fsum(position["gross"] - position["charges"] for position in held)
            closed.setdefault(held[0]["strategy"], []).append(net)
    return [
        {
            "name": name,
            "trades": len(nets),
            "wins": (wins := sum(1 for net in nets if net > 0)),
            "losses": len(nets) - wins,
            "net": round(sum(nets), 2),
            "win_rate": round(wins / len(nets), 4),
            "expectancy": round(sum(nets) / len(nets), 2),
        }
        for name, nets in sorted(closed.items())
    ]
