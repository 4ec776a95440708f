"""Where a chain stands in the universe: its strikes and the columns of their calls and puts.

Made once a session; what the columns say at a moment is `chain.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import Calendar, CalendarUnknown, NoSession
from marketdata.facts import index_by_name
from marketdata.instruments import Instrument, Kind
from marketdata.option_window import Chain as ListedChain
from marketdata.option_window import ChainKey
from marketdata.option_window import chains_of as listed_chains
from marketdata.options.rates import interest_rate
from marketdata.universe import Column, Universe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CALL, PUT = 0, 1
"""Places of the two sides in every array of shape `(S, 2)`."""

_SIDES = (Kind.CALL, Kind.PUT)

NOWHERE = -1
"""The column of an option that isn't listed or watched."""


@dataclass(frozen=True, slots=True)
class ChainRules:
    """What a chain takes for a price.

    `stale_after`: a quote not heard of for longer is none; options far from the money are silent
    for minutes. `near`: strikes on each side of the money whose pairs tell the forward.
    `least_pairs`: fewer whole pairs tell none. `furthest`: a forward farther than that part from
    the spot or the future is not believed.
    """

    stale_after: timedelta = timedelta(minutes=6)
    near: int = 4
    least_pairs: int = 1
    furthest: float = 0.05

    def __post_init__(self) -> None:
        if self.stale_after <= timedelta(0):
            raise ValueError(f"stale_after: {self.stale_after}, expected above 0")
        if self.near < 0 or self.least_pairs < 1:
            raise ValueError("near, least_pairs: expected 0 or more and 1 or more")
        if not 0 < self.furthest < 1:
            raise ValueError(f"furthest: {self.furthest}, expected above 0 and below 1")


USUAL = ChainRules()


@dataclass(frozen=True, slots=True)
class ChainColumns:
    """The options of one underlying and expiry: what of it doesn't change in a session.

    `strikes`: rupees, the lowest first, shape `(S,)`. `call`, `put`: columns, -1 where none.
    `calls`, `puts`: the instruments, None where none. `future`: the column of the future of the
    same expiry, `spot` that of the underlying itself, -1 where none. `expires_at`: when the
    contracts stop trading on their last day; None where that day is known as closed.
    `rate`: a year, a fraction.
    """

    underlying: str
    expiry: date
    expires_at: datetime | None
    strikes: Floats
    call: Ints
    put: Ints
    calls: tuple[Instrument | None, ...]
    puts: tuple[Instrument | None, ...]
    future: int
    spot: int
    rate: float
    rules: ChainRules

    def __len__(self) -> int:
        return len(self.strikes)

    @property
    def sides(self) -> Ints:
        """Return the columns of calls and puts, shape `(S, 2)`."""
        return np.stack([self.call, self.put], axis=1)

    def instrument(self, place: int, side: int) -> Instrument | None:
        """Return the call or put of a strike; None where none is watched."""
        return (self.calls if side == CALL else self.puts)[place]


Chains: TypeAlias = Mapping[ChainKey, ChainColumns]


def chains_of(universe: Universe, day: date, rules: ChainRules = USUAL) -> Chains:
    """Return the chains among the columns by underlying and expiry, in that order.

    Options that expired before `day` are left out. Raises `FactMissing` on a day without an
    interest rate, as no price could be discounted; without options it isn't asked for.
    """
    items = [column.instrument for column in universe.columns]
    names = sorted({item.name for item in items if item.kind in _SIDES})
    if not names:
        return {}
    session = _Session(day, Calendar.load(), interest_rate(day), rules)
    return {
        chain.key: _columns_of(chain, universe, session)
        for chain in listed_chains(items, day, names, len(items))
    }


def options_universe(instruments: Sequence[Instrument]) -> Universe:
    """Return options and what they derive from as columns, to be read; nothing of it is traded."""
    options = [item for item in instruments if item.kind in _SIDES]
    names = {item.name for item in options}
    others = [i for i in instruments if i.kind not in _SIDES and i.name in names]
    columns = [
        Column(place, item, scanned=False, trade_as=None, volume_from=place, why="read only")
        for place, item in enumerate([*others, *options])
    ]
    return Universe(tuple(columns), (), frozenset())


def by_expiry(chains: Chains, underlying: str) -> tuple[ChainColumns, ...]:
    """Return the chains of one underlying, the nearest expiry first."""
    return tuple(chains[key] for key in sorted(chains) if key[0] == underlying)


@dataclass(frozen=True, slots=True)
class _Session:
    day: date
    calendar: Calendar
    rate: float
    rules: ChainRules


def _columns_of(chain: ListedChain, universe: Universe, session: _Session) -> ChainColumns:
    name, expiry = chain.key
    calls, puts = (
        tuple(next((item for item in row if item.kind is kind), None) for row in chain.options)
        for kind in _SIDES
    )
    return ChainColumns(
        underlying=name,
        expiry=expiry,
        expires_at=_expires_at(name, expiry, session.calendar),
        strikes=np.array([float(strike) for strike in chain.strikes]),
        call=_places(calls, universe),
        put=_places(puts, universe),
        calls=calls,
        puts=puts,
        future=_place_of(universe, name, (Kind.FUTURE,), expiry),
        spot=_place_of(universe, name, (Kind.INDEX, Kind.EQUITY), None),
        rate=session.rate,
        rules=session.rules,
    )


def _places(options: tuple[Instrument | None, ...], universe: Universe) -> Ints:
    places = [NOWHERE if item is None else universe.column_of(item.key) for item in options]
    return np.array(places, dtype=np.int64)


def _place_of(universe: Universe, name: str, kinds: tuple[Kind, ...], expiry: date | None) -> int:
    for column in universe.columns:
        item = column.instrument
        if item.name == name and item.kind in kinds and item.expiry == expiry:
            return column.index
    return NOWHERE


def _expires_at(name: str, expiry: date, calendar: Calendar) -> datetime | None:
    is_index = index_by_name(name) is not None
    try:
        return calendar.listed_expiry_ends_at(expiry, is_index=is_index)
    except (CalendarUnknown, NoSession):
        return None
