"""What makes a row of recorded bars unusable, each reason counted.

Reading files lives in `history.py` and `history_import.py`; screening live ticks in `quality.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.calendar import Hours, HoursUnknown, NoSession
from marketdata.instruments import Segment

SECONDS_A_DAY = 86_400
IST_OFFSET = 19_800
_SCALE = 5.0
_LASTING_ROWS = 3


class ScaleBreak(ValueError):
    """Prices that jump by a factor of five or more and stay: another unit or an unadjusted split.

    `row` is the first row of the new scale.
    """

    def __init__(self, row: int, before: float, after: float) -> None:
        super().__init__(f"jumps from {before} to {after} and stays")
        self.row = row


@dataclass(frozen=True, slots=True)
class RawBars:
    """Rows as they were read, in file order, each array shape `(R,)`.

    `start`: epoch seconds of the bar's start. `volume`: NaN where it is missing.
    """

    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


@dataclass(frozen=True, slots=True)
class Windows:
    """The open stretches of one session in epoch seconds; `opens` is the first start."""

    opens: int
    spans: tuple[tuple[int, int], ...]


def ist_days(start: Ints) -> Ints:
    """Return the date ordinal in IST of each epoch second."""
    days: Ints = (start + IST_OFFSET) // SECONDS_A_DAY + date(1970, 1, 1).toordinal()
    return days


def session_windows(hours: Hours, ordinal: int) -> Windows | None:
    """Return the session of a date ordinal, None where none is held or its hours are unknown.

    Raises `CalendarUnknown` for a year the calendar has no data for.
    """
    try:
        session = hours.session(date.fromordinal(ordinal))
    except (NoSession, HoursUnknown):
        return None
    spans = tuple((int(a.timestamp()), int(b.timestamp())) for a, b in session.windows)
    return Windows(spans[0][0], spans)


def good_rows(bars: RawBars, hours: Hours) -> tuple[Flags, Mapping[str, int]]:
    """Say which rows can be used, and how many cannot for which reason; the first reason counts.

    In order: `not-a-number`, `zero-or-negative`, `ohlc-order`, `negative-volume`, `duplicate-time`,
    `out-of-order`, `off-session`, `price-scale` (a close five times or a fifth of the good close
    before; not asked of options, which do that). Raises `ScaleBreak` when such a jump lasts.
    """
    prices: Floats = np.stack([bars.open, bars.high, bars.low, bars.close])
    top, bottom = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    good = np.ones(len(bars.start), dtype=np.bool_)
    dropped: dict[str, int] = {}

    def drop(reason: str, bad: Flags) -> None:
        count = int(np.count_nonzero(good & bad))
        if count:
            dropped[reason] = count
            good[bad] = False

    drop("not-a-number", ~_every(np.isfinite(np.vstack([prices, bars.volume]))))
    drop("zero-or-negative", ~_every(prices > 0))
    drop("ohlc-order", (bars.high < top) | (bars.low > bottom))
    drop("negative-volume", bars.volume < 0)
    repeated, late = _disorder(bars.start, good)
    drop("duplicate-time", repeated)
    drop("out-of-order", late)
    drop("off-session", _off_session(bars.start, hours, good))
    if hours.segment is not Segment.OPTIONS:
        drop("price-scale", _off_scale(bars.close, good))
    return good, MappingProxyType(dropped)


def _every(rows: Flags) -> Flags:
    columns: Flags = np.logical_and.reduce(rows, axis=0)
    return columns


def _disorder(start: Ints, good: Flags) -> tuple[Flags, Flags]:
    """Return which rows repeat an accepted row's time, and which come before the latest one."""
    latest = np.maximum.accumulate(np.where(good, start, np.iinfo(np.int64).min))
    before = np.concatenate(([np.iinfo(np.int64).min], latest[:-1]))
    in_order = good & (start > before)
    behind = good & ~in_order
    repeated = behind & np.isin(start, start[in_order])
    return repeated, behind & ~repeated


def _off_session(start: Ints, hours: Hours, good: Flags) -> Flags:
    outside = np.ones(len(start), dtype=np.bool_)
    days = ist_days(start)
    for day in np.unique(days[good]):
        windows = session_windows(hours, int(day))
        rows = np.flatnonzero(days == day)
        for opens, closes in windows.spans if windows else ():
            outside[rows[(start[rows] >= opens) & (start[rows] < closes)]] = False
    return outside


def _off_scale(close: Floats, good: Flags) -> Flags:
    bad = np.zeros(len(close), dtype=np.bool_)
    rows = np.flatnonzero(good)
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = close[rows[1:]] / close[rows[:-1]]
    jumps = np.flatnonzero((ratio > _SCALE) | (ratio < 1 / _SCALE))
    if not len(jumps):
        return bad
    base = close[rows[jumps[0]]]
    lasting = 0
    for row in rows[jumps[0] + 1 :]:
        if base / _SCALE <= close[row] <= base * _SCALE:
            base, lasting = close[row], 0
            continue
        bad[row] = True
        lasting += 1
        if lasting == _LASTING_ROWS:
            raise ScaleBreak(int(row) - lasting + 1, float(base), float(close[row]))
    return bad
