"""A world for the ticker in which time passes only when a test says so, and sockets are made up."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections import deque
from datetime import datetime, timedelta
from itertools import count

from marketdata.calendar import IST
from marketdata.kite.access import SocketLogin
from marketdata.kite.layout import Mode
from marketdata.kite.link import LinkFailed, LoginRefused, Receiver
from marketdata.kite.news import TickerNews
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings

MORNING = datetime(2026, 11, 23, 9, 15, tzinfo=IST)
LOGIN = SocketLogin("wss://ws.example", "key0123456789", "token0123456789")
TURNS = 20
"""How often the event loop gets its turn before time moves on; more than any chain of waits."""


class MadeLink:
    """A socket that remembers what was sent, and answers pings unless told not to."""

    def __init__(self, url: str, receiver: Receiver) -> None:
        self.url, self.receiver = url, receiver
        self.sent: list[str] = []
        self.pings = 0
        self.has_room = self.answers = True
        self.is_closed = False

    @property
    def commands(self) -> list[dict]:
        return [json.loads(text) for text in self.sent]

    def send_text(self, text: str) -> None:
        self.sent.append(text)

    def send_ping(self) -> None:
        self.pings += 1
        if self.answers:
            self.receiver.pong()

    def close(self) -> None:
        self.is_closed = True


class World:
    """The clock, the sleepers and the sockets of one test; nothing is in the market's way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.in_session = self.ticking = True
        self.chance = 0.0
        self.outcomes: deque[str] = deque()
        self.links: list[MadeLink] = []
        self.tries: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future]] = []
        self._numbers = count()

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + seconds, next(self._numbers), woken))
        await woken

    async def open_link(self, url: str, receiver: Receiver, within: float) -> MadeLink:
        """Open, refuse or fail, as `outcomes` say; beyond them open."""
        self.tries.append(self.seconds)
        match self.outcomes.popleft() if self.outcomes else "open":
            case "refuse":
                raise LoginRefused("the handshake was answered with 403")
            case "fail":
                raise LinkFailed("Connection refused")
            case "late":
                await self.sleep(within)
                raise LinkFailed("no answer in time")
        self.links.append(MadeLink(url, receiver))
        return self.links[-1]

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def pass_(self, seconds: float) -> None:
        """Let time pass, waking everybody when it is his time."""
        until = self.seconds + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self.seconds = max(self.seconds, at)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self.seconds = until

    async def beat(self, seconds: float, links: list[MadeLink] | None = None) -> None:
        """Let time pass with a heartbeat on the open links every half second."""
        for _ in range(round(seconds * 2)):
            await self.pass_(0.5)
            for link in self.links if links is None else links:
                if not link.is_closed:
                    link.receiver.binary(b"\0")

    def rim(self) -> Rim:
        return Rim(self, lambda: self.seconds, self.sleep, lambda: self.chance, self.open_link)

    def hours(self) -> MarketHours:
        return MarketHours(lambda at: self.in_session, lambda at: self.ticking)

    def ticker(self, settings: TickerSettings | None = None) -> Ticker:
        return Ticker(LOGIN, settings or TickerSettings(), self.hours(), self.rim())


async def waiting(ticker: Ticker, world: World) -> list[TickerNews]:
    """Return the news that wait, and take them."""
    await world.settle()
    news: list[TickerNews] = []
    while True:
        coming = asyncio.ensure_future(ticker.next())
        await world.settle()
        if not coming.done():
            coming.cancel()
            return news
        told = coming.result()
        if told is None:
            return news
        news.append(told)


def full(*tokens: int) -> dict[int, Mode]:
    return dict.fromkeys(tokens, Mode.FULL)
