"""A simulated day's tape as the desk reads it: what was heard before a life, and what comes in it.

Which prices there are is `street.py`; that they don't always come is `day.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from trading.engine.settings import EngineSetup
from trading.simulation.market import STAND


def head_of(setup: EngineSetup) -> TapeHead:
    """Return the head of the tape of a simulated day."""
    return TapeHead(
        date=setup.day,
        source="simulation",
        made_by="simulation",
        instruments=tuple(column.instrument for column in setup.universe.columns),
        previous_close=tuple(STAND.items()),
        session_open=setup.opens_at,
        session_close=setup.closes_at,
    )


class HeardFeed:
    """Tells the frames that were on the tape when a life began."""

    def __init__(self, head: TapeHead, heard: list[Frame]) -> None:
        self._head, self._heard = head, heard

    @property
    def head(self) -> TapeHead:
        """Return whose day it is."""
        return self._head

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield them, from number `start` on."""
        for frame in self._heard[start:]:
            yield frame


class FollowingFeed:
    """Tells what is on the tape, then what comes, which goes onto it first; None ends it."""

    def __init__(
        self,
        head: TapeHead,
        tape: list[Frame],
        coming: asyncio.Queue[Frame | None],
        now: Callable[[], datetime],
    ) -> None:
        self._head, self._tape, self._coming, self._now = head, tape, coming, now

    @property
    def head(self) -> TapeHead:
        """Return whose day it is."""
        return self._head

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the frames from number `start` on, those to come when they come."""
        for frame in self._tape[start:]:
            yield frame
        while (told := await self._coming.get()) is not None:
            frame = Frame(len(self._tape), self._now(), told.ticks)
            self._tape.append(frame)
            yield frame
