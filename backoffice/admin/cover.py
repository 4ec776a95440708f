"""How a held position is covered, in words and a tone: what the broker has confirmed, and what not.

Which orders cover it is read in `trading/selectors.py`.
"""

from __future__ import annotations

from trading import selectors
from trading.models import Position


def cover_of(row: Position) -> tuple[str, str]:
    """Return for how many units held a stop or an exit is confirmed at the broker, and a tone.

    What was asked for and is not confirmed is named besides. A leg whose loss the other legs of
    its plan bound has no stop of its own, and leaves with them.
    """
    held = abs(row.quantity)
    confirmed = min(selectors.confirmed_cover(row), held)
    waiting = row.protected - confirmed
    if row.stop is None and not confirmed and waiting <= 0:
        return "with its plan", "quiet"
    told = f", {waiting} not confirmed" if waiting > 0 else ""
    return f"{confirmed} of {held}{told}", "good" if confirmed >= held else "bad"
