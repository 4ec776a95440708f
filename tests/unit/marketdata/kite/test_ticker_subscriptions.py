"""What the ticker subscribes, over how many sockets, and which instruments it watches."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from marketdata.kite.layout import Mode
from marketdata.kite.news import Closed, Connected, Fresh, Lost, Stale
from marketdata.kite.subscriptions import SocketLimits, TooManyInstruments
from marketdata.kite.ticker_settings import TickerSettings
from tests.kite_frames import Packet, frame
from tests.kite_rim import LOGIN, MORNING, World, full, waiting

SMALL = TickerSettings(
    limits=SocketLimits(connections=3, instruments_per_connection=2, tokens_per_command=2)
)
NOT_YET = Lost(MORNING, 0, "not connected yet")


def after(seconds: float):
    return MORNING + timedelta(seconds=seconds)


@pytest.fixture
def world() -> World:
    return World()


async def test_it_connects_and_subscribes_what_was_wanted_before(world):
    ticker = world.ticker()
    ticker.want(full(258))

    async with ticker:
        assert await waiting(ticker, world) == [NOT_YET, Connected(MORNING, 0)]

        assert world.links[0].url == LOGIN.url()
        assert [command["a"] for command in world.links[0].commands] == ["subscribe", "mode"]


async def test_what_is_wanted_later_goes_out_at_once_and_only_the_difference(world):
    async with world.ticker() as ticker:
        ticker.want(full(258, 514))
        await world.settle()
        world.links[0].sent.clear()

        ticker.want({258: Mode.FULL, 770: Mode.LTP})
        await world.settle()

        assert world.links[0].commands == [
            {"a": "unsubscribe", "v": [514]},
            {"a": "subscribe", "v": [770]},
            {"a": "mode", "v": ["ltp", [770]]},
        ]


async def test_more_tokens_than_one_socket_carries_open_another_and_fewer_close_it(world):
    async with world.ticker(SMALL) as ticker:
        ticker.want(full(1, 2, 3, 4, 5))
        await world.settle()
        assert [link.commands[0]["v"] for link in world.links] == [[1, 2], [3, 4], [5]]
        await waiting(ticker, world)

        ticker.want(full(5, 1))
        assert await waiting(ticker, world) == [Closed(MORNING, 2), Closed(MORNING, 1)]

        assert [link.is_closed for link in world.links] == [False, True, True]
        assert world.links[0].commands[2]["v"] == [2]
        assert world.links[0].commands[3]["v"] == [5]


async def test_too_many_tokens_change_nothing(world):
    async with world.ticker(SMALL) as ticker:
        ticker.want(full(1))
        await world.settle()

        with pytest.raises(TooManyInstruments):
            ticker.want(full(*range(7)))
        await world.settle()

    assert len(world.links[0].sent) == 2


async def test_a_server_that_reads_nothing_delays_commands_but_not_the_watch(world):
    async with world.ticker() as ticker:
        await world.settle()
        world.links[0].has_room = False
        ticker.want(full(258))
        await world.beat(4)
        assert world.links[0].sent == []

        world.links[0].has_room = True
        await world.beat(1)
        assert len(world.links[0].sent) == 2


async def test_between_two_commands_the_reader_has_its_turn(world):
    seen = []
    async with world.ticker(SMALL) as ticker:
        await world.settle()
        link = world.links[0]
        reader = asyncio.ensure_future(_note(link, seen))
        ticker.want(full(1, 2))
        await world.settle()
        reader.cancel()

    assert seen == [0, 1, 2]


async def _note(link, seen: list[int]) -> None:
    while True:
        if not seen or seen[-1] != len(link.sent):
            seen.append(len(link.sent))
        await asyncio.sleep(0)


async def test_a_watched_instrument_turns_stale_and_fresh_again(world):
    async with world.ticker() as ticker:
        ticker.watch([258, 514])
        for _ in range(12):
            await world.pass_(0.5)
            world.links[0].receiver.binary(frame(Packet(514, 100)))
        stale = [news for news in await waiting(ticker, world) if isinstance(news, Stale)]
        assert stale == [Stale(after(5.25), 258)]

        world.links[0].receiver.binary(b"\0\1\0")
        world.links[0].receiver.binary(frame(Packet(258, 100)))
        await world.pass_(0.25)

        assert Fresh(after(6.25), 258) in await waiting(ticker, world)


async def test_while_no_ticks_are_expected_nothing_is_stale(world):
    world.ticking = False
    async with world.ticker() as ticker:
        ticker.watch([258])
        await world.beat(30)

        assert await waiting(ticker, world) == [NOT_YET, Connected(MORNING, 0)]


async def test_a_damaged_frame_shows_nobody(world):
    async with world.ticker() as ticker:
        ticker.watch([258])
        for _ in range(12):
            await world.pass_(0.5)
            world.links[0].receiver.binary(frame(Packet(258, 100))[:-1])

        assert Stale(after(5.25), 258) in await waiting(ticker, world)
