"""The exit kernel: one compiled `step`, and `first_hit`, which passes bars that need none.

Plans and states are float64 vectors here, by the indices below; their values with names live in
`plan.py`, the way between the two in `stepping.py`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The plan. A level of an exit that cannot decide is infinitely far away.
DIRECTION = 0
ENTRY = 1
HARD_STOP = 2
TARGET1 = 3
TARGET2 = 4
FIRST_QUANTITY = 5
OPENED_AT = 6
ENTRY_ATR = 7
BREAK_EVEN = 8
SQUARE_OFF_AT = 9
TIGHTEN_AT = 10
TRAIL_ATR = 11
TIGHTEN_ATR = 12
ARM_AT = 13
TRAIL_STEP = 14
TIME_STOP = 15
VOLATILITY = 16
MAE_LEVEL = 17
MOVED_STOP_DECIDES = 18
PLAN_SIZE = 19

# The state.
STOP = 0
STOP_KIND = 1
OPEN_QUANTITY = 2
BEST = 3
WORST = 4
FIRST_DONE = 5
ARMED = 6
THROUGH_SINCE = 7
BAR_END = 8
PHASE = 9
STATE_SIZE = 10

# What is decided, the most pressing first.
NONE = 0
END_OF_DAY = 1
AT_HARD_STOP = 2
AT_MAE = 3
AT_VOLATILITY = 4
AT_BREAK_EVEN = 5
AT_TRAIL = 6
AT_TARGET2 = 7
AT_TARGET1 = 8
AT_TIME = 9

_BREAK_EVEN_KIND = 1.0
_TRAIL_KIND = 2.0
_PHASES = 4
_MINUTE = 60
_TO_BE_SURE = 1e-9


class Bar(NamedTuple):
    """A bar, or a tick as a bar of no length; times in epoch seconds.

    `atr` and `slow_atr` as of the last bar of the strategy closed before this one began.
    """

    open: float
    high: float
    low: float
    close: float
    atr: float
    slow_atr: float
    started_s: float
    ended_s: float


class PricePath(NamedTuple):
    """Bars of one instrument, oldest first; arrays of shape `(T,)`.

    `low`, `high`: of all prices of a bar, NaN where it isn't known. `start_s`: when each began; its
    last price stands until the next one begins.
    """

    low: Floats
    high: Floats
    start_s: Ints


class Beside(NamedTuple):
    """What matters to a plan beside the kernel: prices at which orders rest, and a moment."""

    lower: float
    upper: float
    until: float


class Moment(NamedTuple):
    """A way of the price from `previous` at `began_s` to `price` at `now_s`."""

    previous: float
    price: float
    atr: float
    slow_atr: float
    began_s: float
    now_s: float


class Extremes(NamedTuple):
    """The lowest and the highest price of a stretch, and when it ended."""

    lowest: float
    highest: float
    ended_s: float


class Found(NamedTuple):
    """What is decided so far, at which price, and how far into the way."""

    code: int
    level: float
    way: float


@njit(cache=True)
def _sooner(found: Found, moment: Moment, code: int, level: float, holds: bool) -> Found:
    """Return what `code` at `level` makes of the moment if it holds and was reached sooner."""
    if not holds:
        return found
    low = min(moment.previous, moment.price)
    high = max(moment.previous, moment.price)
    reached = level if low <= level <= high else moment.previous
    way = abs(reached - moment.previous)
    return Found(code, reached, way) if way < found.way else found


@njit(cache=True)
def _judge(plan: Floats, state: Floats, moment: Moment) -> Found:
    """Return what the way decides; at a level is a hit.

    Of several levels passed on the way the first counts; at one price the most pressing. Without
    a price only the end of the day is decided.
    """
    side, price = plan[DIRECTION], moment.price
    found = Found(NONE, price, math.inf)
    is_over = moment.now_s >= plan[SQUARE_OFF_AT]
    if math.isnan(price):
        return Found(END_OF_DAY, price, 0.0) if is_over else found
    stop, kind = state[STOP], state[STOP_KIND]
    moved = plan[MOVED_STOP_DECIDES] > 0 and side * (price - stop) <= 0
    is_wild = moment.slow_atr >= plan[VOLATILITY] * plan[ENTRY_ATR]
    is_first = state[FIRST_DONE] == 0 and plan[FIRST_QUANTITY] > 0
    due = plan[OPENED_AT] + plan[TIME_STOP]
    is_late = moment.now_s >= due and side * (price - plan[ENTRY]) <= 0
    late_level = plan[ENTRY] if moment.began_s >= due else price
    hard, mae, target1, target2 = plan[HARD_STOP], plan[MAE_LEVEL], plan[TARGET1], plan[TARGET2]

    found = _sooner(found, moment, END_OF_DAY, price, is_over)
    found = _sooner(found, moment, AT_HARD_STOP, hard, side * (price - hard) <= 0)
    found = _sooner(found, moment, AT_MAE, mae, side * (price - mae) <= 0)
    found = _sooner(found, moment, AT_VOLATILITY, price, is_wild)
    found = _sooner(found, moment, AT_BREAK_EVEN, stop, moved and kind == _BREAK_EVEN_KIND)
    found = _sooner(found, moment, AT_TRAIL, stop, moved and kind == _TRAIL_KIND)
    found = _sooner(found, moment, AT_TARGET2, target2, side * (price - target2) >= 0)
    reached_first = is_first and side * (price - target1) >= 0
    found = _sooner(found, moment, AT_TARGET1, target1, reached_first)
    soonest: Found = _sooner(found, moment, AT_TIME, late_level, is_late)
    return soonest


@njit(cache=True)
def _note_extremes(plan: Floats, state: Floats, price: float) -> None:
    if plan[DIRECTION] * (price - state[BEST]) > 0:
        state[BEST] = price
    if plan[DIRECTION] * (price - state[WORST]) < 0:
        state[WORST] = price


@njit(cache=True)
def _pass_first_target(plan: Floats, state: Floats, price: float) -> None:
    """Move the stop to break-even, or to the entry where the price doesn't cover the costs."""
    state[FIRST_DONE] = 1.0
    side = plan[DIRECTION]
    wanted = plan[BREAK_EVEN]
    if side * (price - wanted) <= 0:
        wanted = plan[ENTRY]
    if side * (wanted - state[STOP]) > 0:
        state[STOP] = wanted
        state[STOP_KIND] = _BREAK_EVEN_KIND


