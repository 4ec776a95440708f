"""Where candles are missing: sessions without any, and bars missing in sessions that have some.

An illiquid contract has gaps because nothing traded; a report of them is for a person to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from marketdata.bar_checks import session_windows
from marketdata.bars import Ints
from marketdata.calendar import Hours
from marketdata.sources import Interval

_SECONDS = {
    Interval.MINUTE: 60,
    Interval.THREE_MINUTES: 180,
    Interval.FIVE_MINUTES: 300,
    Interval.TEN_MINUTES: 600,
    Interval.FIFTEEN_MINUTES: 900,
    Interval.HALF_HOUR: 1_800,
    Interval.HOUR: 3_600,
}


@dataclass(frozen=True, slots=True)
class Gaps:
    """`silent`: sessions without a bar. `missing`: bars missing in the others."""

    silent: tuple[date, ...] = ()
    missing: int = 0

    def __add__(self, other: Gaps) -> Gaps:
        return Gaps(self.silent + other.silent, self.missing + other.missing)


def gaps_in(start: Ints, sessions: Sequence[date], hours: Hours, interval: Interval) -> Gaps:
    """Return the gaps of bars that start at `start`, epoch seconds, in these sessions.

    Sessions whose hours are not known are passed over. Raises `KeyError` for day candles.
    """
    length = _SECONDS[interval]
    silent, missing = [], 0
    for day in sessions:
        windows = session_windows(hours, day.toordinal())
        if windows is None:
            continue
        expected = np.concatenate([np.arange(*span, length) for span in windows.spans])
        there = int(np.isin(expected, start).sum())
        if there:
            missing += len(expected) - there
        else:
            silent.append(day)
    return Gaps(tuple(silent), missing)
