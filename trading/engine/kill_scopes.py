"""What the kill switch can close besides the whole desk: one strategy, or one underlying.

The whole desk's lock stands in `risk/breakers.py`; closing is the guard's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trading.engine.trades import Trade


class ScopeKind(StrEnum):
    """What a scope names."""

    STRATEGY = "strategy"
    UNDERLYING = "underlying"


@dataclass(frozen=True, slots=True)
class KillScope:
    """One strategy or one underlying, told as `strategy:NAME` or `underlying:NAME`."""

    kind: ScopeKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def holds(self, trade: Trade) -> bool:
        """Say whether a plan, or the leg of one, belongs to the scope."""
        mine = trade.strategy if self.kind is ScopeKind.STRATEGY else trade.underlying
        return mine == self.name


def scope_of(text: str) -> KillScope:
    """Return the scope a text tells. Raises `ValueError` for any other text."""
    kind, _, name = text.partition(":")
    if kind not in set(ScopeKind) or not name.strip():
        raise ValueError(f"subject: {text!r}, expected strategy:NAME or underlying:NAME")
    return KillScope(ScopeKind(kind), name)
