"""The composition root: the only place where an engine meets its surroundings.

What the pieces do is theirs; which ones stand together in paper, replay and backtest is said here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from execution.exchange import Exchange
from execution.market_rules import ExchangeSettings
from execution.paper import PaperBroker
from marketdata.bar_grids import GridSpan, SymbolBars, bar_grid, closes_of, until_close, whole_bars
from marketdata.bars import BarGrid
from marketdata.built_day import bars_symbol
from marketdata.calendar import IST, Calendar, Hours
from marketdata.events import MarketEvent
from marketdata.facts import index_by_name
from marketdata.feed import KeptTape, MarketFeed, Pace, TapeFeed
from marketdata.history import bars_path, read_bars
from marketdata.instruments import Instrument, Kind
from marketdata.option_columns import OptionColumns
from marketdata.price_bands import PriceBands
from marketdata.quality import ScreenedTokens, TickScreen
from marketdata.tape import TapeHead, microseconds
from marketdata.timeframes import Timeframe
from marketdata.universe import Universe, UniverseSettings, build_universe
from risk.hours import Stages, stages
from strategies.registry import build_strategies
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.runner import Input, Journal, Runner, Surroundings
from trading.engine.scan import timeframes
from trading.engine.settings import EngineSetup
from trading.engine.timeline import Timeline, bar_closes
from trading.engine.venue import InstantVenue
from trading.iv_before import with_iv_history
from trading.services.price_bands import bands_of, bands_path, told_of
from trading.session_events import windows_of
from trading.snapshots import RunKept, Snapshots, kept_of

_HISTORY = timedelta(days=30)
"""How far back the bars before a day may reach."""

Inputs = Callable[[datetime], Sequence[Input]]


def _nobody(_news: Sequence[Input]) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a run is given by its process: what comes in, the leader's fence, and who listens.

    `inputs`: commands, conditions and bands since the last call. `heard` is told the news of a
    real broker as the engine is.
    """

    inputs: Inputs
    before_orders: Callable[[], None]
    heard: Callable[[Sequence[Input]], None] = _nobody


def undisturbed() -> Outside:
    """Return the outside of a run that nobody commands and nobody competes with."""
    return Outside(inputs=lambda _: (), before_orders=lambda: None)


def universe_of(head: TapeHead, banned: frozenset[str] | None, most_options: int) -> Universe:
    """Return the columns of a tape: indices, their near futures, all shares, and options of these.

    `banned`: shares that may not be entered; None without a list, which blocks every share.
    `most_options`: the cap on options; those nearest to where their underlyings closed before.
    """
    before = dict(head.previous_close)
    spots = {
        item.name: before[item.token]
        for item in head.instruments
        if item.kind in (Kind.INDEX, Kind.EQUITY) and item.token in before
    }
    shares = [item.symbol for item in head.instruments if item.kind is Kind.EQUITY]
    indices = sorted({item.name for item in head.instruments if item.kind is Kind.INDEX})
    with_future = {item.name for item in head.instruments if item.kind is Kind.FUTURE}
    return build_universe(
        head.instruments,
        head.date,
        UniverseSettings(
            indices=tuple(name for name in indices if name in with_future),
            watched=tuple(name for name in indices if name not in with_future),
            futures_per_index=1,
            stocks=len(shares),
            traded_value=dict.fromkeys(shares, 0.0),
            least_traded_value=0.0,
            needs_derivatives=False,
            banned=banned,
            most_columns=len(head.instruments),
            options=OptionColumns(most_options, spots),
        ),
    )


def session_windows(head: TapeHead, calendar: Calendar) -> dict[str, tuple[datetime, datetime]]:
    """Return by key when each instrument of a tape trades continuously.

    Instruments that trade alike share one window: where a day is kept it is told once.
    """
    windows: dict[str, tuple[datetime, datetime]] = {}
    shared: dict[tuple[datetime, datetime], tuple[datetime, datetime]] = {}
    for item in head.instruments:
        session = calendar.session(
            head.date,
            item.segment,
            has_derivatives=True,
            expires_today=item.expiry == head.date,
            is_index=_on_index(item),
        )
        window = (session.opens_at, session.closes_at)
        windows[item.key] = shared.setdefault(window, window)
    return windows