@njit(cache=True)
def _trail(plan: Floats, state: Floats, moment: Moment) -> None:
    """Arm the trail where due, and tighten the stop where that is worth a step."""
    side = plan[DIRECTION]
    is_late = moment.now_s >= plan[TIGHTEN_AT]
    if is_late or state[FIRST_DONE] > 0 or side * (state[BEST] - plan[ARM_AT]) >= 0:
        state[ARMED] = 1.0
    distance = plan[TIGHTEN_ATR] if is_late else plan[TRAIL_ATR]
    if state[ARMED] > 0 and distance < math.inf and moment.atr > 0:
        wanted = moment.price - side * distance * moment.atr
        gain = side * (wanted - state[STOP])
        if gain > 0 and gain >= plan[TRAIL_STEP] * abs(moment.price):
            state[STOP] = wanted
            state[STOP_KIND] = _TRAIL_KIND


@njit(cache=True)
def _go_on(plan: Floats, state: Floats, moment: Moment) -> None:
    """Take a moment that decided nothing into the state."""
    if math.isnan(moment.price):
        return
    side = plan[DIRECTION]
    _note_extremes(plan, state, moment.price)
    if state[FIRST_DONE] == 0 and side * (moment.price - plan[TARGET1]) >= 0:
        _pass_first_target(plan, state, moment.price)
    _trail(plan, state, moment)
    if side * (moment.price - state[STOP]) > 0:
        state[THROUGH_SINCE] = math.nan
    elif math.isnan(state[THROUGH_SINCE]):
        state[THROUGH_SINCE] = moment.now_s


@njit(cache=True)
def _close(plan: Floats, state: Floats, code: int, level: float) -> None:
    """Take a decision into the state: the part or the whole is no longer open."""
    if not math.isnan(level):
        _note_extremes(plan, state, level)
    if code == AT_TARGET1:
        state[OPEN_QUANTITY] -= min(plan[FIRST_QUANTITY], state[OPEN_QUANTITY])
        _pass_first_target(plan, state, level)
    else:
        state[OPEN_QUANTITY] = 0.0


@njit(cache=True)
def _moment(plan: Floats, bar: Bar, phase: int) -> Moment:
    """Return one of the four ways a bar is told as: open, worst, best, close."""
    is_long = plan[DIRECTION] > 0
    worst = bar.low if is_long else bar.high
    best = bar.high if is_long else bar.low
    began, ended = bar.started_s, bar.ended_s
    if phase == 0:
        return Moment(bar.open, bar.open, bar.atr, bar.slow_atr, began, began)
    if phase == 1:
        return Moment(bar.open, worst, bar.atr, bar.slow_atr, began, began)
    if phase == 2:
        return Moment(worst, best, bar.atr, bar.slow_atr, began, began)
    return Moment(best, bar.close, bar.atr, bar.slow_atr, began, ended)


