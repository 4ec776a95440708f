"""Kite's market data and order messages over up to three sockets, as one stream of news.

Everything runs in the event loop of whoever starts it. What the frames hold is the work of
`board.py`; what the news mean for trading is said elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any

from marketdata.kite.access import Access, SocketLogin
from marketdata.kite.connection import Connection
from marketdata.kite.frames import FrameError
from marketdata.kite.inbox import Inbox
from marketdata.kite.layout import Mode
from marketdata.kite.liveness import Sentinels
from marketdata.kite.news import Closed, Fresh, Lost, Stale, TickerNews
from marketdata.kite.packets import tokens_in
from marketdata.kite.subscriptions import spread
from marketdata.kite.ticker_settings import (
    Common,
    MarketHours,
    Rim,
    SocketCounts,
    TickerSettings,
)

_NO_PACKETS = b"\0\0"
_LOOK_AGAIN_AFTER = 1.0
"""A watched instrument that ticked less than so many seconds ago isn't looked for in frames."""


class Ticker:
    """What is wanted is told at any time, connected or not; what comes is read with `next`."""

    def __init__(
        self, login: SocketLogin, settings: TickerSettings, hours: MarketHours, rim: Rim
    ) -> None:
        """Begin unconnected; the loop that looks into frames is compiled here."""
        self.counts = SocketCounts()
        self._settings = settings
        self._inbox = Inbox(settings.most_waiting_bytes)
        self._access = Access(login)
        self._unseen: list[bytes] = []
        self._sentinels = Sentinels(settings.liveness.sentinel)
        self._common = Common(
            access=self._access,
            settings=settings,
            hours=hours,
            rim=rim,
            inbox=self._inbox,
            counts=self.counts,
            arrived=self._unseen.append,
        )
        self._connections: list[Connection] = [Connection(0, self._common)]
        self._tasks: list[asyncio.Task[None]] = []
        self._watching: asyncio.Task[None] | None = None
        tokens_in(_NO_PACKETS)

    @property
    def conflated(self) -> int:
        """Return how many packets gave way to newer ones because nobody took them in time."""
        return self._inbox.backlog.conflated

    @property
    def damaged(self) -> int:
        """Return how many frames were left out while conflating, as they were not whole."""
        return self._inbox.backlog.damaged

    @property
    def needs_login(self) -> bool:
        """Say whether nothing connects before `renew` is called."""
        return self._access.is_refused

    def want(self, tokens: Mapping[int, Mode]) -> None:
        """Subscribe exactly these, each in its mode; kept up over reconnections.

        Raises `TooManyInstruments`; then nothing has changed.
        """
        placed = [connection.wanted for connection in self._connections]
        parts = spread(tokens, placed, self._settings.limits)
        for number in range(len(self._connections), len(parts)):
            self._connections.append(Connection(number, self._common))
            if self._watching is not None:
                self._begin(number)
        for connection, part in zip(self._connections, parts, strict=False):
            connection.want(part)
        while len(self._connections) > len(parts):
            self._drop_last()

    def watch(self, tokens: Iterable[int]) -> None:
        """Say `Stale` and `Fresh` of exactly these instruments from now on."""
        self._sentinels.watch(tokens, self._common.rim.seconds())

    def renew(self, login: SocketLogin) -> None:
        """Use another login for every socket opened from now on, and open those that wait."""
        self._access.renew(login)

    def start(self) -> None:
        """Begin to connect, in the running event loop."""
        if self._watching is not None:
            raise RuntimeError("start: the ticker runs already")
        for number in range(len(self._connections)):
            self._begin(number)
        self._watching = self._task(self._watch_sentinels())

    async def stop(self) -> None:
        """Drop every socket; what was not yet read can still be read, then `next` gives None."""
        running = [*self._tasks, *([self._watching] if self._watching is not None else [])]
        self._tasks.clear()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._inbox.close()

    async def next(self) -> TickerNews | None:
        """Return the next news when there are some; None once stopped and all is read.

        For one reader. All frames that wait come at once; everything else comes singly, in the
        order it came in, and before frames.
        """
        return await self._inbox.next()

    async def __aenter__(self) -> Ticker:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _begin(self, number: int) -> None:
        now = self._common.rim.clock.now()
        self._inbox.say(Lost(now, number, "not connected yet"))
        self._tasks.append(self._task(self._connections[number].run()))

    def _drop_last(self) -> None:
        self._connections.pop()
        if self._watching is not None:
            self._tasks.pop().cancel()
            now = self._common.rim.clock.now()
            self._inbox.say(Closed(now, len(self._connections)))

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Pass an error that nobody expected on to the reader: his process is to stop."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._inbox.fail(error)

    async def _watch_sentinels(self) -> None:
        rim = self._common.rim
        while True:
            await rim.sleep(self._settings.watch_every)
            seconds, at = rim.seconds(), rim.clock.now()
            self._look(seconds)
            expected = self._common.hours.ticks_expected(at)
            for token, is_stale in self._sentinels.judge(seconds, expected=expected):
                self._inbox.say(Stale(at, token) if is_stale else Fresh(at, token))

    def _look(self, seconds: float) -> None:
        """Look for watched instruments in what came since the last look, newest frame first."""
        frames = list(reversed(self._unseen))
        self._unseen.clear()
        for frame in frames:
            sought = self._sentinels.unseen_since(seconds - _LOOK_AGAIN_AFTER)
            if not sought:
                return
            try:
                self._sentinels.seen(sought.intersection(tokens_in(frame).tolist()), seconds)
            except FrameError:
                continue
