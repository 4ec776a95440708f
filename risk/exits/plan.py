"""The exit plan of one position, its settings, its state, and the words for leaving.

What is decided from them lives in `kernel.py`, reached through `stepping.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Any

from strategies.direction import Direction


class ExitReason(StrEnum):
    """Why a position is closed."""

    KILL = "KILL"
    DAILY_LOSS = "DAILY_LOSS"
    MANUAL = "MANUAL"
    END_OF_DAY = "END_OF_DAY"
    UNDERLYING_STOP = "UNDERLYING_STOP"
    HARD_STOP = "HARD_STOP"
    MAE = "MAE"
    VOLATILITY = "VOLATILITY"
    BREAK_EVEN = "BREAK_EVEN"
    TRAIL = "TRAIL"
    TARGET2 = "TARGET2"
    TARGET1 = "TARGET1"
    TIME = "TIME"
    UNDERLYING_TARGET = "UNDERLYING_TARGET"


PRIORITY: tuple[ExitReason, ...] = tuple(ExitReason)
"""Which reason counts when several hold at one moment, the most pressing first.

A stop moved to break-even stands where the trail stands. A bigger target goes before a smaller.
What the underlying's price decides as a stop goes before, as a target behind all that the price of
the traded contract decides.
"""


class Urgency(StrEnum):
    """How an exit is to be worked: at once, or with a patient limit first."""

    URGENT = "URGENT"
    NORMAL = "NORMAL"


_PATIENT = (
    ExitReason.TARGET1,
    ExitReason.TARGET2,
    ExitReason.TIME,
    ExitReason.UNDERLYING_TARGET,
)
URGENCY: dict[ExitReason, Urgency] = {
    reason: Urgency.NORMAL if reason in _PATIENT else Urgency.URGENT for reason in ExitReason
}


def foremost(reasons: Iterable[ExitReason]) -> ExitReason:
    """Return the most pressing of `reasons`. Raises `ValueError` for none."""
    return min(reasons, key=PRIORITY.index)


class StopKind(IntEnum):
    """What the stop stands for now."""

    HARD = 0
    BREAK_EVEN = 1
    TRAIL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """Which exits hold and where; each can be switched off.

    `trail_atr` and, from the tightening stage on, `tighten_atr`: distance of the trailing stop in
    ATR. It arms at a profit of `arm_at_r` times the risk (0 at once), after the first target, or
    at the tightening stage, and moves by at least `trail_step`, a fraction of the price.
    `first_fraction` of the quantity closes at the first target, in whole lots.
    `time_stop_minutes`: out after this long without a profit; with `time_stop_bars` after so many
    bars of the strategy instead, 0 for the minutes (see `on_bars`). `volatility_multiple`: out
    when the ATR has grown to this many times that of the entry. `mae_r`: out at a loss of this
    many times the risk; beyond 1 it catches gaps through the stop.
    """

    hard_stop: bool = True
    trail: bool = True
    trail_atr: float = 1.2
    tighten_atr: float = 0.6
    arm_at_r: float = 1.5
    trail_step: float = 0.005
    target1: bool = True
    target2: bool = True
    first_fraction: float = 0.5
    break_even_after_target1: bool = True
    time_stop: bool = True
    time_stop_minutes: float = 20.0
    time_stop_bars: int = 0
    volatility: bool = True
    volatility_multiple: float = 2.0
    mae: bool = True
    mae_r: float = 1.5
    end_of_day: bool = True

    def __post_init__(self) -> None:
        above_zero = (
            "trail_atr",
            "tighten_atr",
            "time_stop_minutes",
            "volatility_multiple",
            "mae_r",
        )
        for name in above_zero:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected above 0")
        if self.tighten_atr > self.trail_atr:
            raise ValueError(f"tighten_atr: {self.tighten_atr}, expected at most trail_atr")
        for name in ("arm_at_r", "trail_step", "time_stop_bars"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 0 or more")
        if not 0 <= self.first_fraction <= 1:
            raise ValueError(f"first_fraction: {self.first_fraction}, expected 0 to 1")

    def on_bars(self, seconds: int) -> ExitRules:
        """Return the rules for a strategy on bars of a length: its time stop told in minutes."""
        if not self.time_stop_bars:
            return self
        minutes = self.time_stop_bars * seconds / 60
        return replace(self, time_stop_minutes=minutes, time_stop_bars=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """How one position is left; prices in rupees of the traded contract.

    `direction` of the contract itself. `entry`: mean fill price. `entry_atr`: the ATR that the
    volatility exit compares with, as of the entry, 0 where there was none.
    `costs_per_unit` is added to the entry for the break-even stop. `opened_at_s`, `tighten_at_s`
    and `square_off_at_s`: epoch seconds, None for never. With `hard_stop_rests` the stop
    rests at the broker and fills there: the kernel moves it, tells when the price is through it,
    and leaves the exit to the broker. `trail_part`: the part of the entry that the trail keeps
    behind the price, of what no ATR is known of, 0 for none. `vector`: the kernel's form of it,
    once it was made.
    """

    direction: Direction
    entry: float
    stop: float
    target1: float
    target2: float
    quantity: int
    lot_size: int
    opened_at_s: float
    entry_atr: float
    rules: ExitRules
    costs_per_unit: float = 0.0
    tighten_at_s: float | None = None
    square_off_at_s: float | None = None
    hard_stop_rests: bool = False
    trail_part: float = 0.0
    vector: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.entry - self.stop) * self.direction > 0:
            raise ValueError(f"stop: {self.stop} is not on the losing side of entry {self.entry}")
        for name in ("target1", "target2"):
            if not (getattr(self, name) - self.entry) * self.direction > 0:
                raise ValueError(
                    f"{name}: {getattr(self, name)} is not on the winning side of {self.entry}"
                )
        if (self.target2 - self.target1) * self.direction < 0:
            raise ValueError(f"target2: {self.target2} comes before target1 {self.target1}")
        if self.lot_size < 1 or self.quantity < self.lot_size or self.quantity % self.lot_size:
            raise ValueError(
                f"quantity: {self.quantity}, expected whole lots of {self.lot_size}, at least one"
            )
        if not self.costs_per_unit >= 0:
            raise ValueError(f"costs_per_unit: {self.costs_per_unit}, expected 0 or more")
        if not 0 <= self.trail_part < 1:
            raise ValueError(f"trail_part: {self.trail_part}, expected from 0 to below 1")

    @property
    def risk(self) -> float:
        """Return the distance from entry to the first stop, in rupees a unit: 1 R."""
        return abs(self.entry - self.stop)

    def trail_range(self, atr: float) -> float:
        """Return the range that the trail is measured in, in rupees: `atr`, or the plan's own.

        The plan's own makes `trail_atr` of it the part of the entry; NaN leaves the stop alone.
        """
        return self.trail_part * self.entry / self.rules.trail_atr if self.trail_part else atr

    @property
    def trail_step(self) -> float:
        """Return by which fraction of the price the trail moves its stop at least.

        By a part of the entry it is a quarter of that: a premium may double within the changes
        that the broker allows one order.
        """
        return max(self.rules.trail_step, self.trail_part / 4)

    @property
    def first_quantity(self) -> int:
        """Return the units to close at the first target, whole lots rounded down; 0 for none."""
        lots = math.floor(self.quantity / self.lot_size * self.rules.first_fraction + 1e-9)
        return lots * self.lot_size


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitState:
    """Where a plan stands; made by `opened`, changed by `step` only.

    `stop`: where the stop is now. `open_quantity`: units not yet decided to be closed; the engine
    sets it from fills where these differ. `best` and `worst`: the extreme prices since the entry.
    `through_since_s`: when the price was first seen at or through the stop, None while it isn't.
    `bar_end_s` and `phase`: the bar in the middle of which a part was closed, and how far into it.
    `vector`: the kernel's form of it, once it was made.
    """

    stop: float
    stop_kind: StopKind
    open_quantity: int
    best: float
    worst: float
    first_done: bool
    armed: bool
    through_since_s: float | None
    bar_end_s: float | None
    phase: int
    vector: Any = field(default=None, init=False, repr=False, compare=False)

    @property
    def through_stop(self) -> bool:
        """Say whether the last price was at or through the stop."""
        return self.through_since_s is not None

    @property
    def stop_reason(self) -> ExitReason:
        """Return the reason an exit at the stop has now."""
        return _STOP_REASONS[self.stop_kind]


_STOP_REASONS = {
    StopKind.HARD: ExitReason.HARD_STOP,
    StopKind.BREAK_EVEN: ExitReason.BREAK_EVEN,
    StopKind.TRAIL: ExitReason.TRAIL,
}


@dataclass(frozen=True, slots=True)
class ExitDecision:
    """Close `quantity` units for `reason`.

    `level`: the price that decided it (the level reached, or the price itself where it was
    gapped), NaN for an end of day without a price. `stop`: where the stop stands for what is left.
    """

    reason: ExitReason
    quantity: int
    level: float
    urgency: Urgency
    stop: float
