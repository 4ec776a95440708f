"""The prices a live page shows: the last of each instrument and the one-minute bars of the day.

Option chains are `broadcast_chains.py`'s. Ticks are screened as the engine's are; nothing here is
read by anything that decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from marketdata.instruments import Kind
from marketdata.quality import ScreenedTokens, TickScreen
from marketdata.tape import Frame, microseconds
from marketdata.ticks import Ticks
from trading.broadcast_chains import ChainBoard
from trading.broadcast_facts import DeskFacts

Bar = list[float]
"""Epoch second of the minute's start, open, high, low, close in rupees, volume in units."""

_MICROSECONDS = 1_000_000
_MINUTE = 60


class Market:
    """The last prices and the bars of one session, folded from its frames in order."""

    def __init__(self, facts: DeskFacts) -> None:
        self._items = {item.token: item for item in facts.instruments}
        self._previous = facts.previous_close
        self._opens_at_s = facts.opens_at_s
        self._screen = TickScreen(watched(facts), facts.screen) if self._items else None
        self.chains = ChainBoard(facts)
        self._last: dict[str, float] = {}
        self._volume: dict[int, int] = {}
        self._bars: dict[str, list[Bar]] = {}
        self._close = {item.key: facts.previous_close.get(item.token) for item in facts.instruments}
        self._options = frozenset(
            item.key for item in facts.instruments if item.kind in (Kind.CALL, Kind.PUT)
        )
        self.indices = frozenset(item.key for item in facts.instruments if item.kind is Kind.INDEX)
        self.touched: set[str] = set()
        """Instruments with a tick since the reader cleared it."""
        self.newest_bar = 0.0
        """Epoch second at which the newest bar of any instrument starts, 0 before the first."""

    def take(self, frame: Frame) -> None:
        """Take one frame in; ticks the screen refuses change nothing."""
        if self._screen is None:
            return
        ticks, _ = self._screen.screen(frame.ticks, microseconds(frame.at))
        self.chains.take(ticks, frame)
        for tick in _rows(ticks):
            self._tick(*tick)

    def _tick(
        self, token: int, at_us: int, last: float, span: tuple[float, float, float], volume: int
    ) -> None:
        key = self._items[token].key
        self._last[key] = last
        self.touched.add(key)
        at_s = at_us // _MICROSECONDS
        if at_s < self._opens_at_s:
            return
        rise = self._rise(token, at_s, volume)
        start = float(at_s - at_s % _MINUTE)
        bars = self._bars.setdefault(key, [])
        self.newest_bar = max(self.newest_bar, start)
        opened, high, low = span
        if not bars or start > bars[-1][0]:
            bars.append([start, opened, high, low, last, float(rise)])
        elif start == bars[-1][0]:
            bar = bars[-1]
            bars[-1] = [
                start, bar[1], max(bar[2], high), min(bar[3], low), last, bar[5] + rise
            ]  # fmt: skip

    def _rise(self, token: int, at_s: int, volume: int) -> int:
        """Return the units traded since the tick before, as a bar counts them."""
        first = 0 if at_s - self._opens_at_s < _MINUTE else volume
        before = self._volume.get(token, first)
        self._volume[token] = max(before, volume)
        return max(volume - before, 0)

    def last(self, key: str) -> float | None:
        """Return the last price in rupees, None before the first tick."""
        return self._last.get(key)

    def is_shown(self, key: str, held: Collection[str]) -> bool:
        """Say whether pages are told of an instrument: of options only while they are held."""
        return key not in self._options or key in held

    def watch(self, held: Collection[str]) -> list[dict[str, object]]:
        """Return the priced instruments with their change from the close before, in percent.

        Of options only those in `held` (keys): there are hundreds.
        """
        return [
            {"instrument": key, "last": self._last[key], "change_pct": self._change(key)}
            for key in self._close
            if key in self._last and self.is_shown(key, held)
        ]

    def _change(self, key: str) -> float | None:
        close = self._close[key]
        return round((self._last[key] / close - 1) * 100, 3) if close else None

    def bars(self, key: str) -> list[Bar]:
        """Return the day's bars of an instrument, oldest first; the last one may be forming."""
        return self._bars.get(key, [])

    def bars_from(self, key: str, start: float) -> list[Bar]:
        """Return the bars that start at `start` (epoch seconds) or later, oldest first."""
        bars = self._bars.get(key, [])
        first = len(bars)
        while first and bars[first - 1][0] >= start:
            first -= 1
        return bars[first:]

    def days(self, held: Collection[str]) -> Mapping[str, list[Bar]]:
        """Return the bars of what has any, each as `bars` does; of options those in `held`."""
        return {key: bars for key, bars in self._bars.items() if self.is_shown(key, held)}


def watched(facts: DeskFacts) -> ScreenedTokens:
    """Return what the screen of a run's ticks watches."""
    items = facts.instruments
    return ScreenedTokens(
        tokens=np.array([item.token for item in items], dtype=np.int64),
        reference=np.array([facts.previous_close.get(item.token, np.nan) for item in items]),
        may_leap=np.array([item.kind in (Kind.CALL, Kind.PUT) for item in items], dtype=np.bool_),
        opens_at_us=facts.opens_at_s * _MICROSECONDS,
    )


def _rows(
    ticks: Ticks,
) -> Iterable[tuple[int, int, float, tuple[float, float, float], int]]:
    spans = zip(ticks["open"].tolist(), ticks["high"].tolist(), ticks["low"].tolist(), strict=True)
    return zip(
        ticks["token"].tolist(),
        ticks["exchange_at"].tolist(),
        ticks["last"].tolist(),
        spans,
        ticks["volume"].tolist(),
        strict=True,
    )
