"""Bars told as ticks: two a bar, its open when it begins and its whole range just before it ends.

Where the bars come from is `bar_days.py`; grouping the ticks into frames is `bar_feed.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from marketdata.bars import Flags, Floats
from marketdata.quality import DROPPING, ScreenSettings, TickScreen
from marketdata.synthetic_quotes import MODELS, Lasts, put_quotes, quotes_of
from marketdata.ticks import TICK, Ticks
from trading.research.bar_days import PRICES, Laid, TradingDay

_SECOND = 1_000_000
REST_AFTER_US = 59_999_000
"""How long after a bar's start its range is told, microseconds."""


@dataclass(frozen=True, slots=True)
class DayTicks:
    """The ticks of one day: `open` when a bar begins, `rest` before it ends; shape `(T, N)`.

    `open_there`, `rest_there`: where there is such a tick at all. The open carries the volume so
    far, the rest the bar's whole range and its volume.
    """

    open: Ticks
    rest: Ticks
    open_there: Flags
    rest_there: Flags


def day_ticks(laid: Laid, day: TradingDay, *, quoted: bool) -> DayTicks:
    """Return a day's ticks; `quoted` puts modelled quotes around every last price."""
    rows = day.rows
    there = ~np.isnan(laid.close[rows])
    opens, rests = np.zeros(there.shape, TICK), np.zeros(there.shape, TICK)
    tokens = np.array([instrument.token for instrument in day.instruments], dtype=np.int64)
    volume = np.cumsum(laid.volume[rows], axis=0)
    began = laid.start[rows][:, np.newaxis] * _SECOND
    for ticks, at in ((opens, began), (rests, began + REST_AFTER_US)):
        ticks["token"], ticks["exchange_at"] = tokens, at
        ticks["bid"] = ticks["ask"] = np.nan
        ticks["oi"] = np.nan_to_num(laid.oi[rows])
    for name in PRICES[:3]:
        opens[name] = laid.open[rows]
        rests[name] = getattr(laid, name)[rows]
    opens["last"], rests["last"] = laid.open[rows], laid.close[rows]
    opens["volume"], rests["volume"] = volume - laid.volume[rows], volume
    told = DayTicks(opens, rests, there, there.copy())
    if quoted:
        _put_quotes(told, day, laid.volume[rows])
    return told


def _put_quotes(told: DayTicks, day: TradingDay, volume: Floats) -> None:
    """Put quotes around every last price, in all columns without a gap at once."""
    quotable = np.array([instrument.kind in MODELS for instrument in day.instruments])
    whole = np.all(told.open_there, axis=0) & quotable
    for place in np.flatnonzero(~whole).tolist():
        _quote(told, day, place, volume[:, place])
    places = np.flatnonzero(whole)
    if not len(places):
        return
    columns = slice(None) if whole.all() else places
    last = np.empty((2 * day.minutes, len(places)))
    last[::2], last[1::2] = told.open["last"][:, columns], told.rest["last"][:, columns]
    minute = np.repeat(np.arange(day.minutes), 2)
    lasts = Lasts(last, minute, np.repeat(volume[:, columns], 2, axis=0))
    quoted = [day.instruments[place] for place in places.tolist()]
    for name, values in quotes_of(lasts, quoted).items():
        told.open[name][:, columns], told.rest[name][:, columns] = values[::2], values[1::2]


def _quote(told: DayTicks, day: TradingDay, place: int, volume: Floats) -> None:
    minutes = np.flatnonzero(told.open_there[:, place])
    ticks = np.empty(2 * len(minutes), TICK)
    ticks[::2], ticks[1::2] = told.open[minutes, place], told.rest[minutes, place]
    if len(ticks):
        put_quotes(
            ticks, day.instruments[place], np.repeat(minutes, 2), np.repeat(volume[minutes], 2)
        )
    told.open[minutes, place], told.rest[minutes, place] = ticks[::2], ticks[1::2]


