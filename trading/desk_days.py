"""Which day the desk is to trade when a person says so in a word: recorded, or made from a seed.

Building the days is the work of `marketdata/dayset.py` and `made_days.py`.
"""

from __future__ import annotations

from pathlib import Path

from marketdata.built_day import BuiltDay
from marketdata.dayset import available_days, build_day
from trading.made_days import DATES, make_day

SYNTHETIC = "synthetic"
_SECONDS_PER_TICK = 1
_DEFAULT_SEED = 15


class NoSuchDayError(ValueError):
    """The day asked for is neither recorded nor made; the text says what there is."""


def day_asked(text: str, recordings: Path, out: Path) -> tuple[str, BuiltDay]:
    """Return where a day comes from, and the day: `2021-04-28`, `synthetic`, `synthetic:7`.

    Nothing asks for a made day: it is told second by second. Raises `NoSuchDayError`.
    """
    word, _, seed = (text or SYNTHETIC).partition(":")
    if word == SYNTHETIC:
        if seed and not seed.isdecimal():
            raise NoSuchDayError(f"--day: {text}, expected a whole number after synthetic:")
        number = int(seed) if seed else _DEFAULT_SEED
        day = DATES[number % len(DATES)]
        return SYNTHETIC, make_day(number, day, out, seconds_per_tick=_SECONDS_PER_TICK)
    known = {str(spec.date): spec for spec in available_days(recordings)}
    if word not in known:
        names = ", ".join(sorted(known)) or "no recordings here"
        raise NoSuchDayError(f"--day: {text}, expected synthetic[:SEED] or one of: {names}")
    return "recorded", build_day(known[word], recordings, out)
