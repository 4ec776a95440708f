"""A chain at a moment: the forward, a smile, greeks, and what open interest says.

Which options belong to it is said once a session by `columns.py`; what volatility was on days
before by `iv_history.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isnan

import numpy as np
from numpy.typing import NDArray

from marketdata.options import interest, smile
from marketdata.options.books import Books, Fault, books_of, mid_of
from marketdata.options.columns import (
    CALL,
    PUT,
    USUAL,
    ChainColumns,
    ChainRules,
    Chains,
    by_expiry,
    chains_of,
)
from marketdata.options.forward import parity_forward
from marketdata.options.greeks import Horizon, chain_greeks, chain_volatilities
from marketdata.options.rates import discount_factor
from marketdata.panel import Panel

__all__ = [
    "CALL",
    "PUT",
    "USUAL",
    "Chain",
    "ChainColumns",
    "ChainRules",
    "Chains",
    "Fault",
    "NoChain",
    "by_expiry",
    "chain_at",
    "chains_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_YEAR_SECONDS = 365.0 * 86_400.0


@dataclass(frozen=True, slots=True)
class NoChain:
    """No chain can be read at that moment, and why, with the numbers."""

    reason: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One expiry of one underlying at `at`; S strikes, the lowest first; calls, then puts.

    `forward`: by put-call parity over `pairs` strikes, or the same expiry's future where `pairs`
    is 0. `years`: calendar time to the close of the expiry day, over 365 days. `books`: quotes and
    what is open, `(S, 2)`. `iv`: of each option's own mid, a fraction a year, `(S, 2)`, NaN where
    `fault` says why. `smile`: one volatility a strike, that of the side out of the money.
    `delta`, `gamma`, `theta` (rupees a day), `vega` (rupees a point): of one unit bought, by the
    forward, `(S, 2)`, at the smile, so a call and its put agree. `atm`: the place of the strike
    nearest the forward, the lower of equals; `atm_iv`: at the forward, NaN where unknown.
    """

    columns: ChainColumns
    at: datetime
    forward: float
    pairs: int
    discount: float
    years: float
    books: Books
    iv: Floats
    smile: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    atm: int
    atm_iv: float

    @property
    def strikes(self) -> Floats:
        """Return the strikes in rupees, the lowest first, shape `(S,)`."""
        return self.columns.strikes

    @property
    def bid(self) -> Floats:
        """Return the best bids in rupees, shape `(S, 2)`; NaN where unknown."""
        return self.books.bid

    @property
    def ask(self) -> Floats:
        """Return the best asks in rupees, shape `(S, 2)`; NaN where unknown."""
        return self.books.ask

    @property
    def last(self) -> Floats:
        """Return the last prices in rupees, shape `(S, 2)`; NaN before the first."""
        return self.books.last

    @property
    def mid(self) -> Floats:
        """Return the mids of whole, fresh books, shape `(S, 2)`; else NaN."""
        return self.books.mid

    @property
    def oi(self) -> Ints:
        """Return the units open, shape `(S, 2)`."""
        return self.books.oi

    @property
    def volume(self) -> Ints:
        """Return the units traded today, shape `(S, 2)`."""
        return self.books.volume

    @property
    def fault(self) -> NDArray[np.int8]:
        """Return a `Fault` for each option without a volatility, 0 for the others, `(S, 2)`."""
        explained = (self.books.fault != Fault.NONE) | ~np.isnan(self.iv)
        return np.where(explained, self.books.fault, np.int8(Fault.NO_VOLATILITY))

    def why_silent(self, place: int, side: int) -> str:
        """Return why an option has no volatility, with the numbers; empty where it has one."""
        at = (place, side)
        fault = Fault(int(self.fault[at]))
        match fault:
            case Fault.STALE:
                limit = self.columns.rules.stale_after.total_seconds()
                told = f"{self.books.age_us[at] / 1e6:.0f} s old, expected at most {limit:.0f}"
            case Fault.ONE_SIDED | Fault.CROSSED:
                told = f"{self.bid[at]:.2f} / {self.ask[at]:.2f}"
            case Fault.NO_VOLATILITY:
                told = f"{self.mid[at]:.2f} with the forward at {self.forward:.2f}"
            case Fault.NONE | Fault.NOT_WATCHED | Fault.SILENT:
                return fault.reason
        return f"{fault.reason}: {told}"

    @property
    def skew(self) -> float:
        """Return the 25-delta put's volatility less the 25-delta call's; NaN where unknown."""
        return smile.skew(self.smile, self.delta)

    @property
    def pcr_oi(self) -> float:
        """Return open units of puts over those of calls; NaN without calls."""
        return interest.put_call_ratio(self.oi)

    @property
    def pcr_volume(self) -> float:
        """Return units of puts traded today over those of calls; NaN without calls."""
        return interest.put_call_ratio(self.volume)

    @property
    def call_wall(self) -> float:
        """Return the strike with the most open calls; NaN where none is open."""
        return interest.wall(self.strikes, self.oi, CALL)

    @property
    def put_wall(self) -> float:
        """Return the strike with the most open puts; NaN where none is open."""
        return interest.wall(self.strikes, self.oi, PUT)

    @property
    def max_pain(self) -> float:
        """Return the strike at which expiry would pay holders least; NaN where nothing is open."""
        return interest.max_pain(self.strikes, self.oi)


