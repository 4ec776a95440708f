"""Where everything that comes over the sockets waits for its one reader.

What is put in is made by `connection.py` and `ticker.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque

from marketdata.kite.backlog import Backlog
from marketdata.kite.news import Frames, TickerNews, WireFrame


class Inbox:
    """Frames may be conflated while they wait; all other news come out one by one, in order.

    Other news overtake frames: an order message is not kept waiting behind prices.
    """

    def __init__(self, most_bytes: int) -> None:
        self.backlog = Backlog(most_bytes)
        self._news: deque[TickerNews] = deque()
        self._ready = asyncio.Event()
        self._failure: BaseException | None = None
        self._closed = False

    def say(self, news: TickerNews) -> None:
        """Put news behind those that wait."""
        self._news.append(news)
        self._ready.set()

    def frame(self, frame: WireFrame) -> None:
        """Put a binary message behind those that wait."""
        self.backlog.add(frame)
        self._ready.set()

    def fail(self, failure: BaseException) -> None:
        """Let the reader have an error that nobody expected, before anything else."""
        self._failure = self._failure or failure
        self._ready.set()

    def close(self) -> None:
        """Say that nothing more will come; what waits can still be read."""
        self._closed = True
        self._ready.set()

    async def next(self) -> TickerNews | None:
        """Return the next news when there are some, None after the last.

        Raises the error it was failed with.
        """
        while True:
            if self._failure is not None:
                raise self._failure
            if self._news:
                return self._news.popleft()
            frames = self.backlog.take()
            if frames:
                return Frames(frames)
            if self._closed:
                return None
            self._ready.clear()
            await self._ready.wait()
