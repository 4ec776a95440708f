"""The price bands of a run on Kite's prices: which contracts need one, and where they are asked.

They are held by `band_watch.py`; asking goes on beside the engine, in the login its desk is in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.utils import timezone

from marketdata.price_bands import PriceBands
from trading.band_watch import BandPace, BandWatch
from trading.bootstrap import universe_of
from trading.bootstrap_practice import TapedDay, TapedDesk
from trading.bootstrap_tapes import open_tape
from trading.kite_reading import kite_reading
from trading.services.price_bands import take_bands


def bands_of_day(day: TapedDay) -> BandWatch:
    """Return the watch over the bands of all that an engine of this day can trade."""
    head = open_tape(day.tape_path).head
    universe = universe_of(head, day.banned, day.config.most_option_columns)
    items = [column.instrument for column in universe.columns]
    return BandWatch(day.tape_path, head, items, BandPace())


def kept_bands(bands: BandWatch, taped: TapedDesk) -> Callable[[], Awaitable[None]]:
    """Return the work that asks for the bands while the desk trades, until it is cancelled."""

    async def ask() -> PriceBands:
        head = taped.tape.head
        async with kite_reading(taped.desk.access) as data:
            return await take_bands(
                bands.contracts, data.quotes, head.source, head.date, timezone.now()
            )

    async def keep() -> None:
        await bands.keep(ask)

    return keep
