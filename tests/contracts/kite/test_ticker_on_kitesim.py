"""Our ticker and our socket server, which were made apart, over a real connection."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from execution.kitesim.channel import SocketLimits
from execution.kitesim.faults import FaultKind
from marketdata.clock import SystemClock
from marketdata.kite.access import SocketLogin
from marketdata.kite.backoff import Backoff
from marketdata.kite.board import Board
from marketdata.kite.layout import Mode
from marketdata.kite.liveness import LivenessSettings
from marketdata.kite.news import Connected, Frames, Gap, NeedsLogin, OrderMessage
from marketdata.kite.picows_link import open_picows
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from tests.contracts.kite.served import CALL, FUTURE, INDEX, SHARE, a_day, rule, served

ALL = (INDEX, SHARE, FUTURE, CALL)
WANTED = {item.token: Mode.FULL for item in ALL}
QUICK = TickerSettings(
    liveness=LivenessSettings(ping_every=0.3, pong_within=60, silence=60, sentinel=60),
    backoff=Backoff(first=0.02, longest=0.1, spread=0.2, settled=1.0),
    connect_within=60.0,
    watch_every=0.02,
)
OPEN_HOURS = MarketHours(lambda at: True, lambda at: False)


def ticker_on(root, token="token", settings=QUICK):
    rim = Rim(SystemClock(), time.monotonic, asyncio.sleep, lambda: 0.5, open_picows)
    ticker = Ticker(SocketLogin(root, "key", token), settings, OPEN_HOURS, rim)
    ticker.want(WANTED)
    return ticker


async def until(ticker, kind):
    """Return the next news of a kind."""
    async with asyncio.timeout(60):
        while not isinstance(news := await ticker.next(), kind):
            pass
    return news


async def in_full_mode(kite):
    """Wait until one connection has every instrument in full mode."""
    async with asyncio.timeout(60):
        while not any((channel.ranks == 3).all() for channel in kite.sockets.connections):
            await asyncio.sleep(0.01)


async def test_every_frame_arrives_as_the_board_understands_it():
    async with served(a_day(5, *ALL)) as kite, ticker_on(kite.root) as ticker:
        await in_full_mode(kite)
        board = Board([item.token for item in ALL])
        lasts = []
        for _ in range(5):
            await kite.pulse.advance()
            for frame in (await until(ticker, Frames)).frames:
                lasts.append(board.ticks(board.take(frame.data).rows)["last"].tolist())

    assert lasts == [[100.0 * place + n for place in (2, 3, 4, 1)] for n in range(5)]


async def test_a_dead_token_needs_a_login():
    async with served(a_day(1, SHARE)) as kite, ticker_on(kite.root, "dead") as ticker:
        assert await until(ticker, NeedsLogin)


@pytest.mark.parametrize("fault", [FaultKind.SOCKET_CLOSE, FaultKind.SOCKET_MUTE])
async def test_after_a_drop_or_silence_it_comes_back_and_tells_the_gap(fault):
    patient = SocketLimits(heartbeat_seconds=0.2)
    only_first = rule(fault, subject="1")
    soon = replace(QUICK, liveness=replace(QUICK.liveness, silence=0.6))
    async with (
        served(a_day(3, *ALL), only_first, limits=patient) as kite,
        ticker_on(kite.root, settings=soon) as ticker,
    ):
        await in_full_mode(kite)
        await kite.pulse.advance()
        await until(ticker, Gap)
        await in_full_mode(kite)
        await kite.pulse.advance()

        assert (await until(ticker, Frames)).frames
        assert kite.sockets.connections[-1].number >= 2


async def test_order_messages_arrive_in_their_order():
    async with served(a_day(1, SHARE)) as kite, ticker_on(kite.root) as ticker:
        await until(ticker, Connected)
        await in_full_mode(kite)
        for number in range(50):
            kite.sockets.broadcast_order({"order_id": str(number), "status": "UPDATE"})

        ids = [(await until(ticker, OrderMessage)).order["order_id"] for _ in range(50)]

    assert ids == [str(number) for number in range(50)]
