"""A backtest from its folder of bars to its result: what is read, traded and measured, in order.

How each step is done stands in the modules beside this one; the files are `report_files.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from marketdata.bar_grids import SymbolBars
from marketdata.calendar import Calendar
from marketdata.history import HistoryError
from strategies.context import BESIDE_OPTIONS
from strategies.outright import Outright
from strategies.registry import build_strategies
from trading.config import Config
from trading.research.bar_days import TradingDay, lay_out
from trading.research.bar_files import read_minutes, symbols_in
from trading.research.bar_market import Market, market_of
from trading.research.coverage import Coverage, coverage_of, sessions_asked, without_a_bar
from trading.research.equity import Curve, curve_of
from trading.research.fill_error import FillError, fill_error_of
from trading.research.listings import listings, universe_of
from trading.research.profiles import Profile, Wishes, config_of
from trading.research.sessions import Plan, Progress, SessionsRun, run_sessions
from trading.research.statistics import Ratios, Totals, ratios_of, totals_of, warnings_of


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tested on what; `first` and `last` are included.

    `symbols`: None for all files of `folder`. With `every_frame` nothing is skipped.
    """

    folder: Path
    symbols: tuple[str, ...] | None
    first: date
    last: date
    wishes: Wishes
    every_frame: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a backtest."""

    request: Request
    config: Config
    days: tuple[TradingDay, ...]
    run: SessionsRun
    curve: Curve
    coverage: tuple[Coverage, ...]
    totals: Totals
    ratios: Ratios
    fills: FillError
    warnings: tuple[str, ...]


def backtest(request: Request, progress: Progress) -> Result:
    """Trade the sessions of a folder of bars and measure what came of it.

    Sessions before `first` only bring the indicators up to date. Raises `ConfigError`,
    `HistoryError`, `ListingError` or `CalendarUnknown` for what cannot be used, before anything
    is traded, and `FactMissing` for a session before the first known charges.
    """
    config = config_of(request.wishes)
    market = read_market(request, config)
    first = first_place(market, request)
    run = asyncio.run(run_sessions(Plan(config, market, first, request.every_frame), progress))
    days = tuple(day for day, _ in run.balances)
    curve = curve_of(market, first, first + len(days), run.notes, run.trades)
    totals = totals_of(run.trades)
    fills = fill_error_of(market, run.notes, totals.net)
    asked = sessions_asked(request.first, request.last, Calendar.load())
    return Result(
        request=request,
        config=config,
        days=days,
        run=run,
        curve=curve,
        coverage=coverage_of(market, first, asked),
        totals=totals,
        ratios=ratios_of(curve, config.capital_inr),
        fills=fills,
        warnings=(
            *without_a_bar(market, asked),
            *_unheard(config),
            *_about(run),
            *warnings_of(run.trades, curve),
            *fills.warnings,
        ),
    )


def read_market(request: Request, config: Config) -> Market:
    """Return the bars of a request, screened. Raises as `backtest` for what cannot be used."""
    calendar = Calendar.load()
    paths = symbols_in(request.folder, request.symbols)
    files: Mapping[str, SymbolBars] = {
        path.stem: read_minutes(path, request.last, calendar) for path in paths
    }
    plain = request.wishes.profile is Profile.PLAIN
    laid = lay_out(files, listings(tuple(files), plain=plain), calendar)
    _check_range(request, laid.days)
    universe = universe_of(laid.columns, laid.days[0].instruments)
    volume_from = tuple(column.volume_from for column in universe.columns)
    return market_of(laid, config.screen, volume_from, quoted=not plain)


def _check_range(request: Request, days: tuple[TradingDay, ...]) -> None:
    if not any(request.first <= day.date <= request.last for day in days):
        span = f"{request.first} to {request.last}"
        there = f", the files hold {days[0].date} to {days[-1].date}" if days else ""
        raise HistoryError(request.folder, "ts", f"a usable bar in {span}{there}")


def first_place(market: Market, request: Request) -> int:
    """Return the place of the first session that is traded; those before it are history."""
    return next(place for place, day in enumerate(market.days) if day.date >= request.first)


def _unheard(config: Config) -> tuple[str, ...]:
    """Return a warning for each strategy that bars alone leave without an opinion."""
    return tuple(
        f"{strategy.name} goes by options, of which bars tell nothing: it can't speak here"
        for strategy in build_strategies(config.strategies)
        if not isinstance(strategy.structure, Outright)
        or not BESIDE_OPTIONS.issuperset(strategy.context)
    )


def _about(run: SessionsRun) -> tuple[str, ...]:
    if run.stopped is None:
        return ()
    return (f"nothing was left to trade with on {run.stopped.date}; the run ended there",)


def final_balance(result: Result) -> Decimal:
    """Return the balance after the last session."""
    return result.run.balances[-1][1]