def chain_at(columns: ChainColumns, panel: Panel, at: datetime) -> Chain | NoChain:
    """Return what a chain says at `at` (aware), from the panel alone.

    `NoChain` after the expiry or where nothing tells a forward that can be believed.
    """
    if columns.expires_at is None:
        return NoChain(f"the hours of {columns.expiry} are not known")
    years = (columns.expires_at - at).total_seconds() / _YEAR_SECONDS
    if years <= 0:
        return NoChain(f"it expired at {columns.expires_at:%Y-%m-%d %H:%M}")
    books = books_of(columns, panel, at)
    discount = discount_factor(columns.rate, years)
    parity = parity_forward(columns.strikes, books, discount, columns.rules)
    forward, pairs = parity
    if isnan(forward):
        forward, pairs = mid_of(panel, columns.future, at, columns), 0
    if isnan(forward):
        return NoChain(
            f"{parity.pairs} strikes with whole books of call and put, expected "
            f"{columns.rules.least_pairs}, and no price of a future that expires with them"
        )
    if doubt := _doubt(columns, panel, at, forward):
        return NoChain(doubt)
    return _chain(columns, at, books, (Horizon(forward, years, discount), pairs))


def _doubt(columns: ChainColumns, panel: Panel, at: datetime, forward: float) -> str:
    """Return why a forward is not believed; empty where it is."""
    spot = mid_of(panel, columns.spot, at, columns)
    if spot > 0 and abs(forward / spot - 1.0) > columns.rules.furthest:
        return (
            f"the forward {forward:.2f} lies farther than {columns.rules.furthest:.0%} "
            f"from {spot:.2f}"
        )
    return ""


def _chain(columns: ChainColumns, at: datetime, books: Books, told: tuple[Horizon, int]) -> Chain:
    horizon, pairs = told
    strikes = columns.strikes
    iv = chain_volatilities(books.mid, strikes, horizon)
    row = smile.out_of_the_money(iv, strikes, horizon.forward)
    delta, gamma, theta, vega = chain_greeks(row, strikes, horizon)
    return Chain(
        columns=columns,
        at=at,
        forward=horizon.forward,
        pairs=pairs,
        discount=horizon.discount,
        years=horizon.years,
        books=books,
        iv=iv,
        smile=row,
        delta=delta,
        gamma=gamma,
        theta=theta,
        vega=vega,
        atm=int(np.argmin(np.abs(strikes - horizon.forward))),
        atm_iv=smile.at_the_money(row, strikes, horizon.forward),
    )
