"""How dear options are against days before: rank and percentile of a volatility in its history.

What the volatility is now comes from `term.py`; where the history is kept is for others to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import isfinite, nan
from typing import TypeAlias


class NoStanding(StrEnum):
    """Why a volatility has no rank among days before."""

    NO_CHAIN = "no option chain of it is watched"
    NO_VOLATILITY = "its chain tells no volatility at the money"
    NO_HISTORY = "no volatility of days before is stored"
    TOO_SHORT = "too few days of volatility are stored"
    FLAT = "the volatility stored never changed"


@dataclass(frozen=True, slots=True)
class IvDay:
    """Volatility at the money at a maturity of 30 days near the end of a day, a fraction."""

    day: date
    volatility: float

    def __post_init__(self) -> None:
        if not 0 < self.volatility < 10:
            raise ValueError(f"volatility: {self.volatility} on {self.day}, expected 0 to 10")


IvHistory: TypeAlias = Sequence[IvDay]
"""One underlying's days, oldest first, each once."""

IvHistories: TypeAlias = Mapping[str, IvHistory]
"""Histories by underlying, by the name of its derivatives."""


@dataclass(frozen=True, slots=True)
class IvSettings:
    """How much of the history counts: the newest `sessions` of it, `least` of them at least.

    Days that lie more than `reach_days` (of the calendar) back are of another market and don't.
    """

    sessions: int = 252
    least: int = 60
    reach_days: int = 400

    def __post_init__(self) -> None:
        if not 2 <= self.least <= self.sessions:
            raise ValueError(
                f"iv_history: least {self.least} of {self.sessions} sessions, expected 2 or more "
                "and no more than all"
            )
        if self.reach_days < self.least:
            raise ValueError(
                f"iv_history: reach_days {self.reach_days}, expected {self.least} (least) or more"
            )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a volatility stands, 0 to 100, or why it stands nowhere.

    `percentile`: of days on which it was lower; `rank`: between the lowest and the highest. NaN
    both where `missing` is set; `detail`: the numbers of that, empty where it has none.
    """

    percentile: float
    rank: float
    missing: NoStanding | None
    detail: str = ""

    @classmethod
    def nowhere(cls, why: NoStanding, detail: str = "") -> Standing:
        """Return that there is none."""
        return cls(nan, nan, why, detail)

    @property
    def why_not(self) -> str:
        """Return in words and numbers why there is none; empty where there is one."""
        if self.missing is None:
            return ""
        return f"{self.missing}: {self.detail}" if self.detail else str(self.missing)


def check_history(history: IvHistory) -> None:
    """Raise `ValueError` where days aren't in order or appear twice."""
    for earlier, later in pairwise(history):
        if earlier.day >= later.day:
            raise ValueError(f"iv_history: {later.day} follows {earlier.day}")


def standing(history: IvHistory, now: float, on: date, settings: IvSettings) -> Standing:
    """Return where `now` stands among the stored days before `on`.

    A volatility beyond all of them ranks 0 or 100, as the lowest or highest of them. Days that
    are equal to now count as not lower.
    """
    if not (isfinite(now) and now > 0):
        return Standing.nowhere(NoStanding.NO_VOLATILITY)
    reach = [day for day in history if 0 < (on - day.day).days <= settings.reach_days]
    before = [day.volatility for day in reach][-settings.sessions :]
    if not before:
        return Standing.nowhere(NoStanding.NO_HISTORY)
    if len(before) < settings.least:
        return Standing.nowhere(
            NoStanding.TOO_SHORT, f"{len(before)}, expected {settings.least} or more"
        )
    if min(before) == max(before):
        return Standing.nowhere(NoStanding.FLAT, f"{before[0]:.2%} on all of {len(before)} days")
    return Standing(iv_percentile(before, now), iv_rank(before, now), None)


def iv_percentile(before: Sequence[float], now: float) -> float:
    """Return the part of the values that lie below `now`, 0 to 100; NaN of none."""
    if not before:
        return nan
    return 100.0 * sum(value < now for value in before) / len(before)


def iv_rank(before: Sequence[float], now: float) -> float:
    """Return where `now` stands between lowest and highest, 0 to 100; NaN of none or of one value.

    Beyond them it is 0 or 100.
    """
    if not before or min(before) == max(before):
        return nan
    low, high = min(before), max(before)
    return 100.0 * ((min(max(now, low), high) - low) / (high - low))
