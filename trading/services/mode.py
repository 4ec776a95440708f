"""Asking for a mode: PAPER is always given, LIVE only through its gate; both are audited.

What the gate looks at is said in `live_gate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from trading.services import audit, live_facts
from trading.services.live_gate import GateVerdict, Override, evaluate


class Mode(StrEnum):
    """Where orders go: to the simulated exchange, or to a real broker."""

    PAPER = "PAPER"
    LIVE = "LIVE"


class LiveRefusedError(Exception):
    """The gate before LIVE is shut; `verdict` names every check."""

    def __init__(self, verdict: GateVerdict) -> None:
        names = ", ".join(check.name for check in verdict.failing)
        super().__init__(f"LIVE is refused: {names}")
        self.verdict = verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeWish:
    """Who asks for which mode, and why; `confirmation` must be the exact phrase for LIVE."""

    mode: Mode
    by: str
    reason: str
    confirmation: str = ""
    is_operator: bool = False
    override: Override | None = None


def present_mode() -> Mode:
    """Return the mode the desk is in: PAPER, for there is no engine that could be in another."""
    return Mode.PAPER


def ask(wish: ModeWish) -> Mode:
    """Return the mode the desk is in after the wish.

    Raises `LiveRefusedError` when the gate is shut; the audit entry of the refusal stays.
    """
    if wish.mode is Mode.PAPER:
        with transaction.atomic():
            _note("mode.set", wish, present_mode(), {})
        return Mode.PAPER
    with transaction.atomic():
        facts = live_facts.gather(phrase=wish.confirmation, is_operator=wish.is_operator)
        verdict = evaluate(facts, wish.override)
        _note("mode.refused", wish, present_mode(), _incident(verdict))
    raise LiveRefusedError(verdict)


def _note(action: str, wish: ModeWish, after: Mode, more: dict[str, object]) -> None:
    details = {
        "reason": wish.reason,
        "before": present_mode(),
        "asked": wish.mode,
        "after": after,
        **more,
    }
    audit.note(action, by=wish.by, subject=wish.mode.value, details=details)


def _incident(verdict: GateVerdict) -> dict[str, object]:
    """Return the gate's findings as the audit entry tells them, with the override's words."""
    return {
        "override": verdict.override.reason if verdict.override else "",
        "checks": [
            {
                "item": check.item,
                "name": check.name,
                "passed": check.passed,
                "measured": check.measured[:100],
                "allowed": check.allowed,
            }
            for check in verdict.checks
        ],
    }
