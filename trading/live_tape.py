"""The tape of a day that is yet to be heard, begun with its head, and the bars before it beside.

It is done the same way for Kite and for a Kite of our own; what the day watches is told by the
plan, and trading it is `kite_run.py`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.utils import timezone

from marketdata.built_day import bars_symbol
from marketdata.feed import KeptTape
from marketdata.history import bars_path
from marketdata.instruments import Instrument, Kind
from trading.bootstrap_kite import KiteAccess
from trading.bootstrap_practice import begin_tape
from trading.bootstrap_tapes import RAW, open_tape
from trading.kite_reading import kite_reading
from trading.services import runs
from trading.services.iv_days import keep_histories
from trading.services.live_day import LiveDay, LivePlan, live_day
from trading.services.price_bands import keep_bands

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a day's prices come from, where its tape goes, and where bars before it are.

    `bars`: a folder with a file per instrument, None without; what is missing in it is no error.
    """

    source: str
    folder: Path
    bars: Path | None


def begun_tape(access: KiteAccess, plan: LivePlan, place: Place) -> KeptTape:
    """Return the empty tape of a plan's day, with what the broker tells of it before the open.

    Raises `SourceFailed`, `LiveDayError`, and the calendar's errors on a day without a session.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    path = place.folder / f"{place.source}-{plan.day}-{runs.new_code()}{RAW}"
    live = asyncio.run(_live(access, plan, (place.source, path)))
    if place.bars is not None:
        _keep_bars(live.head.instruments, place.bars, path.with_suffix(".warmup"))
    keep_histories(path.with_suffix(".warmup"), day=plan.day, source=place.source)
    begin_tape(path, live.head)
    return open_tape(path)


async def _live(access: KiteAccess, plan: LivePlan, to: tuple[str, Path]) -> LiveDay:
    """Ask for the day, and keep its price bands beside the tape that will be begun."""
    source, tape = to
    async with kite_reading(access) as data:
        live = await live_day(plan, data.quotes, source)
        await keep_bands(tape, live.head, data.quotes, timezone.now())
        return live


def _keep_bars(instruments: Sequence[Instrument], bars: Path, folder: Path) -> None:
    """Copy the bars of what is watched, so that the day can be lived again as it began."""
    studied = [item for item in instruments if item.kind not in (Kind.CALL, Kind.PUT)]
    files = {item.key: bars_path(bars, bars_symbol(item)) for item in studied}
    there = {key: file for key, file in files.items() if file.is_file()}
    if apart := sorted(files.keys() - there.keys()):
        _log.warning("no bars before the day", instruments=len(apart), first=apart[0])
    if there:
        folder.mkdir()
    for file in there.values():
        shutil.copyfile(file, folder / file.name)
