"""The market of a backtest: screened bars of every session, told as ticks and as grids.

Laying bars out is `bar_days.py`, telling them as ticks `bar_ticks.py`; trading them `sessions.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketdata.bar_grids import resample, until_close, whole_bars
from marketdata.bars import BarGrid, Flags, Floats, Ints
from marketdata.quality import ScreenedTokens, ScreenSettings, TickScreen
from marketdata.timeframes import Timeframe
from trading.research.bar_days import PRICES, Laid, TradingDay, closes_on
from trading.research.bar_ticks import DayTicks, day_ticks, fold_back, is_clean, screened

_FILLED = (*PRICES, "oi")


@dataclass(frozen=True, slots=True)
class Market:
    """Everything a run trades on.

    `previous_close`: shape `(D, N)`, the close before each day, NaN where there is none. `faults`:
    what the screen found, by day, symbol and reason. `mended`: the ticks of the days on which it
    found something; those of other days are made when they are asked for.
    """

    laid: Laid
    quoted: bool
    previous_close: Floats
    faults: tuple[Mapping[tuple[str, str], int], ...]
    mended: Mapping[int, DayTicks]
    volume_from: tuple[int, ...]

    @property
    def days(self) -> tuple[TradingDay, ...]:
        """Return the sessions, oldest first."""
        return self.laid.days

    def ticks(self, place: int) -> DayTicks:
        """Return the ticks of the day at `place`, as the screen let them pass."""
        if place in self.mended:
            return self.mended[place]
        return day_ticks(self.laid, self.days[place], quoted=self.quoted)

    def grids(self, timeframes: Sequence[Timeframe]) -> dict[Timeframe, BarGrid]:
        """Return all sessions as bars of each length; a bar the session's end cuts off is none.

        A bar behind its column's own close has no price.
        """
        minutes, closes_at_s = self._minutes(), self._closes_at_s()
        ends_at_s = np.array([int(day.closes_at.timestamp()) for day in self.days], dtype=np.int64)
        return {
            timeframe: whole_bars(until_close(resample(minutes, timeframe), closes_at_s), ends_at_s)
            for timeframe in timeframes
        }

    def _closes_at_s(self) -> Ints:
        closes = [[int(close.timestamp()) for close in closes_on(day)] for day in self.days]
        return np.array(closes, dtype=np.int64)

    def _minutes(self) -> BarGrid:
        laid = self.laid
        session = np.concatenate(
            [np.full(day.minutes, day.date.toordinal(), dtype=np.int64) for day in self.days]
        )
        minute = np.concatenate([np.arange(day.minutes, dtype=np.int64) for day in self.days])
        gap = np.isnan(laid.close)
        filled = self._filled(gap) if gap.any() else {name: getattr(laid, name) for name in _FILLED}
        own = self.volume_from == tuple(range(len(laid.columns)))
        return BarGrid(
            timeframe=Timeframe.MINUTE,
            start=laid.start,
            session=session,
            minute=minute,
            **{name: filled[name] for name in PRICES},
            volume=laid.volume if own else laid.volume[:, list(self.volume_from)],
            oi=np.nan_to_num(filled["oi"]) if np.isnan(filled["oi"]).any() else filled["oi"],
            gap=gap,
        )

    def _filled(self, gap: Flags) -> dict[str, Floats]:
        """Return prices and open interest with those of a gap carried from the bar before it."""
        laid = self.laid
        close = self._carried(laid.close)
        oi = self._carried(np.where(gap, np.nan, np.nan_to_num(laid.oi)))
        return {name: np.where(gap, close, getattr(laid, name)) for name in PRICES} | {"oi": oi}

    def _carried(self, values: Floats) -> Floats:
        """Return `values` with each NaN replaced by the last number before it of its session."""
        row = np.arange(len(values))[:, np.newaxis]
        heads = np.concatenate([np.full(day.minutes, day.first) for day in self.days])
        last = np.maximum.accumulate(np.where(np.isnan(values), -1, row), axis=0)
        carried = np.take_along_axis(values, np.maximum(last, 0), axis=0)
        return np.where(last >= heads[:, np.newaxis], carried, np.nan)

    def closes(self) -> Floats:
        """Return the last price of every column at each minute's end, shape `(R, N)`."""
        return self._carried(self.laid.close)


def market_of(
    laid: Laid, settings: ScreenSettings, volume_from: tuple[int, ...], *, quoted: bool
) -> Market:
    """Screen every day's ticks in order and return what is left.

    `laid` is changed in place on days on which the screen leaves something out or mends it.
    """
    columns = len(laid.columns)
    reference = np.full(columns, np.nan)
    before, faults = [], []
    mended: dict[int, DayTicks] = {}
    for place, day in enumerate(laid.days):
        before.append(reference)
        found: dict[tuple[str, str], int] = {}
        if not is_clean(laid, day, reference, settings):
            told = day_ticks(laid, day, quoted=quoted)
            found = _named(laid, day, screened(told, _screen(day, reference, settings)))
            fold_back(laid, day, told)
            mended[place] = told
        faults.append(found)
        reference = _last_closes(laid.close[day.rows], reference)
    return Market(
        laid=laid,
        quoted=quoted,
        previous_close=np.array(before).reshape(len(before), columns),
        faults=tuple(faults),
        mended=mended,
        volume_from=volume_from,
    )


def _screen(day: TradingDay, reference: Floats, settings: ScreenSettings) -> TickScreen:
    tokens = np.array([instrument.token for instrument in day.instruments], dtype=np.int64)
    never = np.zeros(len(tokens), dtype=np.bool_)
    return TickScreen(ScreenedTokens(tokens, reference, never), settings)


def _named(
    laid: Laid, day: TradingDay, faults: Counter[tuple[int, str]]
) -> dict[tuple[str, str], int]:
    symbols = {
        instrument.token: listing.symbol
        for listing, instrument in zip(laid.columns, day.instruments, strict=True)
    }
    named: Counter[tuple[str, str]] = Counter()
    for (token, reason), count in faults.items():
        named[symbols[token], reason] += count
    return dict(sorted(named.items()))


def _last_closes(close: Floats, otherwise: Floats) -> Floats:
    there = ~np.isnan(close)
    last = len(close) - 1 - np.argmax(there[::-1], axis=0)
    return np.where(there.any(axis=0), close[last, np.arange(close.shape[1])], otherwise)
