"""The options of a made session as ticks: quotes around their worth, volume, open interest.

Their worth comes from `synthetic_surface.py`. As on a real feed an option is told when it has
changed, at most every five seconds, far from the money every fifteen, once a minute in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.dayset_futures import FutureModel
from marketdata.instruments import Instrument
from marketdata.synthetic_chains import ListedChain
from marketdata.synthetic_quotes import hundredths
from marketdata.synthetic_shape import spread_multiplier, volume_share
from marketdata.synthetic_surface import Surface, at_the_money, standardised, worth
from marketdata.synthetic_ticks import MadeSession, Series
from marketdata.tape import microseconds
from marketdata.tape_frames import Arrivals
from marketdata.ticks import TICK, Ticks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MINUTE = 60_000_000
_YEAR = 365.0 * 86_400_000_000.0
_SECOND = 1_000_000
_TOLD_EVERY_S, _FAR_TOLD_EVERY_S = 5, 15
_NEAR = 1.5
_USUAL_VOLATILITY = 0.15
_DEPTH_LOTS = 12.0
_IN_THE_MONEY = 0.25
_ROUND_STRIKES = ((10, 3.0), (2, 1.6))
_OPENED = (-0.3, 1.0)


@dataclass(frozen=True, slots=True)
class ChainSession:
    """One chain in one made session: what was drawn for it, and what it derives from.

    `future`: the instrument and series of the index's future, whose price carries the chain's
    forward; `close_before`: the forward at the close before, to which the surface is anchored.
    """

    chain: ListedChain
    session: MadeSession
    future: Instrument
    series: Series
    close_before: float
    random: np.random.Generator


@dataclass(frozen=True, slots=True)
class _Told:
    """A chain's ticks before they are told: each array of shape `(T, S, 2)`."""

    last: Ints
    bid: Ints
    ask: Ints
    size: Ints
    volume: Ints
    oi: Ints


def forward_of(
    chain: ListedChain, session: MadeSession, future: Instrument, price: Floats
) -> Floats:
    """Return the forward of a chain's expiry, carried from the price of a future."""
    model = FutureModel()
    return price * (
        model.carry(chain.options[0][0], session.date) / model.carry(future, session.date)
    )


def chain_arrivals(made: ChainSession) -> tuple[Arrivals, Floats]:
    """Return a chain's ticks of a session, and what its options were worth at the close before.

    The latter of shape `(S, 2)`, on the tick grid.
    """
    chain, session = made.chain, made.session
    surface = Surface(
        level=chain.made.volatility * made.random.uniform(0.85, 1.2), anchor=made.close_before
    )
    at, forward = _moments(made)
    years = (microseconds(chain.expires_at) - at) / _YEAR
    value = worth(surface, chain.strikes, forward, years, np.exp(-chain.rate * years))
    atm = at_the_money(surface, forward)
    away = standardised(chain.strikes, forward, atm, years)
    minute = (at - session.opens_at) // _MINUTE
    told = _told(made, minute, (value, atm, away))
    rows = _rows_told(session.opens_at, at, told, away)
    return _arrivals(chain, at, told, rows), _closes_before(made, surface)