@njit(cache=True)
def step(plan: Floats, state: Floats, bar: Bar) -> tuple[int, float]:
    """Take one bar into `state` (changed in place); return the code and the level decided.

    After a part has been closed, the same bar given again goes on from there.
    """
    phase = int(state[PHASE]) if state[BAR_END] == bar.ended_s else 0
    while state[OPEN_QUANTITY] > 0 and phase < _PHASES:
        moment = _moment(plan, bar, phase)
        found = _judge(plan, state, moment)
        if found.code != NONE:
            _close(plan, state, found.code, found.level)
            state[BAR_END] = bar.ended_s
            state[PHASE] = phase
            return found.code, found.level
        _go_on(plan, state, moment)
        phase += 1
    state[BAR_END] = math.nan
    state[PHASE] = 0.0
    return NONE, bar.close


@njit(cache=True)
def _trails_at(plan: Floats, state: Floats) -> float:
    """Return the price short of which the trail moves no stop whatever the range, times the side.

    Short of it a step of the trail would have to come from a distance below nothing.
    """
    side, stop, share = plan[DIRECTION], state[STOP], plan[TRAIL_STEP]
    most = stop / (1 - share) if share < 1 else math.inf
    moves_at = most if side > 0 else -stop / (1 + share)
    short_of: float = moves_at - _TO_BE_SURE * abs(stop)
    return short_of


@njit(cache=True)
def quiet_between(plan: Floats, state: Floats, now_s: float) -> tuple[float, float, float]:
    """Return the prices strictly between which, and the moment before which, no bar matters.

    Of bars that end at `now_s` or later; one between them only moves the extremes. Nothing lies
    between them where that isn't certain. The volatility exit isn't considered.
    """
    if state[OPEN_QUANTITY] <= 0:
        return math.inf, -math.inf, -math.inf
    side = plan[DIRECTION]
    floor = max(side * state[STOP], side * plan[HARD_STOP], side * plan[MAE_LEVEL])
    ceiling, until = side * plan[TARGET2], plan[SQUARE_OFF_AT]
    due = plan[OPENED_AT] + plan[TIME_STOP]
    if now_s < due:
        until = min(until, due)
    else:
        floor = max(floor, side * plan[ENTRY])
    if state[FIRST_DONE] == 0:
        ceiling = min(ceiling, side * plan[TARGET1])
    if plan[TRAIL_ATR] < math.inf or plan[TIGHTEN_ATR] < math.inf:
        moves, arms_at = _trails_at(plan, state), side * plan[ARM_AT]
        arms = state[ARMED] > 0 or state[FIRST_DONE] > 0 or side * state[BEST] >= arms_at
        if not arms and moves < arms_at and now_s < plan[TIGHTEN_AT]:
            ceiling, until = min(ceiling, arms_at), min(until, plan[TIGHTEN_AT])
        else:
            ceiling = min(ceiling, moves)
    return (floor, ceiling, until) if side > 0 else (-ceiling, -floor, until)


@njit(cache=True)
def note_quiet(plan: Floats, state: Floats, seen: Extremes) -> None:
    """Take a stretch that was quiet into the state."""
    _note_extremes(plan, state, seen.lowest)
    _note_extremes(plan, state, seen.highest)
    is_late = seen.ended_s >= plan[TIGHTEN_AT]
    arms = plan[DIRECTION] * (state[BEST] - plan[ARM_AT]) >= 0
    if is_late or state[FIRST_DONE] > 0 or arms:
        state[ARMED] = 1.0
    state[THROUGH_SINCE] = math.nan
    state[BAR_END] = math.nan
    state[PHASE] = 0.0


@njit(cache=True)
def first_hit(
    plan: Floats, state: Floats, path: PricePath, bars: tuple[int, int], beside: Beside
) -> int:
    """Return the first of some bars that may matter; take those before it into the state.

    `bars`: the first and the one behind the last, which always may matter. Bars that are passed
    leave the state that steps would. The volatility exit isn't considered.
    """
    index, end = bars
    lower, upper, until = quiet_between(plan, state, float(path.start_s[index]))
    lower, upper = max(lower, beside.lower), min(upper, beside.upper)
    most = _last_before(path.start_s, index, end, min(until, beside.until))
    lowest, highest, first = math.inf, -math.inf, index
    while index < most:
        low, high = path.low[index], path.high[index]
        if not (lower < low and high < upper):
            break
        lowest, highest = min(lowest, low), max(highest, high)
        index += 1
    if index > first:
        note_quiet(plan, state, Extremes(lowest, highest, float(path.start_s[index])))
    return index


@njit(cache=True)
def _last_before(start_s: Ints, first: int, end: int, until: float) -> int:
    """Return the last bar of some that begins before a moment, the first where none does.

    Where no minute is missing it is found at once.
    """
    low, high = first, end - 1
    minutes = min((until - start_s[first]) / _MINUTE, float(high - low))
    straight: int = first + max(math.ceil(minutes) - 1, 0)
    if start_s[straight] < until and (straight == high or start_s[straight + 1] >= until):
        return straight
    while low < high:
        middle = (low + high + 1) // 2
        if start_s[middle] < until:
            low = middle
        else:
            high = middle - 1
    return low
