"""A WebSocket server for tests of the ticker, as obedient or as rude as a test wants it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType

from aiohttp import WSMsgType, web

_TURN = 0.01


class Caller:
    """One client that is connected: what it said, and what to say to it."""

    def __init__(self, socket: web.WebSocketResponse, query: dict[str, str]) -> None:
        self._socket = socket
        self.query = query
        self.commands: list[dict] = []
        self.pings = 0
        self.is_gone = False

    async def send(self, frame: bytes) -> None:
        await self._socket.send_bytes(frame)

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._socket.send_str(text)

    async def in_pieces(self, data: bytes, size: int) -> None:
        """Send one binary message as several fragments."""
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        for number, part in enumerate(parts):
            code = WSMsgType.BINARY if number == 0 else WSMsgType.CONTINUATION
            head = bytes([code | (0x80 if part is parts[-1] else 0), 126])
            self.raw(head + len(part).to_bytes(2, "big") + part)

    def raw(self, data: bytes) -> None:
        """Write bytes onto the line, whatever they are."""
        self._socket._writer.transport.write(data)

    async def close(self, code: int = 1000) -> None:
        await self._socket.close(code=code)

    def drop(self) -> None:
        """Cut the line without a word."""
        self._socket._writer.transport.abort()


class KiteSocket:
    """Serves on a free port while it is entered.

    `refuse_with`: the status every handshake is answered with. `late`: seconds a handshake is
    kept waiting. `is_mute`: nothing is sent any more, no heartbeat and no pong; `is_deaf`: pings
    stay unanswered.
    """

    def __init__(self, heartbeat_every: float = 0.05) -> None:
        self.callers: list[Caller] = []
        self.refuse_with: int | None = None
        self.late = 0.0
        self.is_mute = self.is_deaf = False
        self.handshakes = 0
        self.root = ""
        self._heartbeat_every = heartbeat_every
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> KiteSocket:
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.root = f"ws://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for caller in self.callers:
            if not caller.is_gone:
                caller.drop()
        await self._runner.cleanup()

    async def caller(self, number: int = 0) -> Caller:
        """Return the caller of that number, as soon as he is there."""
        await self.until(lambda: len(self.callers) > number)
        return self.callers[number]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, a minute at most."""
        async with asyncio.timeout(60):
            while not holds():
                await asyncio.sleep(_TURN)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.handshakes += 1
        if self.late:
            await asyncio.sleep(self.late)
        if self.refuse_with is not None:
            return web.Response(status=self.refuse_with, text="denied")
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        caller = Caller(socket, dict(request.query))
        self.callers.append(caller)
        beating = asyncio.create_task(self._beat(caller))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    caller.commands.append(json.loads(message.data))
                elif message.type is WSMsgType.PING:
                    caller.pings += 1
                    if not (self.is_mute or self.is_deaf):
                        await socket.pong(message.data)
        finally:
            caller.is_gone = True
            beating.cancel()
        return socket

    async def _beat(self, caller: Caller) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_every)
            if not self.is_mute:
                try:
                    await caller.send(b"\0")
                except ConnectionError:
                    return
