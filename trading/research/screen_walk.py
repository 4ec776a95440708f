"""Positions of a screen walked to their ends: the exit kernel over bars, and what rests beside it.

A bar is told as the backtest tells it: its open, its range, then every minute that ends; stop and
last target rest at the exchange, everything else leaves at the next price. Compiled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from marketdata.bars import Floats, Ints
from risk.exits import kernel
from risk.exits.kernel import (
    Bar,
    Beside,
    Extremes,
    PricePath,
    first_hit,
    note_quiet,
    quiet_between,
    step,
)
from trading.research.screen_kernels import on_paisa_one

_MINUTE = 60
_TOLD_S = 59.999
"""How long after a bar's start its range is told; see `bar_ticks.REST_AFTER_US`."""

# What is on its way at the exchange: why everything leaves at the next price, whether the part of
# the first target does, what that part was left at, and the trigger of the stop that rests.
_CLOSING = 0
_PART = 1
_PART_PRICE = 2
_TRIGGER = 3
_SIZE = 4

_STOP_CODES = (kernel.AT_HARD_STOP, kernel.AT_BREAK_EVEN, kernel.AT_TRAIL)


class Lane(NamedTuple):
    """Bars that trade, column after column, oldest first; arrays `(B,)`, rupees to the paisa."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    start_s: Ints


class Ranges(NamedTuple):
    """How far each column moves on the strategy's bars: `atr` and `slow`, shape `(T, N)`.

    `newest`: by row of the layout, the strategy's newest bar of the session at that minute's end,
    -1 where there is none.
    """

    newest: Ints
    atr: Floats
    slow: Floats


class Held(NamedTuple):
    """Where each position lives, arrays `(M,)`: bars `first` to before `end` of the lane.

    `row`: the layout's row of its first bar; `target`: where its last target rests; `due_s`: when
    it is squared off, whole minutes.
    """

    column: Ints
    row: Ints
    first: Ints
    end: Ints
    target: Floats
    due_s: Ints


class _One(NamedTuple):
    """One position on its way: the kernel's vectors, what is on its way, and where it lives.

    `row`: that of the layout at `start_s`.
    """

    plan: Floats
    state: Floats
    desk: Floats
    column: int
    row: int
    start_s: int
    end: int
    target: float
    due_s: int


@njit(cache=True)
def walk(
    plans: Floats, states: Floats, held: Held, lane: Lane, ranges: Ranges
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return of each position its last bar, why and where it was left, and where its first part.

    `plans`, `states`: a row each, as `risk.exits.many` makes them with stops that rest; the states
    are changed. The bar is the position's `end` where no price came any more after it had to be
    left; it is left at the last close then. The part's price is NaN where none was closed.
    """
    count = len(plans)
    bars, codes = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    prices, parts, desks = np.empty(count), np.empty(count), np.zeros((count, _SIZE))
    for row in range(count):
        plan, state, desk = plans[row], states[row], desks[row]
        desk[_PART_PRICE] = math.nan
        desk[_TRIGGER] = on_paisa_one(state[kernel.STOP], -plan[kernel.DIRECTION])
        first = held.first[row]
        one = _One(
            plan,
            state,
            desk,
            held.column[row],
            held.row[row],
            lane.start_s[first],
            held.end[row],
            held.target[row],
            held.due_s[row],
        )
        bars[row], codes[row], prices[row] = _walk_one(one, lane, ranges, first)
        parts[row] = desk[_PART_PRICE]
    return bars, codes, prices, parts


@njit(cache=True)
def _walk_one(one: _One, lane: Lane, ranges: Ranges, first: int) -> tuple[int, int, float]:
    """Walk one position from its entry at the open of bar `first`."""
    _enter(one, lane, ranges, first)
    index = _pass_quiet(one, lane, first)
    while True:
        if index > first:
            code, level = _open(one, lane, ranges, index)
            if code != kernel.NONE:
                return index, code, level
        code, level = _range(one, lane, ranges, index)
        if code != kernel.NONE:
            return index, code, level
        following = index + 1
        until = lane.start_s[following] if following < one.end else one.due_s
        _wait(one, lane, ranges, (index, until))
        if following >= one.end:
            return one.end, _why(one), _settled(one, lane)
        index = _pass_quiet(one, lane, following)


@njit(cache=True)
def _why(one: _One) -> int:
    code = int(one.desk[_CLOSING])
    return kernel.END_OF_DAY if code == kernel.NONE else code


@njit(cache=True)
def _settled(one: _One, lane: Lane) -> float:
    """Leave at the last close, with a part that was still on its way."""
    last: float = lane.close[one.end - 1]
    if one.desk[_PART] > 0:
        one.desk[_PART_PRICE] = last
    return last


@njit(cache=True)
def _enter(one: _One, lane: Lane, ranges: Ranges, first: int) -> None:
    """Begin at the open; a stop that it has reached already is refused, and all is left."""
    price = lane.open[first]
    if one.plan[kernel.DIRECTION] * (price - one.desk[_TRIGGER]) <= 0:
        one.desk[_CLOSING] = kernel.AT_HARD_STOP
    else:
        _look(one, _tick(one, lane, ranges, first))