def _moments(made: ChainSession) -> tuple[Ints, Floats]:
    """Return when the chain may be told, microseconds, and its forward then."""
    session, steps = made.session, made.session.steps_per_minute
    every = max(1, _TOLD_EVERY_S * steps // 60)
    at = session.opens_at + made.series.step * (_MINUTE // steps)
    rows = (made.series.step % every == 0) & (at < microseconds(made.chain.expires_at))
    forward = forward_of(made.chain, session, made.future, made.series.last)
    return at[rows], forward[rows]


def _closes_before(made: ChainSession, surface: Surface) -> Floats:
    opens_at, chain = made.session.opens_at, made.chain
    years = np.array([(microseconds(chain.expires_at) - opens_at) / _YEAR])
    value = worth(
        surface,
        chain.strikes,
        np.array([made.close_before]),
        years,
        np.exp(-chain.rate * years),
    )
    tick = _tick(chain)
    closes: Floats = np.maximum(np.rint(value[0] * 100 / tick), 1) * tick / 100
    return closes


def _told(made: ChainSession, minute: Ints, priced: tuple[Floats, Floats, Floats]) -> _Told:
    value, atm, away = priced
    tick, chain = _tick(made.chain), made.chain.made
    usual = chain.half_spread * (atm / _USUAL_VOLATILITY) ** 1.5 * spread_multiplier(minute)
    half = np.maximum(0.5 * tick, value * 100 * usual[:, None, None])
    bid = np.floor((value * 100 - half) / tick).astype(np.int64)
    ask = np.maximum(np.ceil((value * 100 + half) / tick).astype(np.int64), bid + 1)
    last = np.clip(np.rint(value * 100 / tick).astype(np.int64), np.maximum(bid, 1), ask)
    liveliness = 1.0 / (1.0 + away * away) ** 2
    chance = made.random.gamma(4.0, 0.25, (int(minute[-1]) + 1, *value.shape[1:]))[minute]
    share = _share_of_steps(made, minute)[:, None, None]
    lots = np.floor(np.cumsum(chain.day_lots * share * liveliness[:, :, None] * chance, axis=0))
    size = np.ceil(_DEPTH_LOTS * chance * (1.0 + np.abs(away))[:, :, None])
    return _Told(
        last=last,
        bid=bid,
        ask=ask,
        size=size.astype(np.int64),
        volume=lots.astype(np.int64),
        oi=_open_lots(made, away[0], lots),
    )


def _share_of_steps(made: ChainSession, minute: Ints) -> Floats:
    """Return the share of the day's volume of each step told."""
    share = volume_share(made.session.lengths.futures)
    inside = np.bincount(minute, minlength=len(share))
    return (share / np.maximum(inside, 1))[minute]


def _open_lots(made: ChainSession, away: Floats, lots: Floats) -> Ints:
    """Return the lots open: most at round strikes out of the money, changing with the volume.

    By the evening up to three tenths are closed or as many as there were have been added.
    """
    chain = made.chain.made
    boost = np.ones(len(away))
    for steps, factor in reversed(_ROUND_STRIKES):
        boost[made.chain.strikes % (steps * chain.step) == 0] = factor
    out = np.stack([away >= 0, away <= 0], axis=1)
    usual = chain.open_lots * boost / (1.0 + away * away)
    chance = made.random.uniform(0.6, 1.4, out.shape)
    morning = usual[:, None] * np.where(out, 1.0, _IN_THE_MONEY) * chance
    by_evening = made.random.uniform(*_OPENED, out.shape)
    changing = by_evening * lots / np.maximum(lots[-1], 1.0)
    open_lots: Ints = np.rint(morning * (1.0 + changing)).astype(np.int64)
    return open_lots


def _arrivals(chain: ListedChain, at: Ints, told: _Told, which: NDArray[np.bool_]) -> Arrivals:
    rows, strikes, sides = np.nonzero(which)
    ticks: Ticks = np.zeros(len(rows), TICK)
    tokens = np.array([[option.token for option in row] for row in chain.options])
    tick, lot = _tick(chain), chain.options[0][0].lot_size
    here = rows, strikes, sides
    ticks["token"], ticks["exchange_at"] = tokens[strikes, sides], at[rows]
    for field in ("last", "open", "high", "low"):
        ticks[field] = told.last[here] * tick / 100
    has_bid = told.bid[here] > 0
    ticks["bid"] = np.where(has_bid, told.bid[here] * tick / 100, np.nan)
    ticks["ask"] = told.ask[here] * tick / 100
    ticks["bid_quantity"] = np.where(has_bid, told.size[here] * lot, 0)
    ticks["ask_quantity"] = told.size[here] * lot
    ticks["volume"], ticks["oi"] = told.volume[here] * lot, told.oi[here] * lot
    return Arrivals(at[rows], ticks)


def _rows_told(opens_at: int, at: Ints, told: _Told, away: Floats) -> NDArray[np.bool_]:
    """Say which rows are told, `(T, S, 2)`: what has changed since it was told, and once a minute.

    Options far from the money are looked at less often.
    """
    since = (at - opens_at) // _SECOND
    seldom = np.flatnonzero(since % _FAR_TOLD_EVERY_S == 0)
    far = np.zeros(told.last.shape, np.bool_)
    far[seldom] = _changed(at[seldom], told, seldom)
    near = _changed(at, told, np.arange(len(at)))
    return np.where((np.abs(away) <= _NEAR)[:, :, None], near, far)


def _changed(at: Ints, told: _Told, rows: Ints) -> NDArray[np.bool_]:
    """Say of some rows which differ from the one before, or begin a minute; the first does."""
    changed = np.ones((len(rows), *told.last.shape[1:]), np.bool_)
    moved = [np.diff(values[rows], axis=0) != 0 for values in (told.last, told.bid, told.ask)]
    changed[1:] = moved[0] | moved[1] | moved[2]
    changed[1:] |= (np.diff(at // _MINUTE) != 0)[:, None, None]
    return changed


def _tick(chain: ListedChain) -> int:
    """Return the tick of a chain's options in hundredths of a rupee."""
    return hundredths(chain.options[0][0].tick_size)
