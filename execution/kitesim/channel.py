"""One socket connection of a client: what it is subscribed to, and its outbox.

What goes into the outbox is decided in `socket.py`; what a client may ask for in `wishes.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from aiohttp import web

from execution.kitesim.wire import HEARTBEAT, Ranks
from marketdata.kite_limits import NEWEST, Size, size_on


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What one api key may have, and how patient the server is.

    `waiting`: messages in an outbox before the connection is given up. Times in real seconds:
    silence before a heartbeat, and how long `drain` waits for a client that does not read.
    """

    connections: int = field(default_factory=lambda: size_on(Size.SOCKETS, NEWEST))
    instruments: int = field(default_factory=lambda: size_on(Size.SOCKET_INSTRUMENTS, NEWEST))
    waiting: int = 2_048
    heartbeat_seconds: float = 1.0
    drain_seconds: float = 5.0


@dataclass(slots=True, eq=False)
class Channel:
    """A connection; `number` counts them from 1, `ranks` holds a mode for each row of the market.

    `is_mute`: asked before each message; what a mute connection would have sent is lost.
    """

    number: int
    api_key: str
    access_token: str
    ranks: Ranks
    limits: SocketLimits
    is_mute: Callable[[], bool]
    socket: web.WebSocketResponse
    cut: Callable[[], None]
    outbox: asyncio.Queue[bytes | str] = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = asyncio.Queue(self.limits.waiting)

    @property
    def subscribed(self) -> int:
        """Return how many instruments it is subscribed to."""
        return int(np.count_nonzero(self.ranks))

    def send(self, message: bytes | str) -> None:
        """Put a message into the outbox; a client that reads too slowly loses its connection."""
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.cut()

    async def write(self) -> None:
        """Write the outbox to the socket, and a heartbeat after each second of silence.

        Ends when the connection does.
        """
        while not self.socket.closed:
            try:
                async with asyncio.timeout(self.limits.heartbeat_seconds):
                    message = await self.outbox.get()
            except TimeoutError:
                await self._put(HEARTBEAT)
                continue
            try:
                await self._put(message)
            finally:
                self.outbox.task_done()

    async def pong(self, data: bytes) -> None:
        """Answer a ping."""
        if not self.is_mute():
            await self.socket.pong(data)

    async def drain(self) -> None:
        """Wait until the outbox is written; cut the connection of a client that does not read."""
        try:
            async with asyncio.timeout(self.limits.drain_seconds):
                await self.outbox.join()
        except TimeoutError:
            self.cut()

    async def _put(self, message: bytes | str) -> None:
        if self.is_mute():
            return
        if isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_bytes(message)
