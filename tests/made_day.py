"""A made day for tests that need a whole session and no recordings."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from marketdata.built_day import BuiltDay
from trading.made_days import make_day


def made_day(folder: Path, *, seed: int = 1, options: bool = False) -> BuiltDay:
    """Return the day of a seed, told in ticks five seconds apart; with its chains if wanted."""
    return make_day(seed, date(2026, 10, 6), folder, seconds_per_tick=5, options=options)
