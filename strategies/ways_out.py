"""What an opinion's structure asks of the exits; the exits themselves are the risk room's.

Nothing here decides an exit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WaysOut:
    """Which of the desk's exits a structure does without, and what it sets for itself.

    The stop, the targets and the end of the day always hold. `trail`, `break_even` (the stop
    moved to the entry after the first target), `volatility` and `time_stop`: False leaves this
    exit out, True leaves it to the desk's setting. `first_fraction`: the part closed at the
    first target, None for the desk's. `until`: out at this moment, None for the session's
    square-off; an aware datetime.
    """

    trail: bool = True
    break_even: bool = True
    volatility: bool = True
    time_stop: bool = True
    first_fraction: float | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.first_fraction is not None and not 0 <= self.first_fraction <= 1:
            raise ValueError(f"first_fraction: {self.first_fraction}, expected 0 to 1")
        if self.until is not None and self.until.tzinfo is None:
            raise ValueError("until: expected an aware datetime")


DESK = WaysOut()
"""Every exit as the desk is set."""
