"""What the events near a candidate do to it: a stop further away, and a place behind others.

That less is then traded follows from the stop, in the gate's sizing; which events there are, and
how near is near, is told by the windows a run starts with.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from risk.event_rules import EventWindow
from strategies.option_levels import REACHABLE
from strategies.signals import Direction
from strategies.structures import Structure


def windows_near(
    windows: Sequence[EventWindow], at: datetime, underlying: str
) -> tuple[EventWindow, ...]:
    """Return the windows open at `at` that concern an underlying, in their order."""
    if not windows:
        return ()
    return tuple(each for each in windows if each.is_open(at) and each.concerns(underlying))


def event_of(near: Sequence[EventWindow]) -> str:
    """Return the title of the first event that ranks a candidate down, empty where none does."""
    return next((each.title for each in near if each.effects.ranked_down), "")


def widened(structure: Structure, near: Sequence[EventWindow]) -> Structure:
    """Return the structure with its stop as many times as far away as the strictest event says.

    Itself where none says so. No stop goes farther than `REACHABLE` of the largest loss, as one
    beyond it would never be hit, and that of what is bought stays a tick above 0 at least; targets
    stay. Only for what is yet to be entered: the stop of a position is never moved away.
    """
    if not near:
        return structure
    factor = max(each.effects.stop_factor for each in near)
    if factor == 1.0:
        return structure
    risk = min(factor * structure.risk, max(structure.risk, REACHABLE * structure.max_loss))
    stop = structure.entry - structure.direction * risk
    if structure.direction is Direction.LONG:
        least = float(max(leg.instrument.tick_size for leg in structure.legs))
        stop = max(stop, min(structure.stop, least))
    return replace(structure, stop=stop)
