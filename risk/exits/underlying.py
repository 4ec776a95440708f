"""Exits of an option or a structure by the price of what its opinion is about.

Exits by the price of the traded contract itself, or by a structure's value, are the kernel's.
"""

from __future__ import annotations

from typing import NamedTuple

from risk.exits.plan import ExitReason
from strategies.ways_out import UnderlyingLevels


class Reached(NamedTuple):
    """Why a plan is left, and the level that its underlying has come to, in rupees."""

    reason: ExitReason
    level: float


def stop_reached(levels: UnderlyingLevels, low: float, high: float) -> Reached | None:
    """Return the stop that a range of the underlying's price has reached, None for none.

    At a level is a hit; where both are reached, the lower is told. Without a price (NaN) none is.
    """
    return _reached(ExitReason.UNDERLYING_STOP, levels.stop_below, levels.stop_above, low, high)


def target_reached(levels: UnderlyingLevels, low: float, high: float) -> Reached | None:
    """Return the target that a range of the underlying's price has reached, as `stop_reached`."""
    return _reached(
        ExitReason.UNDERLYING_TARGET, levels.target_below, levels.target_above, low, high
    )


def _reached(
    reason: ExitReason, below: float, above: float, low: float, high: float
) -> Reached | None:
    if low <= below:
        return Reached(reason, below)
    return Reached(reason, above) if high >= above else None
