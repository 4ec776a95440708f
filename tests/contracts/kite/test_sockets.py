"""Kitesim's socket by itself: limits, order of things, and every fault of the script."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from execution.kitesim.channel import SocketLimits
from execution.kitesim.faults import FaultKind as Kind
from marketdata.kite.board import Board, FrameError
from tests.contracts.kite.served import (
    CALL,
    FUTURE,
    INDEX,
    QUICK,
    SHARE,
    a_day,
    moment,
    rule,
    served,
    told,
)

ALL = (INDEX, SHARE, FUTURE, CALL)
TOKENS = [item.token for item in ALL]
SUBSCRIBE = {"a": "subscribe", "v": TOKENS}
FULL = {"a": "mode", "v": ["full", TOKENS]}


def lasts(frame):
    board = Board(TOKENS)
    rows = board.take(frame).rows
    return dict(zip(board.tokens[rows].tolist(), board.ticks(rows)["last"].tolist(), strict=True))


async def steps(kite, socket, count):
    """Return the frames of so many steps."""
    frames = []
    for _ in range(count):
        await kite.pulse.advance()
        frames.append(await told(socket))
    return frames


async def test_a_subscriber_is_told_what_is_known_at_once():
    async with served(a_day(3, INDEX, SHARE)) as kite:
        await kite.pulse.advance()
        socket = await kite.connect(SUBSCRIBE)

        assert lasts(await told(socket)) == {INDEX.token: 100.0, SHARE.token: 200.0}


async def test_only_what_a_frame_touches_is_told():
    async with served(a_day(3, SHARE)) as kite:
        socket = await kite.connect(SUBSCRIBE, FULL)
        await kite.settled(4)

        frames = await steps(kite, socket, 2)

        assert [lasts(frame) for frame in frames] == [{SHARE.token: 100.0}, {SHARE.token: 101.0}]


async def test_order_news_comes_before_the_frame_that_follows_it():
    async with served(a_day(3, SHARE)) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)

        kite.sockets.broadcast_order({"status": "OPEN"})
        await kite.pulse.advance()

        assert json.loads(await told(socket)) == {"type": "order", "data": {"status": "OPEN"}}
        assert lasts(await told(socket)) == {SHARE.token: 100.0}


@pytest.mark.parametrize("text", ["no json", '{"a":"fly","v":[]}', '{"a":"subscribe","v":[1.5]}'])
async def test_nonsense_is_answered_with_an_error(text):
    async with served(a_day(1, SHARE)) as kite:
        socket = await kite.connect()
        await socket.send_str(text)

        assert json.loads(await told(socket))["type"] == "error"


async def test_a_ping_is_answered():
    async with served(a_day(1, SHARE)) as kite:
        socket = await kite.connect()
        await socket.ping(b"there?")

        assert await told(socket, WSMsgType.PONG) == b"there?"


async def test_a_fourth_connection_of_one_key_is_refused():
    async with served(a_day(1, SHARE)) as kite:
        held = [await kite.connect() for _ in range(3)]

        with pytest.raises(WSServerHandshakeError) as refused:
            await kite.connect()

        assert refused.value.status == 429
        assert await kite.connect(key="other")
        await held[0].close()
        async with asyncio.timeout(60):
            while len(kite.sockets.connections) > 3:
                await asyncio.sleep(0.01)
        assert await kite.connect()


@pytest.mark.parametrize("token", ["", "dead"])
async def test_a_bad_token_is_refused(token):
    async with served(a_day(1, SHARE)) as kite:
        with pytest.raises(WSServerHandshakeError) as refused:
            await kite.connect(token=token)

        assert refused.value.status == 403


async def test_a_token_that_dies_ends_its_connections():
    async with served(a_day(2, SHARE)) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        kite.guests.tokens.clear()
        await kite.pulse.advance()

        assert await told(socket) is None


async def test_token_death_by_script_ends_connections_and_refuses_new_ones():
    death = rule(Kind.TOKEN_DEATH, since=moment(1).time())
    async with served(a_day(3, SHARE), death) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)

        assert lasts((await steps(kite, socket, 1))[0]) == {SHARE.token: 100.0}
        assert (await steps(kite, socket, 1)) == [None]
        with pytest.raises(WSServerHandshakeError):
            await kite.connect()


async def test_a_connection_is_closed_by_script():
    async with served(a_day(2, SHARE), rule(Kind.SOCKET_CLOSE, subject="2", times=1)) as kite:
        first = await kite.connect(SUBSCRIBE)
        second = await kite.connect(SUBSCRIBE)
        await kite.settled(8)
        await kite.pulse.advance()

        assert lasts(await told(first)) == {SHARE.token: 100.0}
        assert await told(second) is None


MUTE = rule(Kind.SOCKET_MUTE, since=moment(1).time(), until=moment(2).time())


async def test_a_mute_connection_says_nothing_at_all_and_stays_open():
    async with served(a_day(4, SHARE), MUTE) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        await steps(kite, socket, 1)
        await kite.pulse.advance()
        kite.sockets.broadcast_order({"status": "COMPLETE"})
        await socket.ping()
        await asyncio.sleep(3 * QUICK.heartbeat_seconds)

        assert not socket.closed
        assert len(kite.sockets.connections) == 1
        assert await silent(socket)


async def test_what_a_mute_connection_would_have_said_is_lost():
    async with served(a_day(4, SHARE), MUTE) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        for _ in range(3):
            await kite.pulse.advance()

        assert [lasts(await told(socket)) for _ in range(2)] == [
            *({SHARE.token: 100.0}, {SHARE.token: 102.0})
        ]


async def silent(socket):
    """Say whether nothing is waiting to be read, or comes within a moment."""
    try:
        await asyncio.wait_for(socket.receive(), 0.1)
    except TimeoutError:
        return True
    return False


async def test_a_frame_is_dropped():
    async with served(a_day(3, SHARE), rule(Kind.FRAME_DROP, skip=1, times=1)) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        for _ in range(3):
            await kite.pulse.advance()

        assert [lasts(await told(socket))[SHARE.token] for _ in range(2)] == [100.0, 102.0]


async def test_a_late_frame_is_overtaken():
    late = rule(Kind.FRAME_DELAY, times=1, seconds=0.2)
    async with served(a_day(2, SHARE), late) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        for _ in range(2):
            await kite.pulse.advance()

        assert [lasts(await told(socket))[SHARE.token] for _ in range(2)] == [101.0, 100.0]


async def test_a_truncated_frame_ends_early():
    async with served(a_day(2, SHARE), rule(Kind.FRAME_TRUNCATE, times=1)) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        cut, whole = await steps(kite, socket, 2)

        assert len(cut) < len(whole)
        with pytest.raises(FrameError):
            Board(TOKENS).take(cut)


async def test_a_corrupt_frame_has_one_byte_changed():
    frames = []
    for rules in ((), (rule(Kind.FRAME_CORRUPT, times=1),)):
        async with served(a_day(1, SHARE), *rules) as kite:
            socket = await kite.connect(SUBSCRIBE)
            await kite.settled(4)
            frames += await steps(kite, socket, 1)
    right, wrong = frames

    assert sum(one != other for one, other in zip(right, wrong, strict=True)) == 1


async def order_states(*rules):
    async with served(a_day(1, SHARE), *rules) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        for status in ("OPEN", "UPDATE", "COMPLETE"):
            order = {"status": status, "exchange": "NSE", "tradingsymbol": "INFY"}
            kite.sockets.broadcast_order(order)
        await kite.sockets.drain()
        kite.sockets.broadcast_notice("end")
        states = []
        while (message := json.loads(await told(socket)))["type"] == "order":
            states.append(message["data"]["status"])
        return states


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (Kind.MESSAGE_LOSE, ["OPEN", "COMPLETE"]),
        (Kind.MESSAGE_DUPLICATE, ["OPEN", "UPDATE", "UPDATE", "COMPLETE"]),
        (Kind.MESSAGE_REORDER, ["OPEN", "COMPLETE", "UPDATE"]),
    ],
)
async def test_order_messages_are_lost_doubled_and_out_of_order(kind, states):
    assert await order_states(rule(kind, subject="UPDATE NSE:INFY")) == states


async def test_order_messages_keep_their_order_without_a_fault():
    assert await order_states() == ["OPEN", "UPDATE", "COMPLETE"]


async def test_a_client_that_does_not_read_is_cut_and_holds_up_nobody():
    impatient = SocketLimits(heartbeat_seconds=0.2, drain_seconds=0.3, waiting=64)
    async with served(a_day(3, *ALL), limits=impatient) as kite:
        deaf = await kite.connect(SUBSCRIBE, FULL)
        deaf._response.connection.transport.pause_reading()
        good = await kite.connect(SUBSCRIBE)
        await kite.settled(8)
        big = "x" * 1_000_000

        for _ in range(16):
            kite.sockets.broadcast_notice(big)
            assert len(await told(good)) > len(big)
            await kite.sockets.drain()

        assert len(kite.sockets.connections) == 1


async def test_what_is_late_is_given_up_with_the_server():
    async with served(a_day(1, SHARE), rule(Kind.FRAME_DELAY, seconds=60)) as kite:
        socket = await kite.connect(SUBSCRIBE)
        await kite.settled(4)
        await kite.pulse.advance()

    assert await told(socket) is None
