"""What the engine has to say in answer to one event, and the numbers it gives to things.

Carrying wishes out is the runner's work; nothing is sent or stored here.
"""

from __future__ import annotations

from datetime import datetime

from execution.client_ids import client_id_of
from execution.orders import Role
from trading.engine.actions import Action, AlertNoted, RiskNoted


class Outbox:
    """Collects the actions of the event in hand; counters make every code unique in the run."""

    def __init__(self, run_code: str) -> None:
        """Number things for run `run_code`, 1 to 12 capital letters and digits, unique for ever."""
        if not (1 <= len(run_code) <= 12 and run_code.isalnum() and run_code.isupper()):
            raise ValueError(f"run_code: {run_code!r}, expected 1 to 12 capitals and digits")
        self._run_code = run_code
        self._actions: list[Action] = []
        self._counts: dict[str, int] = {}

    def emit(self, action: Action) -> None:
        """Add one action behind those already said."""
        self._actions.append(action)

    def drain(self) -> tuple[Action, ...]:
        """Return the actions collected since the last call, in order."""
        actions = tuple(self._actions)
        self._actions.clear()
        return actions

    def code(self, letter: str) -> str:
        """Return the next code of a series, `S000001`; unique within the run."""
        number = self._counts.get(letter, 0) + 1
        self._counts[letter] = number
        return f"{letter}{number:06d}"

    def client_id(self, role: Role) -> str:
        """Return a new order id: run code, role letter, counter; at most 20 letters and digits."""
        number = self._counts.get("order", 0) + 1
        self._counts["order"] = number
        return client_id_of(self._run_code, role, number)

    def risk(self, at: datetime, kind: str, text: str, *, severity: str = "WARNING") -> None:
        """Note a risk event without figures."""
        self.emit(RiskNoted(at, kind, severity, text, "", ""))

    def alert(self, at: datetime, kind: str, text: str, *, severity: str = "CRITICAL") -> None:
        """Note a message for the operator."""
        self.emit(AlertNoted(at, kind, severity, text))
