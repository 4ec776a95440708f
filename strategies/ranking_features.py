"""What the ranking measures of every column, for either side, in grades from 0 to 1.

What a reading is worth stands in `ranking_grades.py`; comparing the grades in `ranking.py`, their
history in `ranking_history.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from marketdata.bars import Floats
from marketdata.features.adx import ADX
from marketdata.features.atr_variation import ATRVariation
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.features.oi_change import OIChange
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.roc import RateOfChange
from marketdata.features.rsi import RSI
from marketdata.features.supertrend import Supertrend
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.ranking_grades import graded
from strategies.signals import Direction

TIMEFRAME = Timeframe.MINUTES_5
OI_CHANGE = OIChange()
"""Its `today` is the open interest of a column against that of the last session's end."""
MEASURED = ("momentum", "trend", "liquidity", "regime")
SIDES = (Direction.LONG, Direction.SHORT)
Raw = Mapping[str, Floats]
"""What the grades are made of, by name: outputs of the features, closes and conditions."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What stands beside the bars, of the contract each column trades as; shape `(N,)`.

    NaN where unknown. Quotes in rupees and units; `iv_percentile` 0 to 100; `oi_change`: open
    interest against that of the previous session's end, a fraction.
    """

    bid: Floats
    ask: Floats
    bid_quantity: Floats
    ask_quantity: Floats
    iv_percentile: Floats
    oi_change: Floats

    @classmethod
    def unknown(cls, columns: int) -> Conditions:
        """Return conditions of which nothing is known, as in a history of bars alone."""
        return cls(*(np.full(columns, np.nan) for _ in range(6)))


READINGS = (
    *("rsi", "change", "fast", "slow", "volume", "variation", "adx", "plus_di", "minus_di"),
    *("supertrend", "close"),
    *(item.name for item in fields(Conditions)),
)
"""The names of everything that `raw_of` tells, in its order."""


def features() -> dict[str, Feature]:
    """Return the features wanted, on bars of `TIMEFRAME`."""
    return {
        "rsi": RSI(14),
        "change": RateOfChange(20),
        "adx": ADX(14),
        "fast": EMA(34),
        "slow": EMA(89),
        "supertrend": Supertrend(10, 3.0),
        "volume": RelativeVolume(20),
        "variation": ATRVariation(14, 20),
    }


def raw_of(frame: Frame, conditions: Conditions) -> dict[str, Floats]:
    """Return what the grades of a frame are made of, by name; the frame's own arrays."""
    adx = frame["adx"]
    named = {name: frame[name].main for name in ("rsi", "change", "fast", "slow", "volume")}
    return {
        **named,
        "variation": frame["variation"].main,
        "adx": adx["adx"],
        "plus_di": adx["plus_di"],
        "minus_di": adx["minus_di"],
        "supertrend": frame["supertrend"]["direction"],
        "close": frame.close,
        **{item.name: getattr(conditions, item.name) for item in fields(conditions)},
    }


def measure(frame: Frame, conditions: Conditions) -> Floats:
    """Return the grades of every column of a frame, as `grades_of` does of what it shows.

    A frame over a history gives `(4, 2, T, N)`, with conditions that held all the time.
    """
    return grades_of(raw_of(frame, conditions))


def table_of(raw: Raw) -> Floats:
    """Return a copy of what grades are made of as one array, by `READINGS`: shape `(17, N)`.

    Of a history `(17, T, N)`; what has no row for each bar held all the time.
    """
    values = [raw[name] for name in READINGS]
    table = np.empty((len(values), *np.broadcast_shapes(*{each.shape for each in values})))
    for place, each in enumerate(values):
        table[place] = each
    return table


def grades_of(raw: Raw) -> Floats:
    """Return the grades of every column, by `MEASURED` and `SIDES`: shape `(4, 2, N)`."""
    return grades_of_table(table_of(raw))


def grades_of_table(table: Floats) -> Floats:
    """Return the grades of what `table_of` returns, as `grades_of` does."""
    found = graded(table.reshape(len(table), -1))
    return found.reshape(len(MEASURED), len(SIDES), *table.shape[1:])
