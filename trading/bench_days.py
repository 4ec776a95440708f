"""Whole days and whole years of the desk: scans at full width, a session by the second, a year.

Made markets; nothing is asserted here.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

from strategies.registry import STRATEGIES
from trading.bench import Day, Figure, day_figures
from trading.bench_bars import write_bars
from trading.config import Config
from trading.research.backtest import Request, read_market
from trading.research.profiles import Profile, Wishes, config_of
from trading.research.sessions import Plan, run_sessions

_FOUR = ("opening_range", "trend_pullback", "vwap_reversion", "bollinger_reversion")
_YEAR = 200


def all_scans(columns: int) -> list[Figure]:
    """Measure scans with every strategy there is."""
    config = Config(strategies={name: {} for name in STRATEGIES})
    return day_figures(f"{columns} instruments, all strategies", Day(columns, config=config))


def bar_scans(columns: int) -> list[Figure]:
    """Measure scans with four strategies that look at bars alone."""
    return day_figures(
        f"{columns} instruments, four strategies", Day(columns, seconds=60, config=_four())
    )


def session_figures() -> list[Figure]:
    """Measure a session of 200 instruments with a price of each every second."""
    return day_figures("200 instruments by the second", Day(200, seconds=1, config=_four()))


def _four() -> Config:
    return Config(strategies={name: {} for name in _FOUR})


def year_figures(days: int) -> list[Figure]:
    """Measure a backtest of 200 instruments over `days`, four strategies, the desk's profile.

    Reading the files is left out. Peak memory is this process's.
    """
    with tempfile.TemporaryDirectory() as name:
        write_bars(Path(name), _YEAR, days)
        wishes = Wishes(Profile.DEFAULT, _FOUR, Decimal(10_000_000), {}, ())
        request = Request(Path(name), None, date(2025, 1, 1), date(2026, 12, 31), wishes)
        config = config_of(wishes)
        market = read_market(request, config)
    began = time.perf_counter()
    done = asyncio.run(run_sessions(Plan(config, market, 0, False), lambda *_: None))
    wall = time.perf_counter() - began
    title = f"{_YEAR} instruments x {days} days, four strategies"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure(f"{title}: bars", float(_YEAR * days * 375), ""),
        Figure(f"{title}: trades", float(len(done.trades)), ""),
        Figure(f"{title}: backtest", wall, "s"),
        Figure(f"{title}: peak memory", peak, "MiB"),
    ]
