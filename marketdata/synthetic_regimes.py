"""What kind of day a made market has: the course and the noise of its common factor.

The prices that follow from it are made in `synthetic_paths.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Regime(StrEnum):
    """The kinds of days."""

    TREND = "TREND"
    RANGE = "RANGE"
    GAP = "GAP"
    CRASH = "CRASH"
    CALM = "CALM"
    HALT = "HALT"


_MIX = (
    (Regime.TREND, 35),
    (Regime.RANGE, 25),
    (Regime.GAP, 15),
    (Regime.CALM, 15),
    (Regime.CRASH, 7),
    (Regime.HALT, 3),
)
"""Days of each kind in a hundred."""

_USUAL_GAP = 0.0079
"""Standard deviation of an index's overnight gap, measured on 43 days of 2021."""


@dataclass(frozen=True, slots=True)
class Course:
    """What the common factor does on one day.

    `gap`: from the close before to the open, a fraction. `path`: where it would stand without
    noise at each minute from the open, a fraction of the open, shape `(minutes,)`. `noise`: how
    large the noise is at each minute, 1.0 being usual. `returns`: whether the noise is bent so
    that the day ends where it began. `falls_to_halt`: whether a fall of ten per cent stops it.
    """

    gap: float
    path: Floats
    noise: Floats
    returns: bool = False
    falls_to_halt: bool = False


def regime_of(seed: int) -> Regime:
    """Return the kind of day a seed has in a mix of days: mostly trends and ranges."""
    days = [regime for regime, share in _MIX for _ in range(share)]
    return days[int(np.random.Generator(np.random.PCG64(seed)).integers(len(days)))]


def course_of(regime: Regime, minutes: int, random: np.random.Generator) -> Course:
    """Return the course of a day of one kind, drawn from `random`.

    TREND runs 1.4 to 2.4 % one way from minute 10 on, in waves that pull back; RANGE swings
    around its open; GAP opens 1.5 to 2.5 % away and gives part of it back or goes on; CRASH loses
    3 to 5 % within half an hour and regains some; CALM does nothing; HALT falls until trading is
    stopped.
    """
    minute = np.arange(minutes, dtype=np.int64)
    side = 1 if random.random() < 0.5 else -1
    gap = _USUAL_GAP * 0.5 * random.standard_normal()
    match regime:
        case Regime.TREND:
            run = side * random.uniform(0.014, 0.024) * _ramp(minute, 10, 320)
            waves = _waves(minute, random.uniform(0.004, 0.006), random.uniform(80, 120))
            return Course(side * abs(gap) * 0.5, run - side * waves, np.full(minutes, 0.6))
        case Regime.RANGE:
            swing = side * _waves(minute, random.uniform(0.003, 0.005), random.uniform(60, 120))
            return Course(gap * 0.5, swing, np.full(minutes, 0.6), returns=True)
        case Regime.GAP:
            opened = side * random.uniform(0.015, 0.025)
            after = opened * random.choice([-0.5, 0.6]) * _ramp(minute, 5, 150)
            return Course(opened, after, np.full(minutes, 0.9))
        case Regime.CRASH:
            return _crash(gap, minute, random)
        case Regime.CALM:
            return Course(gap * 0.3, np.zeros(minutes), np.full(minutes, 0.35))
        case Regime.HALT:
            begin = int(random.integers(30, 90))
            fall = -0.13 * _ramp(minute, begin, begin + 50)
            noise = np.where(minute < begin, 1.0, 1.3)
            return Course(-abs(gap), fall, noise, falls_to_halt=True)


def eve_of(day: Course, usual: Course) -> Course:
    """Return the course of the session before `day`: the usual one, leaning the day's way.

    A fifth of where the day will have gone, so that slow averages agree with it from the open.
    """
    leaning = 0.2 * float(day.path[-1]) * np.linspace(0.0, 1.0, len(usual.path))
    return replace(usual, path=usual.path + leaning)


def _crash(gap: float, minute: Ints, random: np.random.Generator) -> Course:
    begin = int(random.integers(60, 200))
    bottom = begin + int(random.integers(20, 40))
    depth = random.uniform(0.03, 0.05)
    regained = random.uniform(0.3, 0.5)
    fall = _ramp(minute, begin, bottom) - regained * _ramp(minute, bottom, bottom + 60)
    return Course(gap, -depth * fall, np.where(minute < begin, 0.9, 2.0))


def _ramp(minute: Ints, begin: int, end: int) -> Floats:
    """Return 0 up to `begin`, 1 from `end` on, a straight line between."""
    return np.clip((minute - begin) / (end - begin), 0.0, 1.0)


def _waves(minute: Ints, height: float, period: float) -> Floats:
    """Return waves that start at 0 and first rise; straight-sided, from minute 10 on."""
    phase = np.maximum(minute - 10, 0) / period % 1.0
    return height * (1 - 4 * np.abs((phase + 0.25) % 1.0 - 0.5))
