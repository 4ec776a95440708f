"""Fetching candles into the folder of bars, span by span; what is there is not asked for again.

Where candles come from is a `History`; which spans are asked for is `history_plan.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np

from marketdata.bar_checks import RawBars, ScaleBreak, good_rows
from marketdata.bars import Floats, Ints
from marketdata.built_day import bars_symbol
from marketdata.calendar import IST, Calendar, Hours
from marketdata.facts import index_by_name
from marketdata.history import HistoryError, bars_path, bars_table
from marketdata.history_gaps import Gaps, gaps_in
from marketdata.history_plan import Fetched, Span, missing_spans
from marketdata.history_store import joined, write_bars
from marketdata.instruments import Instrument, Kind
from marketdata.sources import Candles, CandleSpan, History, LoginWanted, SourceFailed

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One answer to be asked for: which instrument's candles, from which day to which."""

    instrument: Instrument
    span: Span

    @property
    def symbol(self) -> str:
        """Return the name of the instrument's file."""
        return bars_symbol(self.instrument)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What came of one step.

    `told`: candles in the answer; `written`: bars that are new in the file; `dropped`: candles
    that could not be used, by the reasons of `bar_checks.good_rows`. `failure`: empty unless
    nothing came of it.
    """

    step: Step
    told: int = 0
    written: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=Gaps)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bars go, what is there already, and by which calendar they are judged.

    `most_days`: what one answer may span. The folder exists.
    """

    folder: Path
    fetched: Fetched
    calendar: Calendar
    most_days: int


def steps(
    instruments: Sequence[Instrument], sessions: Sequence[date], target: Target
) -> tuple[Step, ...]:
    """Return what is still to be asked for; sessions oldest first. Raises `HistoryError`."""
    found = []
    for item in instruments:
        symbol = bars_symbol(item)
        is_there = bars_path(target.folder, symbol).exists()
        done = target.fetched.done(symbol) if is_there else ()
        spans = missing_spans(sessions, done, target.most_days)
        found += [Step(item, span) for span in spans]
    return tuple(found)


async def carry_out(step: Step, history: History, target: Target) -> StepReport:
    """Ask for one span, judge its candles, and put the good ones into the file.

    Raises `LoginWanted` where the session is over; any other failure is told by the report, and
    the span stays to be asked for.
    """
    try:
        candles = await history.candles(_span(step, target))
        return _keep(step, candles, target)
    except LoginWanted:
        raise
    except (SourceFailed, HistoryError) as error:
        return StepReport(step, failure=str(error))


def _span(step: Step, target: Target) -> CandleSpan:
    first, last = step.span
    return CandleSpan(
        token=step.instrument.token,
        interval=target.fetched.interval,
        first=datetime.combine(first, time(), IST),
        last=datetime.combine(last, time(), IST) + _DAY - timedelta(seconds=1),
    )


def _keep(step: Step, candles: Candles, target: Target) -> StepReport:
    sessions = tuple(target.calendar.trading_days(*step.span))
    inside = _inside(candles.start, step.span)
    raw = RawBars(
        start=candles.start[inside],
        open=candles.open[inside],
        high=candles.high[inside],
        low=candles.low[inside],
        close=candles.close[inside],
        volume=candles.volume[inside],
    )
    path = bars_path(target.folder, step.symbol)
    try:
        good, dropped = good_rows(raw, _hours(step.instrument, target.calendar, longest=True))
    except ScaleBreak as error:
        raise HistoryError(path, "close", f"one price scale; it {error}") from error
    written = _write(path, raw, candles.oi[inside], np.flatnonzero(good))
    target.fetched.note(step.symbol, sessions)
    target.fetched.write(target.folder)
    strict = _hours(step.instrument, target.calendar, longest=False)
    foreign = len(candles) - len(raw.start)
    return StepReport(
        step,
        told=len(candles),
        written=written,
        dropped=dict(dropped) | ({"another-day": foreign} if foreign else {}),
        gaps=gaps_in(raw.start[good], sessions, strict, target.fetched.interval),
    )


def _inside(start: Ints, span: Span) -> Ints:
    first = datetime.combine(span[0], time(), IST).timestamp()
    end = (datetime.combine(span[1], time(), IST) + _DAY).timestamp()
    return np.flatnonzero((start >= first) & (start < end))


def _write(path: Path, raw: RawBars, oi: Floats, rows: Ints) -> int:
    """Add the bars of these rows to the file; return how many it did not have."""
    known = np.isfinite(oi[rows])
    columns = {name: getattr(raw, name)[rows] for name in RawBars.__slots__}
    table = bars_table({**columns, "oi": np.where(known, oi[rows], 0)}, known)
    both, there = joined(path, table)
    if len(rows) > there:
        write_bars(both, path)
    return len(rows) - there


def _hours(item: Instrument, calendar: Calendar, *, longest: bool) -> Hours:
    """Return the hours of an instrument; `longest`: those of a share without a closing auction."""
    on_index = item.kind is Kind.INDEX or index_by_name(item.name) is not None
    return Hours(calendar, item.segment, has_derivatives=not longest, is_index=on_index)
