"""What must be true of any day's journal, whatever happened in it: positions, money, protection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from execution.charges import charges_for_order
from execution.orders import Product, Side
from marketdata.instruments import Instrument
from tests.replay.played import Played

OVER = frozenset({"CLOSED", "ENTRY_CANCELLED"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts that the desk's own limits allow."""

    positions: int = 5
    per_strategy: int = 3
    per_underlying: int = 1


def assert_money_is_exact(played: Played) -> None:
    """Fills, positions, ledger and equity tell one story, to the last place."""
    fills = [fill.body for fill in played.of("FillNoted")]
    assert len({fill["trade_id"] for fill in fills}) == len(fills)
    cash = sum((_cash(fill) for fill in fills), Decimal(0))
    open_cost = sum(
        (trade.position.cost for trade in played.engine.ledger.trades.values()), Decimal(0)
    )
    charged = _charged(played, fills)
    start = played.engine.ledger.start
    entries = [entry.body for entry in played.of("LedgerNoted")]
    assert _sum(entries, "REALISED") == cash + open_cost
    assert _sum(entries, "CHARGES") == -charged
    assert Decimal(entries[-1]["balance"]) == start + cash + open_cost - charged
    last = played.of("EquityNoted")[-1].body
    assert Decimal(last["balance"]) == Decimal(entries[-1]["balance"])
    assert Decimal(last["equity"]) == Decimal(last["balance"]) + Decimal(last["unrealised"])
    _assert_positions_are_their_fills(played, fills)


def _cash(fill: dict[str, Any]) -> Decimal:
    sign = -1 if fill["side"] == "BUY" else 1
    return sign * fill["quantity"] * Decimal(fill["price"])


def _sum(entries: list[dict[str, Any]], kind: str) -> Decimal:
    return sum((Decimal(entry["amount"]) for entry in entries if entry["kind"] == kind), Decimal(0))


def _charged(played: Played, fills: list[dict[str, Any]]) -> Decimal:
    """Return what the orders cost, worked out anew from their fills."""
    instruments = _instruments(played)
    total = Decimal(0)
    for client_id in dict.fromkeys(fill["client_id"] for fill in fills):
        parts = [fill for fill in fills if fill["client_id"] == client_id]
        total += charges_for_order(
            instruments[parts[0]["instrument"]],
            Side(parts[0]["side"]),
            sum(part["quantity"] for part in parts),
            sum((part["quantity"] * Decimal(part["price"]) for part in parts), Decimal(0)),
            Product.MIS,
            played.engine.setup.day,
        ).total
    return total


def _instruments(played: Played) -> dict[str, Instrument]:
    columns = played.engine.setup.universe.columns
    return {column.instrument.key: column.instrument for column in columns}


def _assert_positions_are_their_fills(played: Played, fills: list[dict[str, Any]]) -> None:
    held: Counter[str] = Counter()
    for fill in fills:
        held[fill["plan_id"]] += fill["quantity"] * (1 if fill["side"] == "BUY" else -1)
    for trade in played.engine.ledger.trades.values():
        assert trade.position.quantity == held[trade.plan_id]
    for note in {n.body["plan_id"]: n.body for n in played.of("PositionNoted")}.values():
        assert note["quantity"] == held[note["plan_id"]]


def assert_flat(played: Played) -> None:
    """Nothing is held and nothing works."""
    for trade in played.engine.ledger.trades.values():
        assert trade.is_over
        orders = trade.entries + trade.stops + trade.targets + trade.exits
        assert not played.engine.orders.unfinished(orders)
    assert played.of("EquityNoted")[-1].body["open_positions"] == 0


def assert_always_protected(played: Played) -> None:
    """After every change of a position, exits cover exactly what is held."""
    for note in played.of("PositionNoted"):
        assert note.body["protected"] == abs(note.body["quantity"]), note.body


def assert_limits_were_kept(played: Played, limits: Limits) -> None:
    """No plan was approved beyond a limit, and counts never passed theirs."""
    for decision in played.of("DecisionNoted"):
        if decision.body["approved"]:
            assert all(verdict["passed"] for verdict in decision.body["verdicts"])
            for verdict in decision.body["verdicts"]:
                if verdict["unit"] in ("INR", "positions", "s", "of middle") and _is_number(
                    verdict
                ):
                    assert Decimal(verdict["measured"]) <= Decimal(verdict["allowed"]), verdict
    alive: dict[str, tuple[str, str]] = {}
    for record in played.of("PlanNoted", "PlanMoved"):
        plan = record.body["plan_id"]
        if record.kind == "PlanNoted":
            alive[plan] = (record.body["strategy"], record.body["legs"][0]["instrument"])
        elif record.body["state"] in OVER:
            del alive[plan]
        assert len(alive) <= limits.positions
        assert max(Counter(s for s, _ in alive.values()).values(), default=0) <= limits.per_strategy
        names = Counter(name for _, name in alive.values())
        assert max(names.values(), default=0) <= limits.per_underlying


def _is_number(verdict: dict[str, Any]) -> bool:
    try:
        Decimal(verdict["measured"]), Decimal(verdict["allowed"])
    except ArithmeticError:
        return False
    return True
