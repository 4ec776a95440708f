"""The port MarketFeed, and the feed that plays a tape.

The live feed lives in `kite/`; nothing here decides when a price is too old.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from marketdata.tape import Frame
from marketdata.tape_head import TapeHead


class Tape(Protocol):
    """A day that was written down, however it was."""

    @property
    def head(self) -> TapeHead:
        """Return whose day it is and its instruments."""

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from number `start` on."""


class KeptTape(Tape, Protocol):
    """A tape in a file, of which single frames can be asked for."""

    @property
    def path(self) -> Path:
        """Return the file it stands in."""

    @property
    def sha256(self) -> str:
        """Return the digest of what it holds."""

    def __len__(self) -> int:
        """Return how many frames there are."""

    def frame(self, index: int) -> Frame:
        """Return frame `index`, from 0. Raises `IndexError` where there is none."""


class MarketFeed(Protocol):
    """Where prices come from: one day's frames in the order of their times."""

    @property
    def head(self) -> TapeHead:
        """Return whose day it is and its instruments."""

    def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the frames from number `start` on, each when it is due; 0 begins the day."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a tape plays: `speed` tape seconds per second of the clock passed in.

    `now` returns seconds of a clock that never runs backwards; `sleep` waits so many seconds.
    `kept_from`: frames before that moment come as fast as they are asked for.
    """

    speed: float
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    kept_from: datetime | None = None

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError(f"speed: {self.speed}, expected above 0")

    def is_kept_at(self, moment: datetime) -> bool:
        """Say whether a frame of that moment has to wait until it is due."""
        return self.kept_from is None or moment >= self.kept_from


class TapeFeed:
    """A recorded or made day, played at a pace, or as fast as it is asked for without one."""

    def __init__(self, tape: Tape, pace: Pace | None) -> None:
        self._tape = tape
        self._pace = pace
        self._origin: tuple[float, Frame] | None = None
        self._next: Frame | None = None

    @property
    def head(self) -> TapeHead:
        """Return the tape's head."""
        return self._tape.head

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the tape's frames from number `start` on.

        The first that is paced is due at once, each later one when as much time has passed as on
        the tape, divided by the speed; a reader that lags gets them without a wait until it has
        caught up. Without a pace the event loop still gets its turn before every frame.
        """
        self._origin = None
        for frame in self._tape.frames(start):
            self._next = frame
            if self._pace is None or not self._pace.is_kept_at(frame.at):
                await asyncio.sleep(0)
            elif self._origin is None:
                self._origin = (self._pace.now(), frame)
            else:
                await self._wait(self._pace, self._origin, frame)
            yield frame

    def now(self) -> datetime | None:
        """Return the moment of the tape it is now, at most that of the frame waited for.

        None without a pace, or before the first frame that is paced is due.
        """
        if self._pace is None or self._origin is None or self._next is None:
            return None
        began, first = self._origin
        passed = timedelta(seconds=(self._pace.now() - began) * self._pace.speed)
        return min(first.at + passed, self._next.at)

    @staticmethod
    async def _wait(pace: Pace, origin: tuple[float, Frame], frame: Frame) -> None:
        began, first = origin
        due = began + (frame.at - first.at).total_seconds() / pace.speed
        await pace.sleep(max(0.0, due - pace.now()))
