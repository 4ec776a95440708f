"""Modelled quotes: a bid, an ask and their sizes around a last price, for days that have none.

Which days need them is known to `dayset.py` and `synthetic.py`, which say so in the tape's head.
Assumption: index futures are quoted 1 to 5 ticks wide, liquid shares 1 to 3, options 0.15 % of the
premium up to 40, all wider after the open; the touch shows a few seconds of the minute's volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from marketdata.instruments import Instrument, Kind
from marketdata.synthetic_shape import spread_multiplier
from marketdata.ticks import Ticks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class QuoteModel:
    """How an instrument is quoted.

    `spread`: usual width as a fraction of the price; `most_ticks`: the widest usual quote in
    ticks; `depth`: the touch as a fraction of a minute's volume.
    """

    spread: float
    most_ticks: int
    depth: float


MODELS = {
    Kind.FUTURE: QuoteModel(spread=0.00002, most_ticks=5, depth=0.05),
    Kind.EQUITY: QuoteModel(spread=0.0001, most_ticks=3, depth=0.05),
    Kind.CALL: QuoteModel(spread=0.0015, most_ticks=40, depth=0.05),
    Kind.PUT: QuoteModel(spread=0.0015, most_ticks=40, depth=0.05),
}


def hundredths(tick_size: Decimal) -> int:
    """Return a tick size in hundredths of a rupee. Raises `ValueError` for a finer tick."""
    steps = tick_size * 100
    if steps != int(steps):
        raise ValueError(f"tick_size: {tick_size}, expected whole hundredths of a rupee")
    return int(steps)


def on_grid(prices: Floats, tick_size: Decimal) -> Floats:
    """Return prices at the nearest tick, at least one tick, as the floats their decimals have."""
    step = hundredths(tick_size)
    return np.maximum(np.rint(prices * 100 / step), 1) * step / 100


def put_quotes(ticks: Ticks, instrument: Instrument, minute: Ints, minute_volume: Floats) -> None:
    """Fill the quote of every tick of one instrument in place, in the order of arrival.

    `minute`: minutes from the open; `minute_volume`: units traded in the tick's minute. An index
    gets no quote. Bid and ask lie on the grid at least one tick apart with the last price between
    or on them: on the ask's side when it has risen, on the bid's when it has fallen.
    """
    if instrument.kind not in MODELS:
        ticks["bid"] = ticks["ask"] = np.nan
        return
    column = (slice(None), np.newaxis)
    last = Lasts(ticks["last"][column], minute, minute_volume[column])
    for name, values in quotes_of(last, (instrument,)).items():
        ticks[name] = values[:, 0]


@dataclass(frozen=True, slots=True)
class Lasts:
    """Last prices in the order of arrival, shape `(T, N)`, with what was traded in their minutes.

    `minute`: minutes from the open, shape `(T,)`; `minute_volume`: units, shape `(T, N)`.
    """

    price: Floats
    minute: Ints
    minute_volume: Floats


def quotes_of(lasts: Lasts, instruments: Sequence[Instrument]) -> dict[str, Floats]:
    """Return the fields of the quotes of instruments that are quoted, shape `(T, N)`.

    As `put_quotes` fills them in, a column for each of `instruments`.
    """
    models = [MODELS[instrument.kind] for instrument in instruments]
    spread, depth = (np.array([getattr(m, name) for m in models]) for name in ("spread", "depth"))
    most = np.array([model.most_ticks for model in models])
    step = np.array([hundredths(instrument.tick_size) for instrument in instruments])
    lot = np.array([instrument.lot_size for instrument in instruments])
    last = np.rint(lasts.price * 100 / step)
    usual = np.clip(np.ceil(spread * last), 1, most)
    width = np.ceil(usual * spread_multiplier(lasts.minute)[:, np.newaxis])
    rising = np.diff(last, axis=0, prepend=last[:1]) >= 0
    near = width // 2
    bid = np.maximum(last - np.where(rising, width - near, near), 1)
    lots = np.maximum(lasts.minute_volume * depth / lot, 1)
    return {
        "bid": bid * step / 100,
        "ask": (bid + width) * step / 100,
        "bid_quantity": np.ceil(lots * np.where(rising, 1.25, 0.8)) * lot,
        "ask_quantity": np.ceil(lots * np.where(rising, 0.8, 1.25)) * lot,
    }
