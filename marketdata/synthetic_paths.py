"""Prices of a made market: one common factor, each instrument's own noise, the day's shape.

Which kind of day it is comes from `synthetic_regimes.py`; ticks are made of it in `synthetic.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.synthetic_regimes import Course
from marketdata.synthetic_shape import volatility_multiplier

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FACTOR_VOLATILITY = 0.0085
"""Usual standard deviation of the common factor from open to close, a fraction."""

_TAILS = 6
"""Degrees of freedom of a minute's return: fat tails as measured (excess kurtosis 2 to 3)."""

_HALTED_FALL = -0.10
_HALTED_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Driver:
    """How one instrument moves.

    `price`: where it starts, in rupees; `beta`: its part in the common factor; `own_volatility`:
    standard deviation of its own noise from open to close; `banks`: whether its volatility runs
    through the day as the bank index's.
    """

    price: float
    beta: float
    own_volatility: float
    banks: bool


@dataclass(frozen=True, slots=True)
class DayPaths:
    """A day's exact prices before they go on the grid, shape `(steps, drivers)`.

    `busy`: how large each step's move is against what is usual at that time of day. `halted`:
    first step without trading and first step after it; equal where there was no halt.
    """

    prices: Floats
    busy: Floats
    halted: tuple[int, int]


def day_paths(
    drivers: tuple[Driver, ...],
    closes: Floats,
    course: Course,
    steps_per_minute: int,
    random: np.random.Generator,
) -> DayPaths:
    """Return a day's prices from the closes before it, drawn from `random`.

    `closes`: shape `(drivers,)`. The first driver is the index by which a halt is decided: a fall
    of ten per cent below its close before stops trading for 45 minutes and an auction of 15.
    """
    minutes = len(course.path)
    steps = minutes * steps_per_minute
    beta = np.array([driver.beta for driver in drivers])
    own = np.array([driver.own_volatility for driver in drivers])
    gaps = beta * course.gap + 0.4 * own * random.standard_normal(len(drivers))
    shape = np.stack([_shape(minutes, driver.banks) for driver in drivers], axis=1)
    usual = np.repeat(shape / np.sqrt(steps), steps_per_minute, axis=0)
    factor = _noise(steps, steps_per_minute, 1, random) * FACTOR_VOLATILITY
    if course.returns:
        factor -= factor.mean()
    each = _noise(steps, steps_per_minute, len(drivers), random) * own
    noise = (beta * factor + each) * usual * np.repeat(course.noise, steps_per_minute)[:, None]
    moves = noise + beta * _moves(course.path, steps_per_minute)[:, None]
    scale = usual * np.sqrt((beta * FACTOR_VOLATILITY) ** 2 + own**2)
    busy = np.abs(moves) / scale
    moves[0] += gaps
    halted = _halt(moves, steps_per_minute) if course.falls_to_halt else (0, 0)
    moves[halted[0] : halted[1]] = 0.0
    if halted[1]:
        moves[halted[1] :] = noise[halted[1] :]
    return DayPaths(closes * np.cumprod(1 + moves, axis=0), busy, halted)


def _shape(minutes: int, banks: bool) -> Floats:
    """Return each minute's volatility so that the squares have a mean of 1."""
    shape = volatility_multiplier(np.arange(minutes), banks=banks)
    return np.asarray(shape / np.sqrt(np.mean(shape**2)), np.float64)


def _noise(steps: int, steps_per_minute: int, columns: int, random: np.random.Generator) -> Floats:
    """Return noise of variance 1 a step whose minutes have fat tails, shape `(steps, columns)`."""
    spread = np.sqrt((_TAILS - 2) / random.chisquare(_TAILS, (steps // steps_per_minute, columns)))
    noise: Floats = random.standard_normal((steps, columns))
    noise *= np.repeat(spread, steps_per_minute, axis=0)
    return noise


def _moves(path: Floats, steps_per_minute: int) -> Floats:
    """Return the step returns that follow a path given by minute, evenly within each minute."""
    per_minute = np.diff(path, append=path[-1:])
    return np.repeat(per_minute / steps_per_minute, steps_per_minute)


def _halt(moves: Floats, steps_per_minute: int) -> tuple[int, int]:
    fallen = np.flatnonzero(np.cumprod(1 + moves[:, 0]) - 1 <= _HALTED_FALL)
    if not len(fallen):
        return 0, 0
    first = int(fallen[0]) + 1
    return first, min(first + _HALTED_MINUTES * steps_per_minute, len(moves))
