"""Volatility at the money on the days before a made day, so that its own can be called high or low.

The day's own surface is made in `synthetic_surface.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from marketdata.calendar import Calendar
from marketdata.options.iv_history import IvDay, IvHistories
from marketdata.synthetic_chains import MadeChain

SESSIONS = 60
"""How many days before are made."""

_DAYS = 12
_SPREAD = 0.10
_LEAST = 0.5


def volatility_before(
    chains: Sequence[MadeChain], day: date, calendar: Calendar, random: np.random.Generator
) -> IvHistories:
    """Return volatility at 30 days on the sessions before `day` for each underlying of `chains`.

    It wanders around the usual volatility of the underlying's last chain: the mean of the last
    dozen days' chance, a tenth of it wide. Raises `LookupError` where the calendar doesn't reach.
    """
    usual = {made.name: made.volatility for made in chains}
    days = _days_before(day, calendar) if usual else []
    return {name: _wandering(days, usual[name], random) for name in sorted(usual)}


def _days_before(day: date, calendar: Calendar) -> list[date]:
    days: list[date] = []
    while len(days) < SESSIONS:
        day = calendar.previous_trading_day(day)
        days.append(day)
    return days[::-1]


def _wandering(
    days: Sequence[date], usual: float, random: np.random.Generator
) -> tuple[IvDay, ...]:
    summed = np.cumsum(random.standard_normal(len(days) + _DAYS))
    chance = (summed[_DAYS:] - summed[:-_DAYS]) / np.sqrt(_DAYS)
    levels = usual * np.maximum(1.0 + _SPREAD * chance, _LEAST)
    return tuple(IvDay(on, round(float(level), 6)) for on, level in zip(days, levels, strict=True))
