"""The desk as a live page shows it: one document, folded from the journal's notes and the prices.

A pure fold: it reads no clock and sends nothing. What changed between two documents is told by
`broadcast_delta.py`, money is shown in rupees as numbers with two decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from marketdata.calendar import IST
from marketdata.tape import Frame
from trading.broadcast_aside import Aside
from trading.broadcast_chains import named
from trading.broadcast_delta import Document
from trading.broadcast_entries import (
    EVENTS_KEPT,
    FILLS_KEPT,
    Newest,
    Opinions,
    Orders,
    event_entry,
    fill_entry,
    moment,
)
from trading.broadcast_facts import DeskFacts
from trading.broadcast_foreign import foreign_entries
from trading.broadcast_keys import VERSION
from trading.broadcast_market import Market
from trading.broadcast_positions import Holdings, by_strategy
from trading.broadcast_together import together
from trading.journal import HEAD, Record

_BOOKED = frozenset({"START", "REALISED"})


class DeskState:
    """One run's state; feed it the journal's records in order, and the frames they name."""

    def __init__(self, facts: DeskFacts) -> None:
        self.market = Market(facts)
        self._facts = facts
        self._run_state = facts.state
        self._at: str | None = None
        self._feed_at: datetime | None = None
        self._trading_state, self._blocked_by = "OPEN", list[str]()
        self._opinions = Opinions()
        self._orders = Orders()
        self._holdings = Holdings(self._opinions)
        self._fills = Newest(FILLS_KEPT)
        self._events = Newest(EVENTS_KEPT)
        self._aside = Aside()
        self._foreign: list[Document] = []
        self._balance = self._peak = float(facts.capital)
        self._charges = self._heat = 0.0
        self._equity: list[list[str | float | None]] = []
        self._signalled: set[str] = set()

    def take(self, record: Record) -> None:
        """Take one record in; kinds that no page shows only move the time."""
        body = record.body
        self._at = body.get("at", self._at) if record.kind != HEAD else self._at
        match record.kind:
            case "SignalNoted" | "DecisionNoted" | "PlanNoted" | "PlanMoved":
                self._opinion(record.kind, body)
            case "CombinationNoted":
                self._opinions.combined(body)
            case "CombinationMeasured":
                self._opinions.measured(body)
            case "OrderNoted":
                self._orders.take(body)
                self._holdings.ordered(body)
            case "FillNoted":
                self._fills.put(fill_entry(body))
                self._holdings.filled(body["plan_id"])
            case "PositionNoted":
                self._holdings.take(body)
            case "LedgerNoted" | "EquityNoted":
                self._money(record.kind, body)
            case "RiskNoted" | "AlertNoted" | "StateNoted":
                self._remark(record)
            case "ForeignSeen":
                self._foreign = foreign_entries(body)
            case "run-ended":
                self._run_state = "FINISHED"

    def prices(self, frame: Frame) -> None:
        """Take a frame of the run's tape in; in the order of their numbers."""
        self._feed_at = frame.at
        self.market.take(frame)

    def _opinion(self, kind: str, body: Mapping[str, Any]) -> None:
        match kind:
            case "SignalNoted":
                self._opinions.signalled(body)
                self._signalled.add(body["instrument"])
            case "DecisionNoted":
                self._opinions.decided(body)
                if body["approved"]:
                    self._heat = float(body["heat_after_inr"])
            case "PlanNoted":
                self._opinions.planned(body)
            case "PlanMoved":
                self._opinions.moved(body)
                self._holdings.moved(body)

    def _money(self, kind: str, body: Mapping[str, Any]) -> None:
        self._balance = float(body["balance"])
        if kind == "LedgerNoted":
            if body["kind"] not in _BOOKED:
                self._charges -= float(body["amount"])
            return
        equity = float(body["equity"])
        self._heat = float(body["heat"])
        self._peak = max(self._peak, equity)
        self._equity.append([moment(body["at"]), _paise(equity), _paise(self._peak - equity)])

    def _remark(self, record: Record) -> None:
        self._events.put(event_entry(record))
        if record.kind == "RiskNoted":
            self._aside.take(record.body)
        if record.kind == "StateNoted":
            self._trading_state = record.body["state"]
            self._blocked_by = list(record.body["blocked_by"])

    @property
    def charted(self) -> frozenset[str]:
        """Return the instruments whose bars a page may want now."""
        return self.market.indices | self._signalled | self._holdings.open_instruments()

    @property
    def at(self) -> str | None:
        """Return the run's time in exchange time, None before its first moment."""
        return moment(self._at)

    def document(self) -> Document:
        """Return the whole state; it never changes afterwards.

        `sequence`, `wall_at`, the run's speed and the health of other processes are the
        broadcaster's to fill in.
        """
        facts = self._facts
        positions = self._holdings.document(self.market.last)
        return {
            "version": VERSION,
            "sequence": 0,
            "at": self.at,
            "wall_at": None,
            "run": {
                "code": facts.run,
                "date": facts.date.isoformat(),
                "mode": facts.mode,
                "source": facts.source,
                "state": self._run_state,
                "speed": None,
            },
            "trading_state": self._trading_state,
            "blocked_by": list(self._blocked_by),
            "aside": self._aside.document(),
            "foreign": self._foreign,
            "account": self._account(positions),
            "positions": positions,
            "combinations": together(positions, self._opinions.plans),
            "orders": self._orders.newest.document(),
            "signals": self._opinions.signals.document(),
            "fills": self._fills.document(),
            "equity": list(self._equity),
            "strategies": by_strategy(positions),
            "health": {"feed": self._feed()},
            "events": self._events.document(),
            "watch": self.market.watch(self._holdings.open_instruments()),
            "chains": [named(key) for key in self.market.chains.keys],
        }

    def _account(self, positions: list[Document]) -> Document:
        facts = self._facts
        capital = float(facts.capital)
        unrealised = sum(position["unrealised"] for position in positions)
        equity = self._balance + unrealised
        alive = self._holdings.is_anything_alive()
        return {
            "capital": _paise(capital),
            "balance": _paise(self._balance),
            "realised": _paise(self._balance - capital),
            "unrealised": _paise(unrealised),
            "equity": _paise(equity),
            "day_profit": _paise(equity - capital),
            "charges": _paise(self._charges),
            "heat": _paise(self._heat) if alive else 0.0,
            "heat_limit": _paise(facts.limits.heat_budget_inr(_decimal(equity))),
            "daily_loss_limit": _paise(facts.limits.daily_loss_inr(facts.capital)),
            "margin_used": _paise(self._holdings.margin_used()),
            "margin_limit": _paise(float(facts.limits.margin_share) * equity),
            "positions_open": len(
                {p["combination"] or p["id"] for p in positions if p["quantity"]}
            ),
            "positions_limit": facts.limits.max_positions,
            "drawdown": _paise(max(self._peak - equity, 0.0)),
        }

    def _feed(self) -> Document:
        if self._feed_at is None or self._at is None:
            return {"at": None, "age_s": None}
        age = datetime.fromisoformat(self._at) - self._feed_at
        return {
            "at": self._feed_at.astimezone(IST).isoformat(),
            "age_s": max(age.total_seconds(), 0.0),
        }


def _paise(amount: float | Decimal) -> float:
    return round(float(amount), 2)


def _decimal(amount: float) -> Decimal:
    return Decimal(repr(round(amount, 2)))
