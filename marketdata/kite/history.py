"""Candles from Kite, as arrays; which spans to ask for is `marketdata/history_plan.py`.

Nothing is judged here: bad candles come through as they were told.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import IST
from marketdata.kite.client import Client
from marketdata.kite.reads import Reads
from marketdata.pacing import Call
from marketdata.sources import Candles, CandleSpan, SourceFailed

_MOMENT = "%Y-%m-%d %H:%M:%S"
_ZONES = frozenset({"+0530", "+05:30"})
_STAMP = 19
_IST_OFFSET = 19_800
_FIELDS = 6
"""Start, four prices and volume; open interest may follow."""


class KiteHistory:
    """Asks for candles; a `History`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def candles(self, span: CandleSpan) -> Candles:
        """Return the candles of a span. Raises `SourceFailed`, `LoginWanted`."""
        told = await self._reads.ask(Call.HISTORY, lambda client: _ask(client, span))
        return candles_of(told)


def _ask(client: Client, span: CandleSpan) -> object:
    answer: object = client._get(
        "market.historical",
        url_args={"instrument_token": span.token, "interval": span.interval.value},
        params={
            "from": span.first.astimezone(IST).strftime(_MOMENT),
            "to": span.last.astimezone(IST).strftime(_MOMENT),
            "continuous": 0,
            "oi": 1,
        },
    )
    return answer


def candles_of(told: object) -> Candles:
    """Return the data of an answer as arrays; a price or volume that is null is NaN.

    Raises `SourceFailed` for anything that isn't a list of candles with times of IST.
    """
    rows = told.get("candles") if isinstance(told, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise SourceFailed("candles: expected a list of lists")
    widths = {len(row) for row in rows}
    if len(widths) > 1 or any(width not in (_FIELDS, _FIELDS + 1) for width in widths):
        raise SourceFailed(f"candles: rows of {sorted(widths)} fields, expected 6 or 7")
    numbers = _numbers([row[1:] for row in rows])
    oi = numbers[:, 5] if numbers.shape[1] > 5 else np.full(len(rows), np.nan)
    return Candles(
        start=_starts(rows),
        open=numbers[:, 0],
        high=numbers[:, 1],
        low=numbers[:, 2],
        close=numbers[:, 3],
        volume=numbers[:, 4],
        oi=oi,
    )


def _numbers(rows: list[list[object]]) -> NDArray[np.float64]:
    if any(isinstance(value, str | bool | list | dict) for row in rows for value in row):
        raise SourceFailed("candles: expected numbers")
    try:
        return np.array(rows, np.float64).reshape(len(rows), -1) if rows else np.empty((0, 6))
    except (TypeError, ValueError, OverflowError) as error:
        raise SourceFailed("candles: expected numbers") from error


def _starts(rows: list[list[object]]) -> NDArray[np.int64]:
    """Return when each candle begins, in epoch seconds."""
    stamps = []
    for row in rows:
        stamp = row[0]
        if not isinstance(stamp, str) or stamp[_STAMP:] not in _ZONES:
            raise SourceFailed(f"candles: start {stamp!r}, expected a time of IST with its zone")
        stamps.append(stamp[:_STAMP])
    try:
        local = np.array(stamps, "datetime64[s]")
    except ValueError as error:
        raise SourceFailed("candles: start, expected 2026-10-06T09:15:00+0530") from error
    starts: NDArray[np.int64] = local.astype(np.int64) - _IST_OFFSET
    return starts
