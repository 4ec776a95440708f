"""Made days for places without recordings: a few seeds of the synthetic market, one a date.

How a market is made lives in `marketdata/synthetic.py`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from marketdata.built_day import BuiltDay
from marketdata.calendar import Calendar
from marketdata.synthetic import (
    STANDARD_CHAINS,
    SyntheticMarket,
    SyntheticSpec,
    regime_of,
    standard_market,
)

DATES = tuple(date(2026, 10, day) for day in (5, 6, 7, 8, 9))
"""Ordinary sessions, a week of them."""


def make_day(
    seed: int, day: date, out: Path, *, seconds_per_tick: int, options: bool = False
) -> BuiltDay:
    """Write the made day of a seed into `out`; the same arguments give the same bytes.

    With `options` the chains of the indices are told too; everything else stays as it is.
    """
    calendar = Calendar.load()
    spec = SyntheticSpec(
        seed=seed,
        date=day,
        regime=regime_of(seed),
        instruments=standard_market(day, calendar),
        seconds_per_tick=seconds_per_tick,
        chains=STANDARD_CHAINS if options else (),
    )
    return SyntheticMarket(spec, calendar).day().write(out)


def build_made_days(out: Path) -> list[BuiltDay]:
    """Write a week of made days into `out`."""
    return [make_day(seed, day, out, seconds_per_tick=5) for seed, day in enumerate(DATES, 1)]
