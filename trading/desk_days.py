"""Which day the desk is to trade when a person says so in a word: recorded, made, or a tape.

Building the days is the work of `marketdata/dayset.py` and `made_days.py`.
"""

from __future__ import annotations

from pathlib import Path

from marketdata.dayset import available_days, build_day
from trading.made_days import DATES, make_day

SYNTHETIC = "synthetic"
TAPE = "tape"
_AS_TOLD = ("15", "1")
"""The seed, and the seconds between ticks, of a made day that says no more."""
_MOST_SECONDS_PER_TICK = 60


class NoSuchDayError(ValueError):
    """The day asked for is neither recorded nor made; the text says what there is."""


def day_asked(text: str, recordings: Path, out: Path) -> tuple[str, Path]:
    """Return where a day comes from, and its tape: `2021-04-28`, `synthetic:7:5`, `one.tape`.

    Nothing asks for a made day. It is told second by second, or at the number of seconds behind
    the seed, with the option chains of its indices. A day that has no tape yet gets one in `out`.
    Raises `NoSuchDayError`.
    """
    if text.endswith((".tape", ".tape.gz")):
        return TAPE, _standing(Path(text))
    word, *numbers = (text or SYNTHETIC).split(":")
    if word == SYNTHETIC:
        seed, seconds = _made(text, numbers)
        day = DATES[seed % len(DATES)]
        return SYNTHETIC, make_day(seed, day, out, seconds_per_tick=seconds, options=True).tape_path
    known = {str(spec.date): spec for spec in available_days(recordings)}
    if text not in known:
        names = ", ".join(sorted(known)) or "no recordings here"
        raise NoSuchDayError(
            f"--day: {text}, expected synthetic[:SEED], a .tape file or one of: {names}"
        )
    return "recorded", build_day(known[text], recordings, out).tape_path


def _standing(tape: Path) -> Path:
    if not tape.is_file():
        raise NoSuchDayError(f"--day: {tape}, expected a file that is there")
    return tape.resolve()


def _made(text: str, numbers: list[str]) -> tuple[int, int]:
    """Return the seed of a made day and the seconds between its ticks."""
    told = [number or "-" for number in numbers]
    seed, seconds, *more = [*told, *_AS_TOLD[len(told) :]]
    is_good = not more and seed.isdecimal() and seconds.isdecimal()
    if not is_good or not 1 <= int(seconds) <= _MOST_SECONDS_PER_TICK:
        raise NoSuchDayError(
            f"--day: {text}, expected synthetic[:SEED[:SECONDS]], whole numbers, "
            f"1 to {_MOST_SECONDS_PER_TICK} seconds between ticks"
        )
    return int(seed), int(seconds)
