"""The ticker over real sockets, on the library it uses live, against a server that can be rude."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from marketdata.clock import SystemClock
from marketdata.kite.access import SocketLogin
from marketdata.kite.backoff import Backoff
from marketdata.kite.link import LinkFailed, LoginRefused
from marketdata.kite.liveness import LivenessSettings
from marketdata.kite.news import (
    Connected,
    Frames,
    Gap,
    Lost,
    NeedsLogin,
    Notice,
    OrderMessage,
    TickerNews,
)
from marketdata.kite.picows_link import open_picows
from marketdata.kite.subscriptions import SocketLimits
from marketdata.kite.ticker import Ticker
from marketdata.kite.ticker_settings import MarketHours, Rim, TickerSettings
from tests.kite_frames import Packet, frame
from tests.kite_rim import full
from tests.kite_socket import KiteSocket

PATIENT = LivenessSettings(ping_every=0.3, pong_within=60, silence=60, sentinel=60)
QUICK = TickerSettings(
    liveness=PATIENT,
    backoff=Backoff(first=0.02, longest=0.1, spread=0.2, settled=1.0),
    limits=SocketLimits(tokens_per_command=500),
    connect_within=60.0,
    watch_every=0.02,
)
"""Patient enough for any machine; a test of impatience takes its own from here."""
HOURS = MarketHours(lambda at: True, lambda at: False)
SECRET = "s3cr3t-t0ken"


@pytest.fixture
async def server() -> AsyncIterator[KiteSocket]:
    async with KiteSocket() as server:
        yield server


def ticker_on(root: str, settings: TickerSettings = QUICK) -> Ticker:
    rim = Rim(SystemClock(), time.monotonic, asyncio.sleep, lambda: 0.5, open_picows)
    return Ticker(SocketLogin(root, "api-k3y", SECRET), settings, HOURS, rim)


async def until(ticker: Ticker, kind: type) -> list[TickerNews]:
    """Return the news up to the first of a kind, that included."""
    news = []
    async with asyncio.timeout(60):
        while not news or not isinstance(news[-1], kind):
            news.append(await ticker.next())
    return news


async def test_it_logs_in_subscribes_and_hands_frames_over_as_they_were_sent(server):
    data = frame(*(Packet(k << 8 | 2, 100 + k) for k in range(3_000)))
    ticker = ticker_on(server.root)
    ticker.want(full(*(k << 8 | 2 for k in range(3_000))))

    async with ticker:
        caller = await server.caller()
        await server.until(lambda: len(caller.commands) == 12)
        await caller.send(data)
        frames = (await until(ticker, Frames))[-1]

    assert caller.query == {"api_key": "api-k3y", "access_token": SECRET}
    assert [each.data for each in frames.frames] == [data]


async def test_a_message_in_fragments_is_put_together(server):
    data = frame(*(Packet(k << 8 | 2, 100 + k) for k in range(50)))
    async with ticker_on(server.root) as ticker:
        caller = await server.caller()
        await caller.in_pieces(data, 1_000)
        await caller.send(data[:188])
        frames = [each.data for each in (await until(ticker, Frames))[-1].frames]
        if len(frames) == 1:
            frames += [each.data for each in (await until(ticker, Frames))[-1].frames]

    assert frames == [data, data[:188]]


async def test_orders_errors_and_broken_texts_come_in_their_order(server):
    async with ticker_on(server.root) as ticker:
        caller = await server.caller()
        for number in range(100):
            await caller.say({"type": "order", "data": {"order_id": str(number)}})
        await caller.say({"type": "error", "data": f"bad {SECRET}"})
        await caller.say("{broken")
        news = [each for each in await until(ticker, Notice) if isinstance(each, OrderMessage)]
        last = await ticker.next()

    assert [each.order["order_id"] for each in news] == [str(number) for number in range(100)]
    assert last.text == "text message: 7 bytes, expected JSON"


@pytest.mark.parametrize("how", ["drop", "close"])
async def test_after_a_drop_it_comes_back_subscribed_and_tells_the_gap(server, how):
    ticker = ticker_on(server.root)
    ticker.want(full(258))
    async with ticker:
        first = await server.caller()
        await server.until(lambda: len(first.commands) == 2)
        if how == "close":
            await first.close(1001)
        else:
            first.drop()

        news = await until(ticker, Gap)
        second = await server.caller(1)
        await server.until(lambda: len(second.commands) == 2)

    lost = [each.reason for each in news if isinstance(each, Lost)]
    words = {"drop": "dropped without a close", "close": "closed by the server with 1001"}
    assert lost == ["not connected yet", words[how]]
    assert news[-1].since <= news[-1].until
    assert second.commands == first.commands


async def test_a_server_that_turns_mute_is_left(server):
    soon = replace(QUICK, liveness=replace(PATIENT, silence=0.4))
    async with ticker_on(server.root, soon) as ticker:
        await server.caller()
        server.is_mute = True
        lost = (await until(ticker, Lost), await until(ticker, Lost))[1][-1]
        server.is_mute = False
        await until(ticker, Gap)

    assert lost.reason == "silent"


async def test_a_server_that_sends_but_answers_no_ping_is_left(server):
    server.is_deaf = True
    soon = replace(QUICK, liveness=replace(PATIENT, pong_within=0.3))
    async with ticker_on(server.root, soon) as ticker:
        lost = (await until(ticker, Lost), await until(ticker, Lost))[1][-1]

    assert lost.reason == "ping unanswered"
    assert server.callers[0].pings == 1


async def test_a_server_that_answers_pings_is_kept(server):
    async with ticker_on(server.root):
        caller = await server.caller()
        await server.until(lambda: caller.pings >= 4)

    assert server.handshakes == 1


async def test_a_refused_token_needs_a_login_and_is_not_tried_again(server):
    server.refuse_with = 403
    async with ticker_on(server.root) as ticker:
        await until(ticker, NeedsLogin)
        await asyncio.sleep(0.3)
        assert server.handshakes == 1

        server.refuse_with = None
        ticker.renew(SocketLogin(server.root, "api-k3y", "new"))
        await until(ticker, Connected)

    assert server.callers[0].query["access_token"] == "new"


async def test_other_answers_and_late_ones_are_tried_again(server):
    server.refuse_with = 503
    async with ticker_on(server.root, replace(QUICK, connect_within=1.0)) as ticker:
        await server.until(lambda: server.handshakes >= 3)
        server.refuse_with, server.late = None, 1.3
        await server.until(lambda: server.handshakes >= 5)
        server.late = 0.0
        news = await until(ticker, Connected)

    reasons = {each.reason for each in news if isinstance(each, Lost)}
    assert reasons == {
        "not connected yet",
        "the handshake was answered with 503",
        "no answer in time",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        b"\x82\x7f" + bytes(8) + b"\0",
        b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
        b"\x82\x7e\x10\x00" + bytes(100),
    ],
    ids=["reserved bits", "bad length", "too long", "half a message"],
)
async def test_bytes_that_are_no_whole_message_end_the_socket_and_are_not_handed_on(server, data):
    async with ticker_on(server.root) as ticker:
        first = await server.caller()
        await until(ticker, Connected)
        first.raw(data)
        if len(data) > 100:
            first.drop()

        news = await until(ticker, Gap)

    assert [type(each) for each in news] == [Lost, Connected, Gap]


class Nobody:
    """A receiver that takes nothing."""

    def binary(self, data: bytes) -> None: ...

    def text(self, data: bytes) -> None: ...

    def pong(self) -> None: ...

    def lost(self, reason: str) -> None: ...


async def test_neither_logs_nor_errors_tell_the_token(server, caplog, capfd):
    caplog.set_level(0)
    texts = []
    for status, root in ((403, server.root), (302, server.root), (500, server.root)):
        server.refuse_with = status
        texts.append(await _failure(root))
    texts.append(await _failure("ws://127.0.0.1:1"))
    texts.append(await _failure("ws://host.invalid"))
    texts.append(await _failure("ws://:x"))
    server.refuse_with = None
    async with ticker_on(server.root) as ticker:
        caller = await server.caller()
        await caller.say({"type": "error", "data": SECRET})
        texts += map(repr, await until(ticker, Notice))
        texts.append(repr(vars(ticker)))
    told = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]

    assert [text for text in [*texts, *told, *capfd.readouterr()] if SECRET in text] == []


async def _failure(root: str) -> str:
    """Return everything an error tells, its causes included."""
    url = SocketLogin(root, "api-k3y", SECRET).url()
    with pytest.raises((LinkFailed, LoginRefused)) as caught:
        await open_picows(url, Nobody(), 1.0)
    return "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
