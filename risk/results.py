"""What the positions of a day have come to, for the rules that look back.

What follows from it is decided by `desk_rules.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Result(Struct, frozen=True, gc=False):
    """One position that was closed: whose, when, and its profit after charges, in rupees."""

    strategy: str
    closed_at: datetime
    net_inr: Decimal

    def __post_init__(self) -> None:
        if self.closed_at.tzinfo is None:
            raise ValueError("closed_at: expected an aware datetime")


def losses_in_a_row(results: Sequence[Result], strategy: str = "") -> int:
    """Return how many results at the end are losses (`results`: oldest first); 0 is none.

    `strategy`: whose results count; empty for everybody's.
    """
    streak = 0
    for result in reversed(results):
        if strategy and result.strategy != strategy:
            continue
        if result.net_inr >= 0:
            break
        streak += 1
    return streak