@njit(cache=True)
def _tick(one: _One, lane: Lane, ranges: Ranges, index: int) -> Bar:
    """Return a bar's open as the tick it begins with."""
    price, start = lane.open[index], lane.start_s[index]
    atr, slow = _known(one, ranges, start)
    return Bar(price, price, price, price, atr, slow, float(start), float(start))


@njit(cache=True)
def _open(one: _One, lane: Lane, ranges: Ranges, index: int) -> tuple[int, float]:
    tick = _tick(one, lane, ranges, index)
    code, level = _meet(one, tick)
    if code == kernel.NONE:
        _look(one, tick)
    return code, level


@njit(cache=True)
def _range(one: _One, lane: Lane, ranges: Ranges, index: int) -> tuple[int, float]:
    start = lane.start_s[index]
    atr, slow = _known(one, ranges, start)
    at = start + _TOLD_S
    first, high, low = lane.open[index], lane.high[index], lane.low[index]
    told = Bar(first, high, low, lane.close[index], atr, slow, at, at)
    code, level = _meet(one, told)
    if code == kernel.NONE:
        _look(one, told)
    return code, level


@njit(cache=True)
def _wait(one: _One, lane: Lane, ranges: Ranges, stretch: tuple[int, int]) -> None:
    """Let the close of a bar stand until a moment; it is looked at whenever a minute ends."""
    index, until = stretch
    price, at = lane.close[index], lane.start_s[index] + _MINUTE
    while at <= until and one.desk[_CLOSING] == kernel.NONE:
        if at >= one.due_s:
            one.desk[_CLOSING] = kernel.END_OF_DAY
            return
        atr, slow = _known(one, ranges, at)
        _look(one, Bar(price, price, price, price, atr, slow, float(at), float(at)))
        at += _MINUTE


@njit(cache=True)
def _known(one: _One, ranges: Ranges, at: int) -> tuple[float, float]:
    """Return the ranges known at a whole minute, NaN before the first bar of the session."""
    newest = ranges.newest[one.row + (at - one.start_s) // _MINUTE - 1]
    if newest < 0:
        return math.nan, math.nan
    return ranges.atr[newest, one.column], ranges.slow[newest, one.column]


@njit(cache=True)
def _meet(one: _One, bar: Bar) -> tuple[int, float]:
    """Let what rests at the exchange meet a tick; return why and where all is left, if it is."""
    desk, side, first = one.desk, one.plan[kernel.DIRECTION], bar.open
    if desk[_PART] > 0:
        desk[_PART], desk[_PART_PRICE] = 0.0, first
    if desk[_CLOSING] != kernel.NONE:
        return int(desk[_CLOSING]), first
    worst, best = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
    trigger, target = desk[_TRIGGER], one.target
    if side * (worst - trigger) <= 0:
        level = first if side * (first - trigger) <= 0 else trigger
        return _STOP_CODES[int(one.state[kernel.STOP_KIND])], level
    if side * (best - target) >= 0:
        return kernel.AT_TARGET2, first if side * (first - target) >= 0 else target
    return kernel.NONE, math.nan


@njit(cache=True)
def _look(one: _One, bar: Bar) -> None:
    """Let the exit kernel look at a range, and send out or move what it says.

    A stop that has come to lie at the last price or beyond cannot rest: all is left instead.
    """
    state, desk = one.state, one.desk
    if desk[_CLOSING] != kernel.NONE:
        return
    if _is_quiet(one, bar):
        note_quiet(one.plan, state, Extremes(bar.low, bar.high, bar.ended_s))
        return
    before = state[kernel.STOP]
    while state[kernel.OPEN_QUANTITY] > 0:
        code, _ = step(one.plan, state, bar)
        if code == kernel.NONE:
            break
        if state[kernel.OPEN_QUANTITY] > 0:
            desk[_PART] = 1.0
        else:
            desk[_CLOSING] = code
            return
    if state[kernel.STOP] != before:
        side = one.plan[kernel.DIRECTION]
        desk[_TRIGGER] = on_paisa_one(state[kernel.STOP], -side)
        if side * (bar.close - desk[_TRIGGER]) <= 0:
            desk[_CLOSING] = _STOP_CODES[int(state[kernel.STOP_KIND])]


@njit(cache=True)
def _is_quiet(one: _One, bar: Bar) -> bool:
    """Say whether a range does no more than move the extremes, for certain."""
    if one.plan[kernel.VOLATILITY] < math.inf:
        return False
    lower, upper, until = quiet_between(one.plan, one.state, bar.ended_s)
    is_inside: bool = lower < bar.low and bar.high < upper and bar.ended_s < until
    return is_inside


@njit(cache=True)
def _pass_quiet(one: _One, lane: Lane, index: int) -> int:
    """Return the first bar from `index` on that may matter; those before only move extremes.

    The last bar always may.
    """
    desk, path = one.desk, PricePath(lane.low, lane.high, lane.start_s)
    is_going = desk[_CLOSING] != kernel.NONE or desk[_PART] > 0
    if is_going or one.plan[kernel.VOLATILITY] < math.inf:
        return index
    trigger, target = desk[_TRIGGER], one.target
    rests = Beside(min(trigger, target), max(trigger, target), float(one.due_s))
    passed: int = first_hit(one.plan, one.state, path, (index, one.end), rests)
    return passed
