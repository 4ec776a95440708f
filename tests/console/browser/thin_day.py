"""A made day on which, for a while, two shares are hardly offered: one by the unit, one not at all.

Everything else of the day, what is bid included, is as it was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from marketdata.calendar import IST
from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.ticks import Ticks
from trading.made_days import make_day

SEED, DAY = 7, date(2026, 10, 7)
ENTRIES_AT = datetime(2026, 10, 7, 10, 57, tzinfo=IST)
"""When the desk buys both shares, in this day as it is made."""
BY_THE_UNIT, NOT_AT_ALL = "HCLTECH", "SBIN"
_LASTS = timedelta(seconds=40)


def thin_day(folder: Path) -> Path:
    """Write the day's tape into `folder`, with the bars before it beside it."""
    made = TapeReader(make_day(SEED, DAY, folder, seconds_per_tick=1).tape_path)
    return write_tape(folder / made.path.name, made.head, _frames(made))


def _frames(made: TapeReader) -> Iterator[tuple[int, Ticks]]:
    tokens = {item.symbol: item.token for item in made.head.instruments}
    scarce, gone = tokens[BY_THE_UNIT], tokens[NOT_AT_ALL]
    traded = 0
    for frame in made.frames():
        ticks = frame.ticks
        if ENTRIES_AT <= frame.at < ENTRIES_AT + _LASTS:
            ticks["ask_quantity"][ticks["token"] == scarce] = 1
            ticks["ask_quantity"][ticks["token"] == gone] = 0
            ticks["volume"][ticks["token"] == gone] = traded
        else:
            traded = int(ticks["volume"][ticks["token"] == gone].max(initial=traded))
        yield microseconds(frame.at), ticks
