"""What of the desk trades nothing until a person allows it: strategies put aside, scopes closed.

Folded from the engine's own remarks; the reasons that block the whole desk are in
`broadcast_state.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading.broadcast_delta import Document
from trading.broadcast_entries import moment
from trading.engine.commands import KILL_SCOPE
from trading.engine.quarantine import QUARANTINED, RELEASED

STRATEGY, SCOPE = "strategy", "scope"
"""What an entry names: a strategy in quarantine, or what the kill switch has closed."""
_KINDS = {QUARANTINED: STRATEGY, RELEASED: STRATEGY, KILL_SCOPE: SCOPE}


class Aside:
    """Everything that a person has to release or unlock, the newest first."""

    def __init__(self) -> None:
        self._entries: dict[str, Document] = {}

    def take(self, body: Mapping[str, Any]) -> None:
        """Take a `RiskNoted`; its text begins with what it is about, and INFO ends it."""
        kind = _KINDS.get(body["kind"])
        if kind is None:
            return
        subject, text = body["text"].partition(" is ")[0], body["text"]
        key = f"{kind}:{subject}"
        self._entries.pop(key, None)
        if body["severity"] != "INFO":
            at = moment(body["at"])
            self._entries[key] = {
                "id": key, "kind": kind, "subject": subject, "at": at, "text": text
            }  # fmt: skip

    def document(self) -> list[Document]:
        """Return the entries."""
        return list(reversed(self._entries.values()))
