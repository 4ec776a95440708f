"""The live day as a MarketFeed: Kite's frames folded into steps, each put on tape and told.

Sockets are kept up in `ticker.py`; what a step means for trading is decided elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from marketdata.clock import Clock
from marketdata.kite.feed_health import FeedCondition, FeedHealth
from marketdata.kite.folding import fold, step_ticks
from marketdata.kite.news import Frames, Gap, Notice, OrderMessage, TickerNews, WireFrame
from marketdata.kite.raw_tape import RawTapeWriter
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.kite.tape_play import Played, TapePlay
from marketdata.kite.ticker import Ticker
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead

_MOST_HELD = 1_000
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class FeedListener:
    """Who is told what is no price, at once and in the order of arrival.

    `gap`: what the broker holds must be fetched again. `notice`: for the log.
    """

    order: Callable[[OrderMessage], None]
    condition: Callable[[FeedCondition], None]
    gap: Callable[[Gap], None]
    notice: Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class FeedDay:
    """The time of a live day: its clock, how to wait so many seconds, and when it is over."""

    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    ends_at: datetime


@dataclass(slots=True)
class FeedCounts:
    """What was folded since this feed began.

    `unknown`, `strange`: packets of tokens without a row, and of no known length. `damaged`:
    frames left out because they weren't whole. `untaped`: frames that touched no instrument and
    were left off the tape, as too many came without one that did.
    """

    steps: int = 0
    frames: int = 0
    ticks: int = 0
    unknown: int = 0
    strange: int = 0
    damaged: int = 0
    untaped: int = 0


class KiteFeed:
    """One live day; its tape belongs to whoever opened it, its ticker runs while frames are read.

    A frame that touches no instrument makes no step; it goes onto the tape with the next one.
    `past` tells what stands on the tape when it is first read.
    """

    def __init__(
        self,
        tape: RawTapeWriter,
        ticker: Ticker,
        listener: FeedListener,
        day: FeedDay,
        played: Played | None = None,
    ) -> None:
        """Begin with the board of the day, or with one that has been `played` in part."""
        self.past = TapePlay(RawTapeReader(tape.path), played)
        self.counts = FeedCounts()
        self._tape, self._ticker, self._listener, self._day = tape, ticker, listener, day
        self._latest = tape.last_at
        self._held: list[WireFrame] = []
        self._health = FeedHealth({item.token: item.symbol for item in tape.head.instruments})

    @property
    def head(self) -> TapeHead:
        """Return the tape's head."""
        return self._tape.head

    def now(self) -> datetime:
        """Return the moment by the clock; it never runs backwards, nor behind the last step."""
        now = self._day.clock.now()
        self._latest = now if self._latest is None else max(now, self._latest)
        return self._latest

    async def frames(self, start: int) -> AsyncGenerator[Frame, None]:
        """Yield the day's frames from number `start` on: those on the tape, then live ones.

        Whatever came while the last frame was worked on is one step. Ends with the day. Raises
        as `TapePlay.rest` and `RawTapeWriter.append`.
        """
        for frame in self.past.rest(start):
            yield frame
            await asyncio.sleep(0)
        self._tell(self._health.begin(self.now()))
        self._ticker.start()
        ending = asyncio.get_running_loop().create_task(self._end())
        try:
            while (news := await self._ticker.next()) is not None:
                if not isinstance(news, Frames):
                    self._pass_on(news)
                elif (step := self._step(news)) is not None:
                    yield step
        finally:
            ending.cancel()
            await self._ticker.stop()

    async def _end(self) -> None:
        while (left := (self._day.ends_at - self.now()).total_seconds()) > 0:
            await self._day.sleep(min(left, _LOOK_SECONDS))
        await self._ticker.stop()

    def _step(self, news: Frames) -> Frame | None:
        """Fold frames and tape them; None where no instrument was touched."""
        board = self.past.played.board
        folded = fold(board, (frame.data for frame in news.frames))
        self.counts.frames += len(news.frames)
        self.counts.unknown += folded.unknown
        self.counts.strange += folded.strange
        self.counts.damaged += folded.damaged
        self._held += news.frames
        if not len(folded.rows):
            self.counts.untaped += max(0, len(self._held) - _MOST_HELD)
            self._held = self._held[-_MOST_HELD:]
            return None
        at = self.now()
        ticks = step_ticks(board, folded.rows, at)
        index = self._tape.append(at, self._held)
        self._held = []
        self.past.played.taken = index + 1
        self.counts.steps += 1
        self.counts.ticks += len(ticks)
        return Frame(index, at, ticks)

    def _pass_on(self, news: TickerNews) -> None:
        match news:
            case OrderMessage():
                self._listener.order(news)
            case Gap():
                self._listener.gap(news)
            case Notice():
                self._listener.notice(news)
            case _:
                self._tell(self._health.take(news))

    def _tell(self, conditions: tuple[FeedCondition, ...]) -> None:
        for condition in conditions:
            self._listener.condition(condition)
