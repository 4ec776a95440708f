"""The sessions of a backtest run one after the other, each by an engine of its own.

What each engine trades on is `bar_market.py`; which frames it need not see is `skipping.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from execution.exchange import Window
from marketdata.bars import BarGrid
from marketdata.instruments import Instrument, Segment
from marketdata.quality import Faults, ScreenedTokens, TickScreen
from marketdata.ticks import Ticks
from marketdata.timeframes import Timeframe
from risk.hours import Stages, stages
from trading.bootstrap import BarsDay, bars_runner, setup_of, timeline_of
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.runner import Runner
from trading.engine.scan import timeframes
from trading.engine.settings import EngineSetup
from trading.engine.timeline import Timeline
from trading.quiet_heap import searched_on_request
from trading.research.bar_days import TradingDay, closes_on
from trading.research.bar_feed import BarFeed, NoFrames, head_of
from trading.research.bar_market import Market
from trading.research.collector import Collector
from trading.research.listings import universe_of
from trading.research.lookahead import Lookahead
from trading.research.planned import skipping_engine, wanted_features
from trading.research.round_trips import RoundTrip, round_trips
from trading.research.skipping import SkippingFeed, SkippingTimeline
from trading.session_events import windows_of

Progress = Callable[[int, int, Decimal], None]
"""Told after each session: how many are done, how many there are, and the balance."""


class LeftOpenError(Exception):
    """A session ended with a position open: the books of the run cannot be trusted."""


class PassedScreen(TickScreen):
    """The screen of ticks that `bar_market` has screened already: everything passes."""

    def __init__(self) -> None:
        super().__init__(ScreenedTokens.plain(np.zeros(0, dtype=np.int64)), _NO_SETTINGS)

    def screen(self, ticks: Ticks, at_us: int) -> tuple[Ticks, Faults]:  # noqa: ARG002
        """Return the ticks as they are."""
        return ticks, _NOTHING


_NOTHING = Faults(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
_NO_SETTINGS = Config().screen


@dataclass(frozen=True, slots=True)
class SessionsRun:
    """What came of the sessions: notes, trades in the order of their signals, closing balances.

    `stopped`: the day on which nothing was left to trade with, None where that did not happen.
    """

    notes: Collector
    trades: tuple[RoundTrip, ...]
    balances: tuple[tuple[TradingDay, Decimal], ...]
    stopped: TradingDay | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which sessions of a market to trade: from the day at place `first` on; how to tell them."""

    config: Config
    market: Market
    first: int
    every_frame: bool


async def run_sessions(plan: Plan, progress: Progress) -> SessionsRun:
    """Trade every session in order; each starts with the balance of the one before.

    With `every_frame` the engine sees each frame and steps every indicator; else only what can
    change a decision. Both come to the same decisions. Ends early once the balance is used up.
    """
    days = plan.market.days[plan.first :]
    teller = _EveryFrame(plan) if plan.every_frame else _Skipping(plan)
    notes, balance = Collector(), plan.config.capital_inr
    trades: list[RoundTrip] = []
    balances: list[tuple[TradingDay, Decimal]] = []
    with searched_on_request() as search:
        for place, day in enumerate(days, start=plan.first):
            if balance <= 0:
                return SessionsRun(notes, tuple(trades), tuple(balances), day)
            made, balance = await _session(teller, place, balance, notes)
            trades += made
            balances.append((day, balance))
            progress(len(balances), len(days), balance)
            search()
    return SessionsRun(notes, tuple(trades), tuple(balances), None)


async def _session(
    teller: _Teller, place: int, balance: Decimal, notes: Collector
) -> tuple[Sequence[RoundTrip], Decimal]:
    """Trade one session; return its trades and the balance it closes with."""
    setup, planned = teller.setup(place, balance), len(notes.plans)
    runner = teller.runner(place, setup, notes)
    await runner.run({"run": setup.run_code}, setup.closes_at)
    _check_flat(runner.engine)
    return round_trips(runner.engine, notes, planned), runner.engine.ledger.balance


