from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from marketdata.kite.access import SocketLogin
from marketdata.kite.news import (
    Connected,
    Frames,
    Gap,
    Lost,
    NeedsLogin,
    Notice,
    OrderMessage,
)
from marketdata.kite.subscriptions import SocketLimits
from marketdata.kite.ticker_settings import TickerSettings
from tests.kite_frames import Packet, frame
from tests.kite_rim import LOGIN, MORNING, World, full, waiting

SMALL = TickerSettings(
    limits=SocketLimits(connections=3, instruments_per_connection=2, tokens_per_command=2)
)
NOT_YET = Lost(MORNING, 0, "not connected yet")


def after(seconds: float):
    return MORNING + timedelta(seconds=seconds)


def order(number: int) -> bytes:
    return json.dumps({"type": "order", "data": {"order_id": str(number)}}).encode()


@pytest.fixture
def world() -> World:
    return World()


async def test_all_frames_that_wait_come_at_once_with_their_times(world):
    async with world.ticker() as ticker:
        await waiting(ticker, world)
        for last in (100, 101):
            world.links[0].receiver.binary(frame(Packet(258, last)))
            await world.pass_(0.1)

        (news,) = await waiting(ticker, world)

    assert isinstance(news, Frames)
    assert [each.data for each in news.frames] == [frame(Packet(258, p)) for p in (100, 101)]
    assert [each.received_at for each in news.frames] == [MORNING, after(0.1)]


async def test_orders_come_singly_in_their_order_and_before_prices(world):
    async with world.ticker() as ticker:
        await waiting(ticker, world)
        receiver = world.links[0].receiver
        receiver.binary(frame(Packet(258, 100)))
        for number in range(1_000):
            receiver.text(order(number))
            receiver.binary(frame(Packet(258, number)))

        *orders, frames = await waiting(ticker, world)

    assert [news.order["order_id"] for news in orders] == [str(n) for n in range(1_000)]
    assert all(isinstance(news, OrderMessage) for news in orders)
    assert len(frames.frames) == 1_001


async def test_under_pressure_prices_are_conflated_and_orders_are_not(world):
    async with world.ticker(TickerSettings(most_waiting_bytes=0)) as ticker:
        await waiting(ticker, world)
        for number in range(5):
            world.links[0].receiver.binary(frame(Packet(258, number), Packet(514, number)))
            world.links[0].receiver.text(order(number))

        *orders, frames = await waiting(ticker, world)

        assert len(orders) == 5
        assert [each.data for each in frames.frames] == [frame(Packet(258, 4), Packet(514, 4))]
        assert ticker.conflated == 8


async def test_a_heartbeat_is_life_but_no_news(world):
    async with world.ticker() as ticker:
        await waiting(ticker, world)

        await world.beat(60)

        assert await waiting(ticker, world) == []
        assert ticker.counts.heartbeats == 120


async def test_a_lost_socket_is_opened_again_and_everything_subscribed_anew(world):
    async with world.ticker() as ticker:
        ticker.want(full(258))
        await world.beat(20)
        await waiting(ticker, world)
        world.links[0].receiver.lost("dropped without a close")

        await world.pass_(1)

        assert await waiting(ticker, world) == [
            Lost(after(20), 0, "dropped without a close"),
            Connected(after(21), 0),
            Gap(after(20), after(21), 0),
        ]
        assert world.links[1].commands == world.links[0].commands
        assert world.links[0].is_closed


async def test_tries_go_on_with_longer_waits_and_without_end_and_the_gap_is_said_once(world):
    async with world.ticker() as ticker:
        await world.beat(20)
        await waiting(ticker, world)
        world.outcomes.extend(["fail"] * 9)
        world.links[0].receiver.lost("gone")

        await world.pass_(180)
        news = await waiting(ticker, world)
        assert [type(each) for each in news] == [Lost] * 10

        await world.pass_(1)
        news = await waiting(ticker, world)
        assert news == [Connected(after(201), 0), Gap(after(20), after(201), 0)]
        waits = [later - before for before, later in pairwise(world.tries[1:])]
        assert waits == [2, 4, 8, 16, 30, 30, 30, 30, 30]


async def test_chance_shortens_a_wait(world):
    world.chance = 0.5
    world.outcomes.append("fail")
    async with world.ticker():
        await world.pass_(1)

    assert world.tries == [0, 0.9]


