"""A kitesim socket on a free port, stepped by hand, and clients that connect to it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType, web

from execution.kitesim.channel import SocketLimits
from execution.kitesim.faults import FaultKind, FaultRule, Faults
from execution.kitesim.market import Market
from execution.kitesim.pulse import Pulse
from execution.kitesim.socket import Sockets
from marketdata.instruments import Instrument
from tests.unit.execution.kitesim.days import CALL, FUTURE, INDEX, OPEN, SHARE, Day, day, tick

__all__ = ["CALL", "FUTURE", "INDEX", "OPEN", "SHARE", "Served", "served"]

OFFICIAL = Path(__file__).parent / "official_ticker.py"
PATIENCE = 20.0
GOODBYE = ClientWSTimeout(ws_close=0.1)
QUICK = SocketLimits(heartbeat_seconds=0.2, drain_seconds=1.0)


@dataclass
class Guests:
    """Who may connect: any key with a token that is not revoked."""

    tokens: set[str] = field(default_factory=lambda: {"token"})

    def is_valid(self, api_key: str, access_token: str) -> bool:
        return access_token in self.tokens


@dataclass
class Served:
    """A running socket server with its market."""

    root: str
    market: Market
    pulse: Pulse
    sockets: Sockets
    guests: Guests
    client: ClientSession
    opened: AsyncExitStack

    async def connect(
        self, *wishes: object, token: str = "token", key: str = "key"
    ) -> ClientWebSocketResponse:
        """Open a connection and say `wishes`, each an object that becomes JSON."""
        url = f"{self.root}/?api_key={key}&access_token={token}"
        socket = await self.opened.enter_async_context(
            self.client.ws_connect(url, autoping=False, max_msg_size=0, timeout=GOODBYE)
        )
        for wish in wishes:
            await socket.send_json(wish)
        return socket

    async def settled(self, subscribed: int) -> None:
        """Wait until all connections together are subscribed to so many instruments."""
        async with asyncio.timeout(PATIENCE):
            while sum(channel.subscribed for channel in self.sockets.connections) != subscribed:
                await asyncio.sleep(0.01)

    async def official(self, *steps: Sequence[object], token: str = "token") -> Official:
        """Start Zerodha's ticker with calls to make on connecting."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", str(OFFICIAL)),
            *(self.root, "key", token, json.dumps(steps)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=1 << 26,
        )
        return Official(process)


@dataclass
class Official:
    """Zerodha's ticker in a process of its own."""

    process: asyncio.subprocess.Process

    async def next(self, *kinds: str) -> dict[str, object]:
        """Return the next thing it tells of one of `kinds`."""
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stdout.readline():
                told: dict[str, object] = json.loads(line)
                if told["kind"] in kinds:
                    return told
        raise EOFError(f"expected one of {kinds}")

    async def stop(self) -> None:
        """End the process."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()


@asynccontextmanager
async def served(
    tape: Day,
    *rules: FaultRule,
    limits: SocketLimits = QUICK,
    seed: int = 1,
) -> AsyncIterator[Served]:
    """Serve a day in lockstep."""
    market, guests = Market(tape), Guests()
    sockets = Sockets(market, guests, Faults(rules, seed=seed), limits)
    pulse = Pulse(market, None)
    pulse.add(sockets.on_frame)
    pulse.add(sockets.drain)
    runner = web.AppRunner(sockets.app(), shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with ClientSession() as client, AsyncExitStack() as opened:
            yield Served(f"ws://127.0.0.1:{port}", market, pulse, sockets, guests, client, opened)
    finally:
        await runner.cleanup()


def a_day(frames: int, *items: Instrument) -> Day:
    """Return frames a second apart, each with a tick of every one of `items`."""
    return day(
        *(
            tuple(
                tick(
                    item,
                    100.0 * (place + 1) + number,
                    at=moment(number),
                    volume=10 * number,
                    bid=99.95,
                    ask=100.05,
                    bid_quantity=65,
                    ask_quantity=130,
                )
                for place, item in enumerate(items)
            )
            for number in range(frames)
        )
    )


def moment(number: int) -> datetime:
    """Return when a frame of `a_day` stands."""
    return OPEN + timedelta(seconds=number)


async def told(socket: ClientWebSocketResponse, *kinds: WSMsgType) -> bytes | str | None:
    """Return the next message that is no heartbeat, None when the connection has ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
            if message.type in (kinds or (WSMsgType.TEXT, WSMsgType.BINARY)) and (
                message.type is not WSMsgType.BINARY or len(message.data) > 1
            ):
                return message.data


def rule(kind: FaultKind, **fields: object) -> FaultRule:
    """Return a rule of a fault script."""
    return FaultRule(kind, **fields)