def is_clean(laid: Laid, day: TradingDay, reference: Floats, settings: ScreenSettings) -> bool:
    """Say whether the screen would pass all of a day's ticks untouched.

    `reference`: the close before by column, NaN where unknown.
    """
    open_, close = laid.open[day.rows], laid.close[day.rows]
    base = np.where(np.isnan(reference), np.nan, reference)
    first = np.ones(open_.shape[1], dtype=np.bool_)
    carried = _carried_before(close, base)
    gap = np.full(open_.shape, settings.most_jump)
    there = ~np.isnan(open_)
    heads = np.argmax(there, axis=0)
    gap[heads, np.arange(len(first))] = settings.most_gap
    far = np.abs(open_ - carried) > gap * carried
    far |= np.abs(close - open_) > settings.most_jump * open_
    for name in ("high", "low"):
        far |= np.abs(getattr(laid, name)[day.rows] - close) > settings.most_jump * close
    return not far.any()


def _carried_before(close: Floats, reference: Floats) -> Floats:
    """Return the last close before each bar, at first the reference; NaN where none is known."""
    before = np.vstack([reference[np.newaxis], close[:-1]])
    row = np.arange(len(before))[:, np.newaxis]
    last = np.maximum.accumulate(np.where(np.isnan(before), 0, row), axis=0)
    carried: Floats = np.take_along_axis(before, last, axis=0)
    return carried


def screened(told: DayTicks, screen: TickScreen) -> Counter[tuple[int, str]]:
    """Pass a day's ticks through the screen, in place; return the faults by token and reason."""
    faults: Counter[tuple[int, str]] = Counter()
    for minute in range(len(told.open)):
        for ticks, there in ((told.open, told.open_there), (told.rest, told.rest_there)):
            places = np.flatnonzero(there[minute])
            if not len(places):
                continue
            at = int(ticks["exchange_at"][minute, places[0]])
            passed, found = screen.screen(ticks[minute, places], at)
            kept = np.isin(ticks["token"][minute, places], passed["token"])
            there[minute, places[~kept]] = False
            order = np.argsort(passed["token"])
            own = np.argsort(ticks["token"][minute, places[kept]])
            ticks[minute, places[kept][own]] = passed[order]
            faults.update({(fault.token, str(fault.reason)): fault.count for fault in found.told()})
    return faults


def dropped_of(faults: Counter[tuple[int, str]]) -> int:
    """Return how many ticks the faults left out."""
    return sum(count for (_, reason), count in faults.items() if reason in DROPPING)


def fold_back(laid: Laid, day: TradingDay, told: DayTicks) -> None:
    """Make a day's bars what its ticks tell, in place: what the panel would form of them."""
    rows, opens, rests = day.rows, told.open, told.rest
    has_open, has_rest = told.open_there, told.rest_there
    there = has_open | has_rest
    laid.open[rows] = np.where(has_open, opens["open"], rests["open"])
    tops = np.where(has_open, opens["high"], -np.inf), np.where(has_rest, rests["high"], -np.inf)
    laid.high[rows] = np.maximum(*tops)
    ends = np.where(has_open, opens["low"], np.inf), np.where(has_rest, rests["low"], np.inf)
    laid.low[rows] = np.minimum(*ends)
    laid.close[rows] = np.where(has_rest, rests["last"], opens["last"])
    for name in PRICES:
        getattr(laid, name)[rows][~there] = np.nan
    laid.volume[rows] = _volumes(told)


def _volumes(told: DayTicks) -> Floats:
    """Return the rise of the day's volume in each bar; that before a late first is nobody's."""
    newest = np.where(
        told.rest_there, told.rest["volume"], np.where(told.open_there, told.open["volume"], 0)
    )
    total = np.maximum.accumulate(newest, axis=0)
    risen = np.diff(total, axis=0, prepend=0)
    there = told.open_there | told.rest_there
    for place in np.flatnonzero(there.any(axis=0)):
        head = int(np.argmax(there[:, place]))
        if head:
            first = told.open if told.open_there[head, place] else told.rest
            risen[head, place] -= first["volume"][head, place]
    volumes: Floats = risen.astype(np.float64)
    return volumes
