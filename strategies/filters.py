"""The filters several strategies share; one set to 0 is off, an unknown value refuses.

Which of them a strategy asks, and with what, stands in its own file.
"""

from __future__ import annotations

import numpy as np

from marketdata.bars import Flags, Floats
from strategies.base import Frame


def in_hours(frame: Frame, skip_minutes: int, latest_minute: int) -> Flags:
    """Say where the bar starts `skip_minutes` after the open or later, before `latest_minute`."""
    minute = frame.minute
    within = (minute >= skip_minutes) & (minute < latest_minute)
    return np.broadcast_to(within, frame.close.shape)


def not_below(values: Floats, least: float) -> Flags:
    """Say where a value is `least` or more; everywhere if `least` is 0."""
    return values >= least if least else np.full(values.shape, True)


def not_above(values: Floats, most: float) -> Flags:
    """Say where a value is `most` or less; everywhere if `most` is 0."""
    return values <= most if most else np.full(values.shape, True)


def closed_back(frame: Frame, least: float) -> tuple[Flags, Flags]:
    """Say where a bar closed that share of its range above its low, and below its high.

    A bar without a range has closed back nowhere; everywhere if `least` is 0.
    """
    if not least:
        everywhere = np.full(frame.close.shape, True)
        return everywhere, everywhere
    reach = frame.high - frame.low
    up = (reach > 0.0) & (frame.close - frame.low >= least * reach)
    down = (reach > 0.0) & (frame.high - frame.close >= least * reach)
    return up, down