def _check_flat(engine: Engine) -> None:
    left = [trade.plan_id for trade in engine.ledger.alive() if trade.open_quantity]
    if left:
        raise LeftOpenError(f"{engine.setup.day}: {', '.join(left)} still open at the close")


@dataclass(frozen=True, slots=True)
class _Told:
    """How a session reaches its engine."""

    feed: BarFeed
    timeline: Timeline


class _Teller(ABC):
    """What both ways of telling a session have in common: the set-up of its engine."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._base: EngineSetup | None = None

    def setup(self, place: int, balance: Decimal) -> EngineSetup:
        market, config = self.plan.market, self.plan.config
        day = market.days[place]
        if self._base is None:
            self._base = setup_of(config, head_of(day), "B", banned=frozenset())
        return replace(
            self._base,
            run_code=f"B{day.date:%y%m%d}",
            day=day.date,
            opens_at=day.opens_at,
            closes_at=day.closes_at,
            capital=balance,
            universe=universe_of(market.laid.columns, day.instruments),
            stages=stages_on(day, config),
            closes=closes_on(day),
            previous_close=tuple(float(price) for price in market.previous_close[place]),
            event_windows=windows_of(config, day.opens_at, day.closes_at),
        )

    @abstractmethod
    def runner(self, place: int, setup: EngineSetup, notes: Collector) -> Runner:
        """Return who lives the session of a place."""

    def _runner(self, place: int, engine: Engine, around: _Told, notes: Collector) -> Runner:
        day = self.plan.market.days[place]
        session = BarsDay(
            engine=engine,
            exchange=self.plan.config.exchange,
            windows=day.windows,
            past=NoFrames(day),
            feed=around.feed,
            screen=PassedScreen(),
            timeline=around.timeline,
        )
        return bars_runner(session, notes)


class _EveryFrame(_Teller):
    """Every frame is told, every indicator stepped; features go on from session to session."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._before: Engine | None = None

    def runner(self, place: int, setup: EngineSetup, notes: Collector) -> Runner:
        engine = Engine(setup)
        if self._before is None:
            engine.warm(self._history(setup))
        else:
            engine.carry(self._before)
        self._before = engine
        market = self.plan.market
        feed = BarFeed(market.days[place], market.ticks(place), engine)
        return self._runner(place, engine, _Told(feed, timeline_of(setup)), notes)

    def _history(self, setup: EngineSetup) -> Mapping[Timeframe, BarGrid]:
        grids = self.plan.market.grids(timeframes(setup))
        return {timeframe: before(grid, setup) for timeframe, grid in grids.items()}


class _Skipping(_Teller):
    """Only what can change a decision is told; indicators are computed for all sessions at once."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._ahead: Lookahead | None = None

    def runner(self, place: int, setup: EngineSetup, notes: Collector) -> Runner:
        market = self.plan.market
        if self._ahead is None:
            self._ahead = Lookahead.of(setup, market, wanted_features(setup))
        engine = skipping_engine(setup, self._ahead)
        day = market.days[place]
        told = market.ticks(place)
        self._ahead.see(day, told, setup)
        feed = SkippingFeed(day, told, engine, self._ahead)
        timeline = SkippingTimeline(setup, self._ahead.candidate_ends(day), feed)
        return self._runner(place, engine, _Told(feed, timeline), notes)


def before(grid: BarGrid, setup: EngineSetup) -> BarGrid:
    """Return the rows of the sessions before a set-up's day."""
    end = int(np.searchsorted(grid.session, setup.day.toordinal()))
    names = ("start", "session", "minute", "open", "high", "low", "close", "volume", "oi", "gap")
    return BarGrid(timeframe=grid.timeframe, **{name: getattr(grid, name)[:end] for name in names})


def stages_on(day: TradingDay, config: Config) -> tuple[Stages | None, ...]:
    """Return the stages of a day by column, None where nothing can be traded."""
    known: dict[tuple[Window, Segment], Stages] = {}

    def of(instrument: Instrument) -> Stages:
        window, segment = day.windows[instrument.key], instrument.segment
        found = known.get((window, segment))
        if found is None:
            found = known[window, segment] = stages(*window, segment, config.hours)
        return found

    return tuple(of(each) if each.is_tradable else None for each in day.instruments)