async def test_slow_failures_do_not_count_as_a_connection_that_stood(world):
    world.outcomes.extend(["late", "late", "late"])
    async with world.ticker():
        await world.pass_(41)

    assert world.tries == [0, 11, 23, 37]


async def test_a_mute_socket_is_given_up_after_the_silence_it_may_keep(world):
    async with world.ticker() as ticker:
        await world.beat(10)
        await waiting(ticker, world)

        await world.pass_(5.5)

        assert await waiting(ticker, world) == [Lost(after(15.25), 0, "silent")]
        assert world.links[0].is_closed


async def test_what_a_given_up_socket_still_brings_is_not_taken(world):
    async with world.ticker() as ticker:
        await world.pass_(5.5)
        await waiting(ticker, world)

        world.links[0].receiver.binary(frame(Packet(258, 100)))
        world.links[0].receiver.text(order(1))

        assert await waiting(ticker, world) == []


async def test_a_ping_without_a_pong_ends_a_socket_that_still_beats(world):
    async with world.ticker() as ticker:
        await world.settle()
        world.links[0].answers = False
        await world.beat(14)
        assert world.links[0].pings == 1
        assert await waiting(ticker, world) == [NOT_YET, Connected(MORNING, 0)]

        await world.beat(2)

        assert await waiting(ticker, world) == [Lost(after(15.25), 0, "ping unanswered")]


async def test_answered_pings_go_on_at_their_pace(world):
    async with world.ticker():
        await world.beat(40)

    assert world.links[0].pings == 4
    assert len(world.links) == 1


async def test_a_refused_login_is_said_once_and_nothing_tries_again(world):
    world.outcomes.append("refuse")
    ticker = world.ticker(SMALL)
    ticker.want(full(1, 2, 3))

    async with ticker:
        await world.pass_(600)

        news = await waiting(ticker, world)
        assert [each for each in news if isinstance(each, NeedsLogin)] == [NeedsLogin(MORNING)]
        assert world.tries == [0]
        assert ticker.needs_login


async def test_with_a_new_login_it_connects_again(world):
    world.outcomes.append("refuse")
    async with world.ticker() as ticker:
        await world.pass_(60)

        ticker.renew(SocketLogin("wss://ws.example", "key", "new"))
        await world.settle()

        assert Connected(after(60), 0) in await waiting(ticker, world)
        assert world.links[0].url == "wss://ws.example/?api_key=key&access_token=new"


async def test_sockets_that_stand_stay_when_another_is_refused(world):
    ticker = world.ticker(SMALL)
    ticker.want(full(1, 2))
    async with ticker:
        await world.settle()
        world.outcomes.append("refuse")

        ticker.want(full(1, 2, 3))
        await world.beat(30, world.links[:1])

        assert not world.links[0].is_closed or len(world.links) == 1
        assert ticker.needs_login


async def test_out_of_session_nothing_is_opened_and_silence_is_no_reason(world):
    world.in_session = False
    async with world.ticker() as ticker:
        await world.pass_(100)
        assert world.tries == []

        world.in_session = True
        await world.pass_(1)
        assert len(world.tries) == 1

        world.in_session = False
        await world.pass_(100)
        assert not world.links[0].is_closed

        world.in_session = True
        await world.beat(4)
        assert not world.links[0].is_closed
        assert ticker.counts.opened == 1


async def test_a_notice_never_tells_key_or_token(world):
    async with world.ticker() as ticker:
        await waiting(ticker, world)
        text = f"bad {LOGIN.access_token} of {LOGIN.api_key}"
        world.links[0].receiver.text(json.dumps({"type": "error", "data": text}).encode())

        assert await waiting(ticker, world) == [Notice(MORNING, "error: bad … of …")]


async def test_after_stopping_what_waits_can_be_read_and_then_nothing_comes(world):
    ticker = world.ticker()
    ticker.start()
    await world.settle()
    world.links[0].receiver.text(order(1))

    await ticker.stop()
    await ticker.stop()

    assert [type(await ticker.next()) for _ in range(3)] == [Lost, Connected, OrderMessage]
    assert await ticker.next() is None
    assert world.links[0].is_closed


async def test_an_error_that_nobody_expected_reaches_the_reader(world):
    async def broken(url, receiver, within):
        raise KeyError("a bug")

    world.open_link = broken
    async with world.ticker() as ticker:
        with pytest.raises(KeyError, match="a bug"):
            await waiting(ticker, world)


async def test_it_starts_once(world):
    async with world.ticker() as ticker:
        with pytest.raises(RuntimeError, match="runs already"):
            ticker.start()
