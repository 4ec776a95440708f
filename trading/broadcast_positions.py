"""Positions of the live state at the last prices, and what they come to by strategy.

Profit is the difference between what was paid and what was or would be got, so that it agrees
with the booked trades to the paisa. The books themselves are the engine's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from trading.broadcast_delta import Document
from trading.broadcast_entries import Opinions, moment, number

Prices: TypeAlias = Callable[[str], float | None]
"""The last price of an instrument in rupees, None where there is none."""

_OVER = frozenset({"CLOSED", "ENTRY_CANCELLED"})
_COPIED = ("strategy", "instrument", "direction", "quantity", "opened_quantity")
_NUMBERS = ("average_entry", "average_exit", "stop", "gross", "charges", "mae_r", "mfe_r")


class Holdings:
    """Every position of the day, the newest first."""

    def __init__(self, opinions: Opinions) -> None:
        self._opinions = opinions
        self._notes: dict[str, Document] = {}
        self._filled: dict[str, int] = {}

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
        return {
            **note,
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
        held = {note["plan_id"]: abs(note["quantity"]) for note in self._notes.values()}
        return math.fsum(
            plan["margin_per_unit"] * held.get(code, plan["quantity"])
            for code, plan in self._opinions.plans.items()
            if plan["state"] not in _OVER
        )

    def is_anything_alive(self) -> bool:
        """Say whether any plan holds something or may come to."""
        return any(plan["state"] not in _OVER for plan in self._opinions.plans.values())


def _unrealised(note: Document, last: float | None) -> float:
    """Return the open profit in rupees, before charges; 0 where nothing is held or no price."""
    quantity = note["quantity"]
    if not quantity or last is None or note["average_entry"] is None:
        return 0.0
    left = note["opened_quantity"] - abs(quantity)
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

    `net` and `expectancy` (net a trade) in rupees after charges; `win_rate` a fraction.
    """
    plans: dict[str, list[Document]] = {}
    for position in positions:
        plans.setdefault(position["combination"] or position["id"], []).append(position)
    closed: dict[str, list[float]] = {}
    for held in plans.values():
        if all(position["state"] == "CLOSED" for position in held):
            net = math.fsum(position["net"] for position in held)
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
