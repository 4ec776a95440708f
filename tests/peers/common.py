"""What every contestant of the backtest bench shares: its bars, its clock and how it tells.

One rule for all, written in each one's own way: the opening range is the high and low of a
session's first 15 minutes; the first close above it buys, the first below it sells, one unit at
the next bar's open, unless a position the other way is open; the stop is the opposite edge, the
target 1.8 times the distance from the signal's close to the stop, counted from that close, moved
to the paisa away from the entry; in a bar the stop counts before the target; what is open at
15:20 is left at that bar's open.
"""

from __future__ import annotations

import gc
import json
import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RANGE_MINUTES = 15
REWARD = 1.8
SQUARE_OFF_MINUTE = 365


class Bars(NamedTuple):
    """`start`: epoch seconds, `minute`: since the session's open, shape `(T,)`; prices `(T, N)`."""

    symbols: Sequence[str]
    start: np.ndarray
    minute: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray


class Trade(NamedTuple):
    """One trade: symbol, 1 or -1, the starts of the bars it is entered and left in, prices."""

    symbol: str
    side: int
    entry_at: int
    entry: float
    exit_at: int
    exit: float


def read(path: Path) -> Bars:
    """Return the bars of the file the bench writes."""
    with np.load(path) as file:
        names = [str(name) for name in file["symbols"]]
        return Bars(names, *(file[name] for name in Bars._fields[1:]))


def away(price: float, side: int) -> float:
    """Return a price moved to the paisa, up where `side` is 1."""
    cents = round(price, 6) * 100
    near = round(cents)
    if abs(cents - near) < 1e-6:
        return near / 100
    return (math.ceil(cents) if side > 0 else math.floor(cents)) / 100


def signals(bars: Bars) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return side, stop and target of each bar as arrays `(T, N)`; every session is whole."""
    length = 375
    shape = (-1, length, len(bars.symbols))
    high, low, close = (values.reshape(shape) for values in (bars.high, bars.low, bars.close))
    top = high[:, :RANGE_MINUTES].max(axis=1, keepdims=True)
    bottom = low[:, :RANGE_MINUTES].min(axis=1, keepdims=True)
    late = np.arange(length)[np.newaxis, :, np.newaxis] >= RANGE_MINUTES
    side = np.zeros(close.shape, dtype=np.int8)
    for sign, beyond in ((1, (close > top) & late), (-1, (close < bottom) & late)):
        first = beyond.argmax(axis=1)
        day, column = np.nonzero(beyond.any(axis=1))
        side[day, first[day, column], column] = sign
    stop = np.where(side > 0, bottom, top)
    target = np.round(close + REWARD * (close - stop), 6)
    cents = np.round(target * 100, 4)
    target = np.where(side > 0, np.ceil(cents), np.floor(cents)) / 100
    flat = (-1, len(bars.symbols))
    return side.reshape(flat), stop.reshape(flat), target.reshape(flat)


def compete(run: Callable[[Bars], list[Trade]], load: Callable[[Bars], Any] | None = None) -> None:
    """Run a contestant on `argv`: bars, where to write its trades, how often. Tell the figures."""
    path, out, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    bars: Any = read(path)
    if load is not None:
        bars = load(bars)
    cpu, wall, trades = [], [], []
    for _ in range(times):
        gc.collect()
        began, worked = time.perf_counter(), time.process_time()
        trades = run(bars)
        cpu.append(time.process_time() - worked)
        wall.append(time.perf_counter() - began)
    out.write_text(json.dumps(sorted(trades)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"cpu": cpu, "wall": wall, "peak_mib": peak, "trades": len(trades)}
    sys.stdout.write(json.dumps(told) + "\n")