def setup_of(
    config: Config,
    head: TapeHead,
    run_code: str,
    *,
    banned: frozenset[str] | None,
    events: tuple[MarketEvent, ...] | None = None,
) -> EngineSetup:
    """Return what an engine starts with to trade the day of a tape under a configuration.

    `banned`: the day's ban list, None where none is known. `events`: the scheduled events around
    the day, None for the packaged list.
    """
    universe = universe_of(head, banned, config.most_option_columns)
    windows = session_windows(head, Calendar.load())
    before = dict(head.previous_close)
    return EngineSetup(
        run_code=run_code,
        day=head.date,
        opens_at=head.session_open,
        closes_at=head.session_close,
        capital=config.capital_inr,
        universe=universe,
        stages=tuple(_stages(column.instrument, windows, config) for column in universe.columns),
        closes=tuple(windows[column.instrument.key][1] for column in universe.columns),
        previous_close=tuple(
            before.get(column.instrument.token, math.nan) for column in universe.columns
        ),
        strategies=build_strategies(config.strategies),
        ranking=config.ranking,
        limits=config.risk,
        exits=config.exits,
        execution=config.execution,
        banned=universe.blocked,
        event_windows=windows_of(config, head.session_open, head.session_close, events),
        live=False,
        has_ban_list=banned is not None,
        iv_settings=config.iv_history,
    )


def _stages(
    item: Instrument, windows: Mapping[str, tuple[datetime, datetime]], config: Config
) -> Stages | None:
    if not item.is_tradable:
        return None
    opens_at, closes_at = windows[item.key]
    return stages(opens_at, closes_at, item.segment, config.hours)


def timeline_of(setup: EngineSetup) -> Timeline:
    """Return the alarms of a day: bar closes, and the stages of every segment traded."""
    shortest = timeframes(setup)[0].seconds
    fixed = list(bar_closes(setup.opens_at, setup.closes_at, shortest))
    seen: set[tuple[str, datetime]] = set()
    for column, stage in zip(setup.universe.columns, setup.stages, strict=True):
        if stage is None:
            continue
        segment = column.instrument.segment
        for name, due in (("square_off", stage.square_off_at), ("flat_by", stage.flat_by)):
            if (f"{name}:{segment}", due) not in seen:
                seen.add((f"{name}:{segment}", due))
                fixed.append((due, f"stage:{name}:{segment}"))
    return Timeline(fixed)


def history_of(setup: EngineSetup, folder: Path) -> dict[Timeframe, BarGrid]:
    """Return the sessions before a run's day as its features start from them, by time-frame.

    Raises `HistoryError`.
    """
    return history_on(timeframes(setup), setup, folder)


def history_on(
    lengths: Sequence[Timeframe], setup: EngineSetup, folder: Path
) -> dict[Timeframe, BarGrid]:
    """Return the sessions before a run's day on bars of some lengths.

    The grids hold the columns that have features, the options none. `folder`: one-minute bars, a
    file per instrument; one without a file has no bars. Bars shorter than a minute have no history:
    their features start with the day. As in the bars of the day, one behind its column's own close
    has no price, one that the session's end cuts short is none, and an index has the volume of what
    it is traded as. Raises `HistoryError`.
    """
    last = setup.day - timedelta(days=1)
    calendar = Calendar.load()
    columns = setup.universe.columns[: setup.universe.studied]
    hours = [_hours_of(column.instrument, calendar) for column in columns]
    bars = {}
    for column, own in zip(columns, hours, strict=True):
        path = bars_path(folder, bars_symbol(column.instrument))
        bars[column.instrument.key] = (
            read_bars(path, setup.day - _HISTORY, last, own)
            if path.is_file()
            else SymbolBars.none_of(path.stem)
        )
    starts = [int(symbol.start[0]) for symbol in bars.values() if len(symbol)]
    if not starts:
        return {}
    first = datetime.fromtimestamp(min(starts), IST).date()
    widest = _widest(setup.universe, calendar)
    volume_from = [column.volume_from for column in columns]
    grids = {}
    for timeframe in lengths:
        if timeframe.seconds >= Timeframe.MINUTE.seconds:
            grid = bar_grid(bars, GridSpan(widest, timeframe, first, last))
            sessions = np.unique(grid.session)
            grid = until_close(grid, closes_of(hours, sessions))
            grid = whole_bars(grid, closes_of([widest], sessions)[:, 0])
            grids[timeframe] = replace(grid, volume=grid.volume[:, volume_from])
    return grids


def _hours_of(item: Instrument, calendar: Calendar) -> Hours:
    return Hours(calendar, item.segment, has_derivatives=True, is_index=_on_index(item))


def _on_index(item: Instrument) -> bool:
    return item.kind is Kind.INDEX or index_by_name(item.name) is not None


def _widest(universe: Universe, calendar: Calendar) -> Hours:
    """Return the hours of the instrument that trades longest: a future where there is one."""
    items = [column.instrument for column in universe.columns]
    futures = [item for item in items if item.kind is Kind.FUTURE]
    return _hours_of((futures or items)[0], calendar)


