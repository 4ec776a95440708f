"""What an opinion's structure asks of the exits; the exits themselves are the risk room's.

Nothing here decides an exit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import inf


@dataclass(frozen=True, slots=True)
class UnderlyingLevels:
    """Prices of what the opinion is about at which the whole is left, in rupees.

    At or below `stop_below`, at or above `stop_above`: as a stop; the others: as a target. An
    infinite level is none.
    """

    stop_below: float = -inf
    stop_above: float = inf
    target_below: float = -inf
    target_above: float = inf

    def __post_init__(self) -> None:
        low = max(self.stop_below, self.target_below)
        high = min(self.stop_above, self.target_above)
        if not low < high:
            raise ValueError(f"{self}: expected every level below under every level above")

    def __str__(self) -> str:
        """Say where it is left."""
        told = (
            ("or below", self.stop_below, "stop"),
            ("or above", self.stop_above, "stop"),
            ("or below", self.target_below, "target"),
            ("or above", self.target_above, "target"),
        )
        known = (f"{level:.2f} {way} ({kind})" for way, level, kind in told if abs(level) < inf)
        return ", ".join(known)


@dataclass(frozen=True, slots=True)
class WaysOut:
    """Which of the desk's exits a structure does without, and what it sets for itself.

    The stop, the targets and the end of the day always hold. `trail`, `break_even` (the stop
    moved to the entry after the first target), `volatility` and `time_stop`: False leaves this
    exit out, True leaves it to the desk's setting. `trail_part`: what the trail keeps between the
    value and its stop, a part of the entry, 0 for the desk's measure, which an option has none of.
    `first_fraction`: the part closed at the first target, None for the desk's. `until`: out at
    this moment, None for the session's square-off; an aware datetime. `underlying`: levels of the
    opinion's own instrument.
    """

    trail: bool = True
    trail_part: float = 0.0
    break_even: bool = True
    volatility: bool = True
    time_stop: bool = True
    first_fraction: float | None = None
    until: datetime | None = None
    underlying: UnderlyingLevels | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.trail_part < 1:
            raise ValueError(f"trail_part: {self.trail_part}, expected from 0 to below 1")
        if self.first_fraction is not None and not 0 <= self.first_fraction <= 1:
            raise ValueError(f"first_fraction: {self.first_fraction}, expected 0 to 1")
        if self.until is not None and self.until.tzinfo is None:
            raise ValueError("until: expected an aware datetime")


DESK = WaysOut()
"""Every exit as the desk is set."""
