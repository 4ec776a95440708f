"""A screen: one strategy with many parameter sets over a history, without a portfolio.

A position stands by itself: entered at the next bar's open by the plain profile's rules, left by
the exit kernel and what rests at the exchange (`screen_walk.py`). What limits, ranking and
capital would say is the backtest's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from risk.exits import ExitRules
from risk.exits.many import Openings, plan_vectors, state_vectors
from strategies.base import Strategy
from strategies.outright import Outright
from strategies.registry import STRATEGIES, build_strategies
from strategies.signals import NEUTRAL_SIDE
from trading.config import Config, ConfigError, document_of, read, with_settings
from trading.research.backtest import Request, first_place, read_market
from trading.research.bar_market import Market
from trading.research.profiles import config_of
from trading.research.screen_grid import EXITS
from trading.research.screen_kernels import may_speak, not_against, on_paisa
from trading.research.screen_market import ScreenMarket, screen_market
from trading.research.screen_signals import Block, Said, blocks_of, said_of
from trading.research.screen_walk import Held, Ranges, walk

_ASKED = ("strategies.", "hours.", "screen.", EXITS, "execution.fixed_units=")
"""The settings that a screen goes by."""
_AT_ONCE = 64
"""Parameter sets that share one pass over the features."""

Parameters = Mapping[str, Any]
Progress = Callable[[int, int], None]
"""Told after each pass: how many sets are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class ScreenTrades:
    """What one parameter set traded, by column and then by time; arrays `(M,)`.

    `day`: the place of its session. Prices in rupees. `signal_at`, `entry_at`: epoch seconds;
    `exit_bar_at`: the start of the bar it is left in. `code`: the exit kernel's. `risk`: rupees
    from the signal's close to the strategy's stop, 1 R. `part`: the share of its units that was
    left at the first target, at `part_exit`; the rest at `exit`.
    """

    column: Ints
    day: Ints
    side: Ints
    signal_at: Ints
    entry_at: Ints
    entry: Floats
    exit_bar_at: Ints
    exit: Floats
    code: Ints
    risk: Floats
    part: Floats
    part_exit: Floats

    @property
    def mean_exit(self) -> Floats:
        """Return the mean price over the units of each."""
        return self.part * self.part_exit + (1.0 - self.part) * self.exit

    @property
    def gross(self) -> Floats:
        """Return the rupees a unit of each made before charges."""
        return self.side * (self.mean_exit - self.entry)

    def __len__(self) -> int:
        return len(self.column)

    def where(self, kept: Flags) -> ScreenTrades:
        """Return the trades that are kept."""
        return ScreenTrades(*(getattr(self, each.name)[kept] for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Screened:
    """A market laid out for one strategy, and the rules all parameter sets share."""

    market: Market
    config: Config
    name: str
    laid: ScreenMarket
    blocks: tuple[Block, ...]
    fixed: Parameters


def prepare(request: Request) -> Screened:
    """Read and lay out what a screen runs on; the request names one strategy and profile plain.

    Raises as `backtest`, and `ConfigError` for a strategy that needs more than bars and for a
    setting that changes nothing in a screen.
    """
    _check_settings(request.wishes.settings)
    (name,) = request.wishes.strategies
    _check_name(name)
    config = config_of(request.wishes)
    market = read_market(request, config)
    strategy = build_strategies(config.strategies)[0]
    _check(strategy)
    laid = screen_market(market, config, strategy.timeframe, first_place(market, request))
    return Screened(market, config, name, laid, blocks_of(laid.grid), config.strategies[name])


def _check_name(name: str) -> None:
    if name not in STRATEGIES:
        on_bars = (each for each in sorted(STRATEGIES) if _is_on_bars(STRATEGIES[each]()))
        raise ConfigError(f"--strategy {name}: expected one of {', '.join(on_bars)}")


def _is_on_bars(strategy: Strategy) -> bool:
    return not strategy.context and isinstance(strategy.structure, Outright)


def _check_settings(settings: Sequence[str]) -> None:
    """Refuse what a screen would pass over: it has no portfolio and sends no orders."""
    for setting in settings:
        if not setting.startswith(_ASKED):
            known = ", ".join(name.replace("=", "") + "*" * name.endswith(".") for name in _ASKED)
            raise ConfigError(
                f"--set {setting}: a screen doesn't ask it, expected {known}; try it in a backtest"
            )


def _check(strategy: Strategy) -> None:
    if not _is_on_bars(strategy):
        raise ConfigError(
            f"--strategy {strategy.name}: it trades options or looks at more than bars, expected "
            "one that trades on bars alone"
        )


def screen(
    screened: Screened, sets: Sequence[Parameters], progress: Progress
) -> Iterator[ScreenTrades]:
    """Yield the trades of each parameter set, in their order.

    A set's parameters are laid over the fixed ones; those of `exits.` are rules of the exits.
    Raises `StrategyConfigError` or `ConfigError` for a set that cannot be, before any is traded.
    """
    rules = _Rules(screened.config)
    wanted = [(_strategy(screened, one), rules.of(one)) for one in sets]
    ranges = screened.laid.ranges(any(map(_looks_at_ranges, rules.known)))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        saying = said_of([strategy for strategy, _ in some], screened.blocks)
        for (strategy, exits), said in zip(some, saying, strict=True):
            own = exits.on_bars(strategy.timeframe.seconds)
            ways = Ways(own, ranges, screened.config.execution.fixed_units)
            yield traded(screened.laid, strategy, said, ways)
        progress(first + len(some), len(wanted))


def _strategy(screened: Screened, parameters: Parameters) -> Strategy:
    own = {key: value for key, value in parameters.items() if not key.startswith(EXITS)}
    strategy = build_strategies({screened.name: {**screened.fixed, **own}})[0]
    _check(strategy)
    return strategy


class _Rules:
    """The rules of the exits by what a set says of them; each read once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: dict[str, ExitRules] = {}

    @property
    def known(self) -> tuple[ExitRules, ...]:
        return self._config.exits, *self._known.values()

    def of(self, parameters: Parameters) -> ExitRules:
        """Return the rules of a set. Raises `ConfigError` naming a value that cannot be."""
        asked = [
            f"{key}={json.dumps(value)}"
            for key, value in parameters.items()
            if key.startswith(EXITS)
        ]
        if not asked:
            return self._config.exits
        name = " ".join(asked)
        if name not in self._known:
            own = {"exits": document_of(self._config)["exits"]}
            self._known[name] = read(with_settings(own, asked)).exits
        return self._known[name]


def _looks_at_ranges(rules: ExitRules) -> bool:
    return rules.trail or rules.volatility


@dataclass(frozen=True, slots=True)
class Ways:
    """How positions are left: the rules, what they look at, and the units of each trade."""

    rules: ExitRules
    ranges: Ranges
    units: int


def traded(laid: ScreenMarket, strategy: Strategy, said: Said, ways: Ways) -> ScreenTrades:
    """Return the trades of everything a strategy said, as the plain profile makes them."""
    heard = _heard(laid, strategy, said)
    day = laid.days_of(heard)
    bar = laid.entries_of(heard, day)
    signal_at = laid.grid.start[heard.row] + laid.grid.timeframe.seconds
    enters = _enters(laid, heard, day, bar, signal_at)
    heard, day, bar, signal_at = heard.taken(enters), day[enters], bar[enters], signal_at[enters]
    openings = _openings(laid, heard, _Entered(day, bar, signal_at), ways)
    left, code, last, part = walk(
        plan_vectors(ways.rules, openings),
        state_vectors(openings),
        _held(laid, heard, day, bar),
        laid.lane,
        ways.ranges,
    )
    is_inside = left < laid.day_end[day, heard.column]
    closes_in = laid.hours.closes[day, heard.column] - 60
    share = np.where(np.isnan(part), 0.0, _first_share(ways))
    found = ScreenTrades(
        column=heard.column,
        day=day,
        side=heard.side,
        signal_at=signal_at,
        entry_at=laid.lane.start_s[bar],
        entry=laid.lane.open[bar],
        exit_bar_at=np.where(
            is_inside, laid.lane.start_s[np.minimum(left, len(laid.lane.start_s) - 1)], closes_in
        ),
        exit=last,
        code=code,
        risk=np.abs(heard.entry - heard.stop),
        part=share,
        part_exit=np.where(share > 0, part, last),
    )
    return found.where(
        not_against(found.column, found.day, found.signal_at, found.side, found.exit_bar_at)
    )


def _first_share(ways: Ways) -> float:
    """Return the share of a trade's units that its first target closes."""
    return float(np.floor(ways.units * ways.rules.first_fraction + 1e-9)) / ways.units


def _heard(laid: ScreenMarket, strategy: Strategy, said: Said) -> Said:
    """Return what may be said, by column and then by time, from the first day traded on."""
    since = np.searchsorted(laid.grid.session, laid.sessions[laid.first_day])
    heard = said.taken(np.flatnonzero((said.row >= since) & (said.side != NEUTRAL_SIDE)))
    repeat = strategy.repeat
    allowed = may_speak(
        heard.column,
        laid.grid.session[heard.row],
        laid.grid.start[heard.row],
        heard.side,
        60 * repeat.gap_minutes,
        repeat.once_a_side_a_day,
    )
    heard = heard.taken(np.flatnonzero(allowed))
    sound = np.isfinite(heard.entry + heard.stop + heard.target1 + heard.target2)
    sound &= (heard.entry - heard.stop) * heard.side > 0
    places = np.flatnonzero(sound)
    return heard.taken(places[np.argsort(heard.column[places].astype(np.int32), kind="stable")])


def _enters(laid: ScreenMarket, said: Said, day: Ints, bar: Ints, signal_at: Ints) -> Ints:
    """Return which opinions are followed: within the hours, and a bar comes before they end."""
    hours, at = laid.hours, (day, said.column)
    open_hours = (signal_at >= hours.enters_from[at]) & (signal_at < hours.enters_until[at])
    meets = (bar >= 0) & (laid.lane.start_s[bar] < hours.square_off[at])
    return np.flatnonzero(open_hours & meets)


class _Entered(NamedTuple):
    """When each position was entered: its day, its first bar, and the end of its signal's bar."""

    day: Ints
    bar: Ints
    signal_at: Ints


def _openings(laid: ScreenMarket, said: Said, entered: _Entered, ways: Ways) -> Openings:
    """Return the positions as the engine plans them: from the entry, where that lies inside.

    An open beyond the stop or the first target leaves the price they were planned at.
    """
    price, planned = laid.lane.open[entered.bar], laid.lane.close[entered.bar - 1]
    inside = (np.minimum(said.stop, said.target1) < price) & (
        price < np.maximum(said.stop, said.target1)
    )
    never = np.full(len(price), np.inf)
    return Openings(
        side=said.side,
        entry=np.where(inside, price, planned),
        stop=said.stop,
        target1=said.target1,
        target2=said.target2,
        opened_at_s=laid.lane.start_s[entered.bar].astype(np.float64),
        tighten_at_s=laid.hours.tighten[entered.day, said.column].astype(np.float64),
        square_off_at_s=never,
        entry_atr=_entry_atr(laid, said, entered, ways.ranges),
        quantity=ways.units,
        stop_rests=True,
    )


def _entry_atr(laid: ScreenMarket, said: Said, entered: _Entered, ranges: Ranges) -> Floats:
    """Return the slow range at each signal, NaN where it isn't known."""
    minute = (entered.signal_at - laid.opens[entered.day]) // 60
    newest = ranges.newest[laid.first_row[entered.day] + minute - 1]
    if not len(ranges.slow):
        return np.full(len(newest), np.nan)
    return np.where(newest >= 0, ranges.slow[np.maximum(newest, 0), said.column], np.nan)


def _held(laid: ScreenMarket, said: Said, day: Ints, bar: Ints) -> Held:
    minute = (laid.lane.start_s[bar] - laid.opens[day]) // 60
    return Held(
        column=said.column,
        row=laid.first_row[day] + minute,
        first=bar,
        end=laid.day_end[day, said.column],
        target=on_paisa(np.round(said.target2, 6), said.side),
        due_s=laid.hours.square_off[day, said.column],
    )
