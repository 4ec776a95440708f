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
from strategies.signals import Direction, Signal
from strategies.ways_out import UnderlyingLevels, WaysOut

REACHABLE = 0.8
"""How much of the largest loss a value can be expected to show before expiry."""


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
    stop_of_max_loss: float = REACHABLE

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

    The volatility exit and the time without a profit belong to a price that trends and are left
    out. `trail_part`: how far behind the value its stop trails, a part of the premium, 0 for not
    at all. `out_at`: a time of day in India as text (`15:10`), empty for the square-off.
    By the underlying's price: with `at_opinion_levels` the opinion's own stop and last target
    hold, where it has a direction; `most_move`: out once it has moved by this part of the
    opinion's price against it, without a direction either way; 0 for never.
    """

    out_at: str = ""
    break_even: bool = False
    at_opinion_levels: bool = False
    most_move: float = 0.0
    trail_part: float = 0.0

    def __post_init__(self) -> None:
        if self.out_at:
            time.fromisoformat(self.out_at)
        if not 0 <= self.most_move < 1:
            raise ValueError(f"most_move: {self.most_move}, expected from 0 to below 1")
        if not 0 <= self.trail_part < 1:
            raise ValueError(f"trail_part: {self.trail_part}, expected from 0 to below 1")

    def ways_out(self, signal: Signal) -> WaysOut:
        """Return the exits of a structure made of an opinion."""
        until = None
        if self.out_at:
            day = signal.at.astimezone(IST).date()
            until = datetime.combine(day, time.fromisoformat(self.out_at), IST)
        return WaysOut(
            trail=self.trail_part > 0,
            trail_part=self.trail_part,
            break_even=self.break_even,
            volatility=False,
            time_stop=False,
            until=until,
            underlying=self._underlying(signal),
        )

    def _underlying(self, signal: Signal) -> UnderlyingLevels | None:
        view, entry = signal.direction, signal.entry
        stops, targets = [], []
        if self.most_move:
            sides = (1, -1) if view is Direction.NEUTRAL else (int(view),)
            stops = [entry - side * self.most_move * entry for side in sides]
        if self.at_opinion_levels and view is not Direction.NEUTRAL:
            stops, targets = [*stops, signal.stop], [signal.target2]
        if not stops:
            return None
        return UnderlyingLevels(
            stop_below=max((level for level in stops if level < entry), default=-inf),
            stop_above=min((level for level in stops if level > entry), default=inf),
            target_below=max((level for level in targets if level < entry), default=-inf),
            target_above=min((level for level in targets if level > entry), default=inf),
        )
