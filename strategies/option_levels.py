"""Where an option structure is left: stop and targets as multiples of what was paid or taken.

The exits themselves are the risk room's; the structure's own bounds are worked out in `payoff.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from math import inf
from typing import NamedTuple

from marketdata.calendar import IST
from strategies.outlook import Outlook
from strategies.signals import Direction
from strategies.ways_out import WaysOut


class GainOf(StrEnum):
    """Of what a target is a part: the premium paid or taken, or the largest profit."""

    PREMIUM = "premium"
    MAX_PROFIT = "max_profit"


class Placed(NamedTuple):
    """Stop and targets in rupees of the traded value."""

    stop: float
    target1: float
    target2: float


@dataclass(frozen=True, slots=True)
class Levels:
    """How far the value may go.

    `stop`: the value at which it is left, in multiples of the entry; below 1 for a debit, above
    1 for a credit. No stop lies farther than `stop_of_max_loss` of the largest loss, so that it
    can be reached before expiry. `target1`, `target2`: gains as parts of `gain_of`; the premium
    stands in for a largest profit without bound.
    """

    stop: float
    target1: float
    target2: float
    gain_of: GainOf
    stop_of_max_loss: float = 0.8

    def __post_init__(self) -> None:
        if not (self.stop >= 0 and self.stop != 1):
            raise ValueError(f"stop: {self.stop}, expected 0 or more and not 1")
        if not 0 < self.target1 <= self.target2:
            raise ValueError(f"target1: {self.target1}, expected above 0, at most target2")
        if not 0 < self.stop_of_max_loss <= 1:
            raise ValueError(f"stop_of_max_loss: {self.stop_of_max_loss}, expected above 0 to 1")

    def placed(self, entry: float, way: Direction, outlook: Outlook) -> Placed:
        """Return the levels of a structure entered at `entry` rupees a unit."""
        loss = min(abs(self.stop - 1.0) * entry, self.stop_of_max_loss * outlook.max_loss)
        bounded = self.gain_of is GainOf.MAX_PROFIT and outlook.max_profit < inf
        basis = outlook.max_profit if bounded else entry
        return Placed(
            entry - way * loss,
            entry + way * self.target1 * basis,
            entry + way * self.target2 * basis,
        )


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a structure sets for its exits beside the levels.

    Trailing, the volatility exit and the time without a profit belong to a price that trends and
    are left out. `out_at`: a time of day in India as text (`15:10`), empty for the square-off.
    """

    out_at: str = ""
    break_even: bool = False

    def __post_init__(self) -> None:
        if self.out_at:
            time.fromisoformat(self.out_at)

    def ways_out(self, at: datetime) -> WaysOut:
        """Return the exits of a structure made at `at`, aware."""
        until = None
        if self.out_at:
            day = at.astimezone(IST).date()
            until = datetime.combine(day, time.fromisoformat(self.out_at), IST)
        return WaysOut(
            trail=False,
            break_even=self.break_even,
            volatility=False,
            time_stop=False,
            until=until,
        )