def screen_of(setup: EngineSetup, config: Config, head: TapeHead) -> TickScreen:
    """Return the screen that a run's ticks pass; of what its tape tells, only columns do."""
    told = np.array([item.token for item in head.instruments], dtype=np.int64)
    kinds = [column.instrument.kind for column in setup.universe.columns]
    watched = ScreenedTokens(
        tokens=setup.universe.tokens,
        reference=np.array(setup.previous_close, dtype=np.float64),
        may_leap=np.array([kind in (Kind.CALL, Kind.PUT) for kind in kinds], dtype=np.bool_),
        ignored=np.setdiff1d(told, setup.universe.tokens),
        opens_at_us=microseconds(setup.opens_at),
    )
    return TickScreen(watched, config.screen)


@dataclass(frozen=True, slots=True)
class PaperDay:
    """One day to be traded on paper: its prices, what came before, and who trades it.

    `banned`: the day's ban list, None where none is known. `events`: as in `setup_of`.
    `snapshots`: where the run is kept, None for nowhere.
    """

    config: Config
    tape: KeptTape
    pace: Pace | None
    warmup: Path | None
    run_code: str
    run_number: int
    banned: frozenset[str] | None
    events: tuple[MarketEvent, ...] | None = None
    snapshots: Snapshots | None = None


def with_bands(outside: Outside, bands: PriceBands | None) -> Outside:
    """Return an outside that tells the bands of a recorded day first; without any, itself."""
    if bands is None:
        return outside
    untold = [bands]

    def inputs(at: datetime) -> Sequence[Input]:
        told = told_of(untold.pop(), None, at) if untold else None
        return [*([told] if told else []), *outside.inputs(at)]

    return replace(outside, inputs=inputs)


def paper_runner(day: PaperDay, journal: Journal, outside: Outside) -> Runner:
    """Return a runner that trades a day's prices on the simulated exchange.

    The price bands of a day that was recorded from a broker stand beside its tape; a made day has
    none.
    """
    head = day.tape.head
    outside = with_bands(outside, bands_of(bands_path(day.tape.path), head.date))
    feed, kept = TapeFeed(day.tape, day.pace), kept_of(day.snapshots, journal)
    lived = kept.lived if kept else None
    engine = lived.engine if lived else _paper_engine(day)
    setup = engine.setup
    return Runner(
        engine,
        Surroundings(
            journal=journal,
            venue=(lived and lived.venue) or _paper_venue(day),
            past=TapeFeed(day.tape, None),
            feed=feed,
            now=feed.now,
            screen=lived.screen if lived else screen_of(setup, day.config, head),
            timeline=lived.timeline if lived else timeline_of(setup),
            inputs=outside.inputs,
            before_orders=outside.before_orders,
            symbols={item.token: item.symbol for item in head.instruments},
            keeping=RunKept(day.snapshots) if day.snapshots else None,
        ),
        lived,
    )


def _paper_engine(day: PaperDay) -> Engine:
    setup = setup_of(day.config, day.tape.head, day.run_code, banned=day.banned, events=day.events)
    setup = with_iv_history(setup, day.warmup)
    engine = Engine(setup)
    if day.warmup is not None:
        engine.warm(history_of(setup, day.warmup))
    return engine


def _paper_venue(day: PaperDay) -> InstantVenue:
    windows = session_windows(day.tape.head, Calendar.load())
    exchange = Exchange(day.config.exchange, windows, run=day.run_number % 1000)
    return InstantVenue(PaperBroker(exchange))


@dataclass(frozen=True, slots=True)
class BarsDay:
    """One session of a backtest: who trades it, on what, and when each instrument trades.

    `past`: a feed without frames, as a backtest has no journal to live through again.
    """

    engine: Engine
    exchange: ExchangeSettings
    windows: Mapping[str, tuple[datetime, datetime]]
    past: MarketFeed
    feed: MarketFeed
    screen: TickScreen
    timeline: Timeline


def bars_runner(day: BarsDay, journal: Journal) -> Runner:
    """Return a runner that trades a session told by bars on the simulated exchange."""
    return Runner(
        day.engine,
        Surroundings(
            journal=journal,
            venue=InstantVenue(PaperBroker(Exchange(day.exchange, day.windows))),
            past=day.past,
            feed=day.feed,
            now=lambda: None,
            screen=day.screen,
            timeline=day.timeline,
            inputs=undisturbed().inputs,
            before_orders=undisturbed().before_orders,
            symbols={},
        ),
    )
