"""A screen: one strategy with many parameter sets over a history, without a portfolio.

A position stands by itself: entered at the next bar's open by the plain profile's rules, left by
the exit kernel. What limits, ranking and capital would say is the backtest's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from risk.exits import ExitRules, kernel
from risk.exits.many import Hits, Openings, first_hits
from strategies.base import Strategy
from strategies.outright import Outright
from strategies.registry import build_strategies
from strategies.signals import NEUTRAL_SIDE
from trading.config import Config, ConfigError
from trading.research.backtest import Request, first_place, read_market
from trading.research.bar_market import Market
from trading.research.profiles import config_of
from trading.research.screen_kernels import may_speak, not_against
from trading.research.screen_market import ScreenMarket, screen_market
from trading.research.screen_signals import Block, Said, blocks_of, said_of

_ASKED = ("strategies.", "hours.", "screen.")
"""The groups of settings that a screen goes by."""
_AT_ONCE = 64
"""Parameter sets that share one pass over the features."""

Parameters = Mapping[str, Any]
Progress = Callable[[int, int], None]
"""Told after each pass: how many sets are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class ScreenTrades:
    """What one parameter set traded, one unit each, by column and then by time; arrays `(M,)`.

    `day`: the place of its session. Prices in rupees. `signal_at`, `entry_at`: epoch seconds;
    `exit_bar_at`: the start of the bar it is left in. `code`: the exit kernel's. `risk`: rupees
    from the signal's close to the strategy's stop, 1 R.
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

    @property
    def gross(self) -> Floats:
        """Return the rupees each made before charges."""
        return self.side * (self.exit - self.entry)

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
    config = config_of(request.wishes)
    (name,) = request.wishes.strategies
    market = read_market(request, config)
    strategy = build_strategies(config.strategies)[0]
    _check(strategy)
    laid = screen_market(market, config, strategy.timeframe, first_place(market, request))
    return Screened(market, config, name, laid, blocks_of(laid.grid), config.strategies[name])


def _check_settings(settings: Sequence[str]) -> None:
    """Refuse what a screen would pass over: it leaves by stop, last target and end of day."""
    for setting in settings:
        if not setting.startswith(_ASKED):
            known = ", ".join(f"{group}*" for group in _ASKED)
            raise ConfigError(
                f"--set {setting}: a screen doesn't ask it, expected {known}; try it in a backtest"
            )


def _check(strategy: Strategy) -> None:
    if strategy.context or not isinstance(strategy.structure, Outright):
        raise ConfigError(
            f"--strategy {strategy.name}: it trades options, expected one that trades on bars alone"
        )


def screen(
    screened: Screened, sets: Sequence[Parameters], progress: Progress
) -> Iterator[ScreenTrades]:
    """Yield the trades of each parameter set, in their order.

    A set's parameters are laid over the fixed ones. Raises `StrategyConfigError` for a set that
    cannot be, before any is traded.
    """
    wanted = [_strategy(screened, parameters) for parameters in sets]
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        for strategy, said in zip(some, said_of(some, screened.blocks), strict=True):
            yield traded(screened.laid, strategy, said)
        progress(first + len(some), len(wanted))


def _strategy(screened: Screened, parameters: Parameters) -> Strategy:
    return build_strategies({screened.name: {**screened.fixed, **parameters}})[0]


def traded(laid: ScreenMarket, strategy: Strategy, said: Said) -> ScreenTrades:
    """Return the trades of everything a strategy said, as the plain profile makes them."""
    heard = _heard(laid, strategy, said)
    day = laid.days_of(heard)
    bar = laid.entries_of(heard, day)
    signal_at = laid.grid.start[heard.row] + laid.grid.timeframe.seconds
    enters = _enters(laid, heard, day, bar, signal_at)
    heard, day, bar, signal_at = heard.taken(enters), day[enters], bar[enters], signal_at[enters]
    openings = _openings(laid, heard, day, bar)
    hits = _first_hits(laid, openings)
    left = np.minimum(hits.bar, openings.end - 1)
    was_left = hits.code != kernel.NONE
    found = ScreenTrades(
        column=heard.column,
        day=day,
        side=heard.side,
        signal_at=signal_at,
        entry_at=laid.path.start_s[bar],
        entry=openings.entry,
        exit_bar_at=np.where(
            was_left, laid.path.start_s[left], laid.hours.closes[day, heard.column] - 60
        ),
        exit=np.where(was_left, hits.level, laid.path.close[left]),
        code=np.where(was_left, hits.code, kernel.END_OF_DAY),
        risk=np.abs(heard.entry - heard.stop),
    )
    return found.where(
        not_against(found.column, found.day, found.signal_at, found.side, found.exit_bar_at)
    )


def _heard(laid: ScreenMarket, strategy: Strategy, said: Said) -> Said:
    """Return what may be said, by column and then by time, from the first day traded on."""
    since = np.searchsorted(laid.grid.session, laid.sessions[laid.first_day])
    places = np.flatnonzero((said.row >= since) & (said.side != NEUTRAL_SIDE))
    said = said.taken(places[np.argsort(said.column[places].astype(np.int32), kind="stable")])
    repeat, session = strategy.repeat, laid.grid.session[said.row]
    allowed = may_speak(
        said.column,
        session,
        laid.grid.start[said.row],
        said.side,
        60 * repeat.gap_minutes,
        repeat.once_a_side_a_day,
    )
    sound = np.isfinite(said.entry + said.stop + said.target1 + said.target2)
    sound &= (said.entry - said.stop) * said.side > 0
    return said.taken(np.flatnonzero(allowed & sound))


def _enters(laid: ScreenMarket, said: Said, day: Ints, bar: Ints, signal_at: Ints) -> Ints:
    """Return which opinions are followed: within the hours, and a bar comes before they end."""
    hours, at = laid.hours, (day, said.column)
    open_hours = (signal_at >= hours.enters_from[at]) & (signal_at < hours.enters_until[at])
    meets = (bar >= 0) & (laid.path.start_s[bar] < hours.square_off[at])
    return np.flatnonzero(open_hours & meets)


def _openings(laid: ScreenMarket, said: Said, day: Ints, bar: Ints) -> Openings:
    """Return the positions; a level is moved to the paisa away from the entry."""
    square_off = laid.hours.square_off[day, said.column].astype(np.float64)
    return Openings(
        side=said.side,
        entry=laid.path.open[bar],
        stop=on_paisa(said.stop, -said.side),
        target1=on_paisa(np.round(said.target1, 6), said.side),
        target2=on_paisa(np.round(said.target2, 6), said.side),
        opened_at_s=laid.path.start_s[bar].astype(np.float64),
        tighten_at_s=square_off,
        square_off_at_s=square_off,
        entry_atr=np.zeros(len(bar)),
        first=bar,
        end=laid.day_end[day, said.column],
    )


def on_paisa(price: Floats, way: Ints) -> Floats:
    """Return prices moved to the paisa, up where `way` is 1, down where it is -1; one at least.

    A price reads as its shortest decimal, as in `Instrument.on_grid`.
    """
    cents = np.floor(price * 100) + np.where(way > 0, -1.0, 1.0)
    for _ in range(3):
        short = np.where(way > 0, cents / 100 < price, cents / 100 > price)
        cents = np.where(short, cents + way, cents)
    moved: Floats = np.maximum(cents, 1.0) / 100
    return moved


def _first_hits(laid: ScreenMarket, openings: Openings) -> Hits:
    """Walk the positions; one whose target the entry's open has passed is told by itself.

    There the target is an order that comes after the open: within that bar the stop is looked at
    first, then it is left at the open.
    """
    hits = first_hits(_RULES, openings, laid.path)
    side, bar, entry = openings.side, openings.first, openings.entry
    gone = (side * (entry - openings.target2) >= 0) & (hits.code != kernel.END_OF_DAY)
    worst = np.where(side > 0, laid.path.low[bar], laid.path.high[bar])
    stopped = side * (worst - openings.stop) <= 0
    code = np.where(stopped, kernel.AT_HARD_STOP, kernel.AT_TARGET2)
    return Hits(
        np.where(gone, bar, hits.bar),
        np.where(gone, code, hits.code),
        np.where(gone, np.where(stopped, openings.stop, entry), hits.level),
    )


_RULES = ExitRules(
    trail=False,
    target1=False,
    break_even_after_target1=False,
    time_stop=False,
    volatility=False,
    mae=False,
)
"""The stop, the last target and the end of the day: what the plain profile leaves."""
