"""The price bands of a day that is being traded: told to its engine, and asked for anew.

What is asked is `services/price_bands.py`; what the gate makes of a band is in `risk/rules.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from marketdata.instruments import Instrument
from marketdata.price_bands import PriceBands
from marketdata.sources import SourceFailed
from marketdata.tape_head import TapeHead
from trading.bootstrap import Outside
from trading.engine.events import BrokerSaid, ChangeRefused
from trading.engine.runner import Input
from trading.services.price_bands import bands_of, bands_path, condition_of, told_of

_NAMES_THE_BAND = "circuit limit"
"""Words of every refusal for a price outside its band."""
_log = structlog.get_logger(__name__)

Ask = Callable[[], Awaitable[PriceBands]]


@dataclass(frozen=True, slots=True)
class BandPace:
    """How often bands are asked for: every so often as they may be widened, and when told of it.

    `least_seconds` lie between two questions, whatever is refused and whatever fails.
    """

    every_seconds: float = 300.0
    least_seconds: float = 15.0


class BandWatch:
    """Holds the bands of one day; those beside its tape at first, the newest from then on."""

    def __init__(
        self, tape: Path, head: TapeHead, contracts: Sequence[Instrument], pace: BandPace
    ) -> None:
        """`contracts`: what the engine may trade; each of them needs its band."""
        self._path = bands_path(tape)
        self.contracts = tuple(contracts)
        self._pace = pace
        self._bands = bands_of(self._path, head.date)
        self._told: PriceBands | None = None
        self._was_good: bool | None = None
        self._is_news = True
        self._refused = asyncio.Event()

    def around(self, outside: Outside) -> Outside:
        """Return what a run is given from outside, bands included."""

        def inputs(at: datetime) -> Sequence[Input]:
            return [*outside.inputs(at), *self.inputs(at)]

        def heard(news: Sequence[Input]) -> None:
            outside.heard(news)
            self.heard(news)

        return replace(outside, inputs=inputs, heard=heard)

    def inputs(self, at: datetime) -> list[Input]:
        """Return what is new since the last call: bands, then whether all are there."""
        if not self._is_news:
            return []
        self._is_news = False
        bands, said = self._bands, list[Input]()
        if bands is not None and (told := told_of(bands, self._told, at)) is not None:
            said.append(told)
        self._told = bands
        condition = condition_of(bands, self.contracts, at)
        if condition.good != self._was_good:
            self._was_good = condition.good
            said.append(condition)
        return said

    def heard(self, news: Sequence[Input]) -> None:
        """Look at a broker's news for a refusal that names the band: it may have been widened."""
        if any(_NAMES_THE_BAND in _reason(event).lower() for event in news):
            self._refused.set()

    async def keep(self, ask: Ask) -> None:
        """Ask for the bands until cancelled: at once where some are missing, then at a pace."""
        while True:
            if self._bands is not None and not self._bands.missing(self.contracts):
                await self._wait()
            try:
                self._take(await ask())
            except SourceFailed as error:
                _log.warning("no price bands", error=str(error))
            await asyncio.sleep(self._pace.least_seconds)

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._refused.wait(), self._pace.every_seconds)
        self._refused.clear()

    def _take(self, newer: PriceBands) -> None:
        """Hold newer bands; a contract that they leave out keeps the one it had."""
        before = self._bands.bands if self._bands else {}
        self._bands = replace(newer, bands={**before, **newer.bands})
        self._bands.write(self._path)
        self._is_news = True


def _reason(event: Input) -> str:
    match event:
        case BrokerSaid(update=update):
            return update.reason
        case ChangeRefused(reason=reason):
            return reason
        case _:
            return ""
