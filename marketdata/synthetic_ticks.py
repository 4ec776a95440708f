"""A made session as ticks and bars: prices on the grid, volumes in lots, modelled quotes.

The exact prices come from `synthetic_paths.py`, quotes from `synthetic_quotes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from marketdata.dayset_futures import FutureModel
from marketdata.instruments import Kind
from marketdata.minute_bars import MinuteBars
from marketdata.synthetic_paths import DayPaths
from marketdata.synthetic_quotes import on_grid, put_quotes
from marketdata.synthetic_shape import volume_share
from marketdata.synthetic_universe import MadeInstrument
from marketdata.tape_frames import Arrivals
from marketdata.ticks import TICK

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MINUTE = 60_000_000
_BASIS = 0.00015
_BASIS_MINUTES = 5
_BURSTS = 4.0


@dataclass(frozen=True, slots=True)
class Lengths:
    """Minutes of continuous trading from the common open."""

    index: int
    futures: int
    shares: int

    def of(self, kind: Kind) -> int:
        """Return the minutes of a kind; an index is told to its own close, even while still."""
        match kind:
            case Kind.INDEX:
                return self.index
            case Kind.EQUITY:
                return self.shares
            case _:
                return self.futures


@dataclass(frozen=True, slots=True)
class MadeSession:
    """One made session: exact prices of every driver from `opens_at` (microseconds) on."""

    date: date
    opens_at: int
    steps_per_minute: int
    lengths: Lengths
    paths: DayPaths


@dataclass(frozen=True, slots=True)
class Series:
    """One instrument's session, an entry for each step at which it trades, shape `(n,)`.

    `step`: steps from the open; `last` in rupees on the grid; `traded`: units in that step.
    """

    step: Ints
    last: Floats
    traded: Ints


def series_of(
    item: MadeInstrument, column: int, session: MadeSession, random: np.random.Generator
) -> Series:
    """Return the session of one instrument; `column` is its driver's in the paths.

    An index stands still once the shares have stopped. A future carries a basis that wanders a
    basis point or two around its carry.
    """
    kind, paths = item.instrument.kind, session.paths
    step = np.arange(session.lengths.of(kind) * session.steps_per_minute)
    step = step[(step < paths.halted[0]) | (step >= paths.halted[1])]
    still_from = session.lengths.shares * session.steps_per_minute
    source = np.minimum(step, still_from - 1) if kind is Kind.INDEX else step
    exact = paths.prices[source, column]
    if kind is Kind.FUTURE:
        carry = FutureModel().carry(item.instrument, session.date)
        exact = exact * carry * (1 + _basis(len(paths.prices), session, random)[step])
    return Series(
        step=step,
        last=on_grid(exact, item.instrument.tick_size),
        traded=_traded(item, step, paths.busy[source, column], session, random),
    )


def bars_of(series: Series, session: MadeSession) -> MinuteBars:
    """Return the minute bars of a session that had no halt."""
    steps = session.steps_per_minute
    last = series.last.reshape(-1, steps)
    return MinuteBars(
        start=session.opens_at + np.arange(len(last)) * _MINUTE,
        open=last[:, 0],
        high=last.max(axis=1),
        low=last.min(axis=1),
        close=last[:, -1],
        volume=series.traded.reshape(-1, steps).sum(axis=1),
    )


def arrivals_of(item: MadeInstrument, series: Series, session: MadeSession) -> Arrivals:
    """Return the ticks of one instrument with their quotes."""
    ticks = np.zeros(len(series.step), TICK)
    ticks["token"] = item.instrument.token
    ticks["exchange_at"] = session.opens_at + series.step * (_MINUTE // session.steps_per_minute)
    for field in ("last", "open", "high", "low"):
        ticks[field] = series.last
    ticks["volume"] = np.cumsum(series.traded)
    minute = series.step // session.steps_per_minute
    share = volume_share(session.lengths.of(item.instrument.kind))
    put_quotes(ticks, item.instrument, minute, item.day_volume * share[minute])
    return Arrivals(ticks["exchange_at"].copy(), ticks)


def _traded(
    item: MadeInstrument,
    step: Ints,
    busy: Floats,
    session: MadeSession,
    random: np.random.Generator,
) -> Ints:
    """Return the units of each step: the day's profile, more on large moves, and chance.

    Chance takes a minute as a whole (a minute of twice the usual is no rarity) and each step.
    """
    minute = step // session.steps_per_minute
    share = volume_share(session.lengths.of(item.instrument.kind))
    bursts = random.gamma(_BURSTS, 1 / _BURSTS, len(share))
    chance = bursts[minute] * random.random(len(step)) * 2
    usual = item.day_volume * share[minute] / session.steps_per_minute
    lots = np.rint(usual * (0.4 + 0.75 * busy) * chance / item.instrument.lot_size)
    units: Ints = lots.astype(np.int64) * item.instrument.lot_size
    return units


def _basis(steps: int, session: MadeSession, random: np.random.Generator) -> Floats:
    """Return how far a future stands from its carry: the mean of the last minutes' noise."""
    window = _BASIS_MINUTES * session.steps_per_minute
    summed = np.cumsum(random.standard_normal(steps + window))
    basis: Floats = (summed[window:] - summed[:-window]) * (_BASIS / np.sqrt(window))
    return basis
