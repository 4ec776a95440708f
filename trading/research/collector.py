"""A journal that keeps what a backtest reports on, and a digest of what was decided.

Whole journals are kept by `trading.journal`; what is made of the notes is `round_trips.py`'s.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from trading.engine.actions import (
    AlertNoted,
    DecisionNoted,
    FillNoted,
    LedgerNoted,
    PlanNoted,
    RiskNoted,
    SignalNoted,
)
from trading.research.audit_replay import DECISIVE

_KEPT = frozenset(
    kind.__name__
    for kind in (
        AlertNoted,
        DecisionNoted,
        FillNoted,
        LedgerNoted,
        PlanNoted,
        RiskNoted,
        SignalNoted,
    )
)
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Collector:
    """Keeps the notes of the kinds a report needs, of all sessions of a run, in order.

    `refusals`: signals that fell out of the ranking or were refused by the gate, by reason.
    `incidents`: risks and alerts by kind, but for faults of the data, which `coverage.py` counts.
    """

    def __init__(self) -> None:
        self.recovered: Sequence[Any] = ()
        self.seq = 0
        self.plans: list[PlanNoted] = []
        self.fills: list[FillNoted] = []
        self.bookings: list[LedgerNoted] = []
        self.signals = 0
        self.approved = 0
        self.refusals: Counter[str] = Counter()
        self.incidents: Counter[str] = Counter()
        self._digest = hashlib.sha256()

    @property
    def decision_hash(self) -> str:
        """Return the SHA-256 of every signal, decision and plan so far, as the audit makes it."""
        return self._digest.hexdigest()

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        """Take a record; return its number."""
        self.seq += 1
        if kind in _KEPT and not incoming:
            if kind in DECISIVE:
                self._digest.update(kind.encode() + _encode(body))
            self._take(body)
        return self.seq

    def _take(self, note: object) -> None:
        match note:
            case FillNoted():
                self.fills.append(note)
            case LedgerNoted():
                self.bookings.append(note)
            case PlanNoted():
                self.plans.append(note)
            case SignalNoted(why_not=why_not):
                self.signals += 1
                if why_not:
                    self.refusals["not kept by the ranking"] += 1
            case DecisionNoted(approved=approved, refusals=refusals):
                self.approved += approved
                self.refusals.update(refusals)
            case RiskNoted(kind="data-fault"):
                pass
            case RiskNoted(kind=kind) | AlertNoted(kind=kind):
                self.incidents[kind] += 1
            case _:
                pass

    def write(self, before: int | None = None) -> None:
        """Do nothing: memory is where it stays."""

    def flush(self) -> None:
        """Do nothing: memory is where it stays."""
