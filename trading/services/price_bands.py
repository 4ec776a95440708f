"""Taking the day's price bands, keeping them beside the tape, and saying whether all are there.

What they are is `marketdata/price_bands.py`. Without them entries are blocked by a condition of
the engine, and the gate judges every order's price by them; exits are never stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import structlog

from marketdata.instruments import Instrument
from marketdata.price_bands import BandsError, PriceBands, read_bands
from marketdata.sources import QuoteSource, SourceFailed
from marketdata.tape_head import TapeHead
from trading.engine.events import BandsTold, ConditionChanged

CONDITION = "price-bands"
_TOLD = 5
_log = structlog.get_logger(__name__)


async def take_bands(
    instruments: Sequence[Instrument], quotes: QuoteSource, source: str, day: date, at: datetime
) -> PriceBands:
    """Return the bands of what can be traded on `day`, as they are told at `at`, which is now.

    Raises `SourceFailed`.
    """
    keys = [item.key for item in instruments if item.is_tradable]
    return PriceBands(day, source, at, await quotes.price_limits(keys))


async def keep_bands(tape: Path, head: TapeHead, quotes: QuoteSource, at: datetime) -> None:
    """Take the bands of the day whose tape is being begun with `head`, and keep them beside it.

    Where they cannot be had the day begins without: its engine asks again and enters nothing
    until it has them.
    """
    try:
        bands = await take_bands(head.instruments, quotes, head.source, head.date, at)
    except SourceFailed as error:
        _log.warning("no price bands", tape=tape.name, error=str(error))
    else:
        bands.write(bands_path(tape))


def bands_path(tape: Path) -> Path:
    """Return where the bands of a day stand: beside its tape, packed or not."""
    return tape.with_name(f"{tape.name.removesuffix('.gz')}.bands.json")


def bands_of(path: Path, day: date) -> PriceBands | None:
    """Return the stored bands of a day, None where there are none of that day."""
    try:
        bands = read_bands(path)
    except BandsError:
        return None
    return bands if bands.day == day else None


def told_of(bands: PriceBands, before: PriceBands | None, at: datetime) -> BandsTold | None:
    """Return what the engine is told of new bands: those that differ, None where none does."""
    known = before.bands if before else {}
    new = sorted((key, *band) for key, band in bands.bands.items() if known.get(key) != band)
    return BandsTold(at, bands.source, bands.taken_at, tuple(new)) if new else None


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
