"""The WebSocket side of kitesim: connections, what each is sent, and what goes wrong with it.

What is told of an instrument is `market.py`, its bytes are `wire.py`; starting the server that
serves `app` is `server.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from aiohttp import WSMessage, WSMsgType, web
from numpy.typing import NDArray

from execution.kitesim.channel import Channel, SocketLimits
from execution.kitesim.faults import Fault, FaultKind, Faults
from execution.kitesim.market import Market
from execution.kitesim.wire import error_text, frame_of, notice_text, order_text
from execution.kitesim.wishes import WishError, apply_wish, read_wish
from marketdata.tape import Frame

_MOST_BYTES = 1 << 20


class Access(Protocol):
    """Who may connect."""

    def is_valid(self, api_key: str, access_token: str) -> bool:
        """Say whether the pair may call now."""


class Sockets:
    """All connections to one market.

    Give `on_frame` to the pulse, behind the books; in lockstep also `drain`, so that a step is
    done when its bytes are written.
    """

    def __init__(
        self,
        market: Market,
        access: Access,
        faults: Faults,
        limits: SocketLimits | None = None,
    ) -> None:
        self._market = market
        self._access = access
        self._faults = faults
        self._limits = limits or SocketLimits()
        self._channels: list[Channel] = []
        self._number = 0
        self._held: list[Mapping[str, Any]] = []
        self._late: set[asyncio.TimerHandle] = set()

    @property
    def connections(self) -> tuple[Channel, ...]:
        """Return the open connections, oldest first."""
        return tuple(self._channels)

    @property
    def subscribed(self) -> int:
        """Return how many instruments all connections together are told of."""
        return sum(int((channel.ranks > 0).sum()) for channel in self._channels)

    def app(self) -> web.Application:
        """Return the application that accepts connections at `/`."""
        app = web.Application()
        app.router.add_get("/", self._connect)
        app.on_shutdown.append(self._shut)
        return app

    async def on_frame(self, _: Frame) -> None:
        """Send what the market's newest frame changed to whoever is subscribed to it."""
        touched = self._market.touched
        for channel in self.connections:
            if self._ends(channel):
                channel.cut()
            else:
                self._send_rows(channel, touched)

    async def drain(self, _: Frame | None = None) -> None:
        """Wait until everything is written that has been sent so far, late frames left out."""
        await asyncio.gather(*(channel.drain() for channel in self.connections))

    def broadcast_order(self, order: Mapping[str, Any]) -> None:
        """Send one order's news, in the fields of a postback, to all connections."""
        subject = f"{order.get('status')} {order.get('exchange')}:{order.get('tradingsymbol')}"
        if self._strikes(FaultKind.MESSAGE_LOSE, subject):
            return
        if self._strikes(FaultKind.MESSAGE_REORDER, subject):
            self._held.append(order)
            return
        twice = self._strikes(FaultKind.MESSAGE_DUPLICATE, subject) is not None
        held, self._held = self._held, []
        for told in (order, order, *held) if twice else (order, *held):
            self._broadcast(order_text(told))

    def broadcast_notice(self, text: str) -> None:
        """Send a notice of the broker to all connections."""
        self._broadcast(notice_text(text))

    def broadcast_error(self, text: str) -> None:
        """Send an error message to all connections."""
        self._broadcast(error_text(text))

    def cut_all(self) -> None:
        """End all connections without a word, as a network failure does."""
        for channel in self.connections:
            channel.cut()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        api_key = request.query.get("api_key", "")
        access_token = request.query.get("access_token", "")
        dead = self._faults.active(FaultKind.TOKEN_DEATH, self._market.now)
        if dead is not None or not self._access.is_valid(api_key, access_token):
            return web.Response(status=403, text="Incorrect `api_key` or `access_token`.")
        mine = [channel for channel in self._channels if channel.api_key == api_key]
        if len(mine) >= self._limits.connections:
            return web.Response(status=429, text="Too many connections.")
        return await self._serve(request, api_key, access_token)

    async def _serve(
        self, request: web.Request, api_key: str, access_token: str
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=_MOST_BYTES)
        await socket.prepare(request)
        self._number += 1
        number = self._number

        def cut() -> None:
            if request.transport is not None:
                request.transport.abort()

        channel = Channel(
            number=number,
            api_key=api_key,
            access_token=access_token,
            ranks=np.zeros(len(self._market.instruments), np.int8),
            limits=self._limits,
            is_mute=lambda: self._strikes(FaultKind.SOCKET_MUTE, str(number)) is not None,
            socket=socket,
            cut=cut,
        )
        self._channels.append(channel)
        writer = asyncio.create_task(channel.write())
        try:
            async for message in socket:
                await self._read(channel, message)
        finally:
            self._channels.remove(channel)
            await _ended(writer)
            _empty(channel)
        return socket

    async def _read(self, channel: Channel, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await channel.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                wish = read_wish(message.data)
                rows = self._market.state.rows_of(np.array(wish.tokens, np.int64))
                told = apply_wish(wish, rows, channel.ranks, self._limits.instruments)
            except WishError as error:
                channel.send(error_text(str(error)))
            else:
                self._send_rows(channel, told[self._market.state.seen[told]])

    def _ends(self, channel: Channel) -> bool:
        return (
            self._strikes(FaultKind.SOCKET_CLOSE, str(channel.number)) is not None
            or self._strikes(FaultKind.TOKEN_DEATH, "") is not None
            or not self._access.is_valid(channel.api_key, channel.access_token)
        )

    def _send_rows(self, channel: Channel, rows: NDArray[np.int64]) -> None:
        ranks = channel.ranks[rows]
        wanted = ranks > 0
        if not wanted.any():
            return
        frame = frame_of(self._market.state.packets[rows[wanted]], ranks[wanted])
        subject = str(channel.number)
        if self._strikes(FaultKind.FRAME_DROP, subject):
            return
        if fault := self._strikes(FaultKind.FRAME_TRUNCATE, subject):
            frame = frame[: 2 + fault.chance % (len(frame) - 2)]
        if fault := self._strikes(FaultKind.FRAME_CORRUPT, subject):
            frame = _corrupted(frame, fault.chance)
        if fault := self._strikes(FaultKind.FRAME_DELAY, subject):
            self._send_late(channel, frame, fault.seconds)
        else:
            channel.send(frame)

    def _send_late(self, channel: Channel, frame: bytes, seconds: float) -> None:
        def send() -> None:
            self._late.discard(timer)
            if channel in self._channels:
                channel.send(frame)

        timer = asyncio.get_running_loop().call_later(seconds, send)
        self._late.add(timer)

    def _broadcast(self, text: str) -> None:
        for channel in self.connections:
            channel.send(text)

    def _strikes(self, kind: FaultKind, subject: str) -> Fault | None:
        return self._faults.active(kind, self._market.now, subject)

    async def _shut(self, _: web.Application) -> None:
        for timer in self._late:
            timer.cancel()
        self.cut_all()


def _corrupted(frame: bytes, chance: int) -> bytes:
    """Return the frame with one byte changed."""
    changed = bytearray(frame)
    changed[chance % len(frame)] ^= 1 + (chance >> 32) % 255
    return bytes(changed)


async def _ended(writer: asyncio.Task[None]) -> None:
    writer.cancel()
    with contextlib.suppress(asyncio.CancelledError, ConnectionError):
        await writer


def _empty(channel: Channel) -> None:
    """Give up what was not written, so that nobody waits for it."""
    while not channel.outbox.empty():
        channel.outbox.get_nowait()
        channel.outbox.task_done()
