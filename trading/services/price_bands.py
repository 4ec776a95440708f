"""Taking the day's price bands before the open, and saying whether they are all there.

What they are is `marketdata/price_bands.py`. Without them entries are blocked by a condition of
the engine; exits never are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from marketdata.clock import Clock
from marketdata.instruments import Instrument
from marketdata.price_bands import BandsError, PriceBands, read_bands
from marketdata.sources import QuoteSource
from trading.engine.events import ConditionChanged

CONDITION = "price-bands"
_TOLD = 5


async def take_bands(
    instruments: Sequence[Instrument], quotes: QuoteSource, source: str, clock: Clock
) -> PriceBands:
    """Return the bands of what can be traded, as they are told now. Raises `SourceFailed`."""
    keys = [item.key for item in instruments if item.is_tradable]
    now = clock.now()
    return PriceBands(now.date(), source, now, await quotes.price_limits(keys))


def bands_path(tape: Path) -> Path:
    """Return where the bands of a day stand: beside its tape."""
    return tape.with_name(f"{tape.name}.bands.json")


def bands_of(path: Path, day: date) -> PriceBands | None:
    """Return the stored bands of a day, None where there are none of that day."""
    try:
        bands = read_bands(path)
    except BandsError:
        return None
    return bands if bands.day == day else None


def condition_of(
    bands: PriceBands | None, instruments: Sequence[Instrument], at: datetime
) -> ConditionChanged:
    """Return what the engine is told: good only where every tradable instrument has its band."""
    if bands is None:
        return ConditionChanged(at, CONDITION, good=False, detail="no price bands of the day")
    missing = bands.missing(instruments)
    if missing:
        more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        detail = f"no price band of {', '.join(missing[:_TOLD])}{more}"
        return ConditionChanged(at, CONDITION, good=False, detail=detail)
    detail = f"{len(bands.bands)} from {bands.source}, told {bands.taken_at:%H:%M:%S}"
    return ConditionChanged(at, CONDITION, good=True, detail=detail)
