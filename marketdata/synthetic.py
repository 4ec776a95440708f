"""A seeded market for tests, demonstrations and use without any recording: one made day.

Its instruments stand in `synthetic_universe.py`, kinds of days in `synthetic_regimes.py`, prices in
`synthetic_paths.py`, ticks in `synthetic_ticks.py`, options in `synthetic_options.py`, faults in
`synthetic_faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from marketdata.built_day import DayData
from marketdata.calendar import Calendar
from marketdata.instruments import Kind, Segment
from marketdata.minute_bars import joined
from marketdata.synthetic_chains import STANDARD_CHAINS, ListedChain, MadeChain, list_chains
from marketdata.synthetic_options import ChainSession, chain_arrivals, forward_of
from marketdata.synthetic_paths import day_paths
from marketdata.synthetic_regimes import Course, Regime, course_of, eve_of, regime_of
from marketdata.synthetic_ticks import (
    Lengths,
    MadeSession,
    Series,
    arrivals_of,
    bars_of,
    series_of,
)
from marketdata.synthetic_universe import MadeInstrument, standard_market
from marketdata.synthetic_volatility import volatility_before
from marketdata.tape import microseconds
from marketdata.tape_frames import Arrivals, merged
from marketdata.tape_head import TapeHead

__all__ = [
    "STANDARD_CHAINS",
    "Regime",
    "SyntheticMarket",
    "SyntheticSpec",
    "regime_of",
    "standard_market",
]

MADE_BY = "marketdata.synthetic 1"
_LEAST_WARMUP = 3

_NOTES = (
    "all instruments: every price, quote and volume is made; nothing here has ever traded",
    "all futures: no open interest is told",
)
_OPTION_NOTE = (
    "all options: priced from one volatility surface on the forward that the index's future "
    "carries; told when they change, every five seconds at most; no bars before the day, but "
    "made volatilities of the days before"
)
_OPTIONS_SEED, _BEFORE_SEED = 1, 2
"""Draws of the options are apart from all others, so that they change nothing beside them."""


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """Which day to make; the same spec gives the same day.

    `date`: a day with an ordinary session. `instruments`: the first is the index by which a halt
    is decided; each future's index is among them, under the same name. `seconds_per_tick`: a
    whole part of a minute. `warmup_sessions`: sessions made before the day, at least 3. `chains`:
    options that are told too; whatever they are, everything else stays the same.
    """

    seed: int
    date: date
    regime: Regime
    instruments: tuple[MadeInstrument, ...]
    seconds_per_tick: int = 5
    warmup_sessions: int = 4
    chains: tuple[MadeChain, ...] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed: {self.seed}, expected 0 or more")
        if self.seconds_per_tick < 1 or 60 % self.seconds_per_tick:
            raise ValueError(f"seconds_per_tick: {self.seconds_per_tick}, expected a part of 60")
        if self.warmup_sessions < _LEAST_WARMUP:
            raise ValueError(f"warmup_sessions: {self.warmup_sessions}, expected at least 3")
        if not self.instruments or self.instruments[0].instrument.kind is not Kind.INDEX:
            raise ValueError("instruments: expected an index first")


@dataclass(frozen=True, slots=True)
class _ToldChain:
    """A chain's ticks of the day, and what each option was worth at the close before."""

    chain: ListedChain
    arrivals: Arrivals
    before: NDArray[np.float64]

    def closes_before(self) -> Iterator[tuple[int, float]]:
        """Yield token and close of every option."""
        for options, closes in zip(self.chain.options, self.before, strict=True):
            for option, close in zip(options, closes, strict=True):
                yield option.token, float(close)


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """A market that can make the day of its spec."""

    spec: SyntheticSpec
    calendar: Calendar

    def day(self) -> DayData:
        """Return the made day with the bars of the sessions before it.

        Raises `ValueError` on a day without an ordinary session or for a future without its
        index, `LookupError` where the calendar doesn't know the day.
        """
        spec = self.spec
        if not self.calendar.is_full_day(spec.date):
            raise ValueError(f"date: {spec.date} has no ordinary session")
        told = list(self._sessions())
        session, series = told.pop()
        plain = [
            arrivals_of(item, made, session)
            for item, made in zip(spec.instruments, series, strict=True)
        ]
        options = self._options(session, series, told[-1])
        return DayData(
            head=self._head(told[-1][1], options),
            arrivals=merged(plain + [option.arrivals for option in options]),
            before=tuple(
                (item.instrument, joined([bars_of(made[place], at) for at, made in told]))
                for place, item in enumerate(spec.instruments)
            ),
            iv_before=volatility_before(
                spec.chains, spec.date, self.calendar, self._drawn(_BEFORE_SEED)
            ),
        )

    def _drawn(self, apart: int) -> np.random.Generator:
        seed = [self.spec.seed, self.spec.date.toordinal(), apart]
        return np.random.Generator(np.random.PCG64(seed))

    def _options(
        self, session: MadeSession, series: list[Series], eve: tuple[MadeSession, list[Series]]
    ) -> list[_ToldChain]:
        """Return the chains of the day; `eve`: the session before."""
        spec = self.spec
        futures = {
            item.instrument.name: place
            for place, item in enumerate(spec.instruments)
            if item.instrument.kind is Kind.FUTURE
        }
        closes = {name: float(eve[1][place].last[-1]) for name, place in futures.items()}
        random = self._drawn(_OPTIONS_SEED)
        told = []
        for chain in list_chains(spec.chains, closes, spec.date, self.calendar):
            place = futures[chain.made.name]
            future = spec.instruments[place].instrument
            before = forward_of(chain, eve[0], future, eve[1][place].last[-1:])
            made = ChainSession(chain, session, future, series[place], float(before[0]), random)
            told.append(_ToldChain(chain, *chain_arrivals(made)))
        return told

    def _sessions(self) -> Iterator[tuple[MadeSession, list[Series]]]:
        """Yield every session with each instrument's series, the spec's day last."""
        spec = self.spec
        random = np.random.Generator(np.random.PCG64([spec.seed, spec.date.toordinal()]))
        columns = _columns(spec.instruments)
        drivers = tuple(
            item.driver for item in spec.instruments if item.instrument.kind is not Kind.FUTURE
        )
        closes = np.array([driver.price for driver in drivers])
        for day, course in self._courses(random):
            paths = day_paths(drivers, closes, course, 60 // spec.seconds_per_tick, random)
            session = MadeSession(
                date=day,
                opens_at=self._opens_at(day),
                steps_per_minute=60 // spec.seconds_per_tick,
                lengths=self._lengths(day),
                paths=paths,
            )
            yield (
                session,
                [
                    series_of(item, column, session, random)
                    for item, column in zip(spec.instruments, columns, strict=True)
                ],
            )
            closes = paths.prices[-1]

    def _courses(self, random: np.random.Generator) -> list[tuple[date, Course]]:
        """Return each day with its course: ranges, the eve leaning the way of the day itself."""
        spec = self.spec
        days = self._days_before()
        minutes = [self._lengths(day).futures for day in (*days, spec.date)]
        before = [course_of(Regime.RANGE, length, random) for length in minutes[:-1]]
        last = course_of(spec.regime, minutes[-1], random)
        return list(
            zip((*days, spec.date), (*before[:-1], eve_of(last, before[-1]), last), strict=True)
        )

    def _days_before(self) -> list[date]:
        days: list[date] = []
        day = self.spec.date
        while len(days) < self.spec.warmup_sessions:
            day = self.calendar.previous_trading_day(day)
            if self.calendar.is_full_day(day):
                days.append(day)
        return days[::-1]

    def _lengths(self, day: date) -> Lengths:
        def minutes(segment: Segment, *, is_index: bool) -> int:
            session = self.calendar.session(day, segment, has_derivatives=True, is_index=is_index)
            return (session.closes_at - session.opens_at).seconds // 60

        return Lengths(
            index=minutes(Segment.CASH, is_index=True),
            futures=minutes(Segment.FUTURES, is_index=True),
            shares=minutes(Segment.CASH, is_index=False),
        )

    def _opens_at(self, day: date) -> int:
        return microseconds(self.calendar.session(day, Segment.CASH).opens_at)

    def _head(self, eve: list[Series], options: list[_ToldChain]) -> TapeHead:
        spec = self.spec
        plain = tuple(item.instrument for item in spec.instruments)
        futures = self.calendar.session(spec.date, Segment.FUTURES, is_index=True)
        return TapeHead(
            date=spec.date,
            source=f"synthetic market, seed {spec.seed}, {spec.regime}",
            made_by=MADE_BY,
            instruments=plain
            + tuple(option for told in options for option in told.chain.instruments),
            previous_close=tuple(
                (item.token, float(made.last[-1])) for item, made in zip(plain, eve, strict=True)
            )
            + tuple(close for told in options for close in told.closes_before()),
            session_open=futures.opens_at,
            session_close=futures.closes_at,
            notes=(*_NOTES, _OPTION_NOTE) if options else _NOTES,
        )


def _columns(instruments: tuple[MadeInstrument, ...]) -> list[int]:
    """Return the column of each instrument's driver; a future has its index's."""
    moved = [item for item in instruments if item.instrument.kind is not Kind.FUTURE]
    places = {item.instrument.key: place for place, item in enumerate(moved)}
    indices = {
        item.instrument.name: places[item.instrument.key]
        for item in moved
        if item.instrument.kind is Kind.INDEX
    }
    columns = []
    for item in instruments:
        if item.instrument.kind is not Kind.FUTURE:
            columns.append(places[item.instrument.key])
        elif item.instrument.name in indices:
            columns.append(indices[item.instrument.name])
        else:
            raise ValueError(f"instruments: {item.instrument.symbol} stands without its index")
    return columns
