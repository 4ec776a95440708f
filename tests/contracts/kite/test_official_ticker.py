"""Zerodha's own ticker, unmodified, against kitesim's socket: it can't tell it from Kite's."""

from __future__ import annotations

import pytest

from execution.kitesim.channel import SocketLimits
from tests.contracts.kite.served import CALL, FUTURE, INDEX, SHARE, a_day, served

TOKENS = [item.token for item in (INDEX, SHARE, FUTURE, CALL)]
ALL = (INDEX, SHARE, FUTURE, CALL)


@pytest.fixture
async def kite():
    async with served(a_day(6, *ALL)) as running:
        yield running


def by_token(message):
    return {tick["instrument_token"]: tick for tick in message["ticks"]}


async def test_it_gets_every_mode_with_every_field(kite):
    await kite.pulse.advance()
    client = await kite.official(
        ("subscribe", TOKENS),
        ("set_mode", "full", [INDEX.token, FUTURE.token]),
        ("set_mode", "ltp", [CALL.token]),
    )
    for _ in range(3):
        await client.next("ticks")
    await kite.pulse.advance()

    told = by_token(await client.next("ticks"))
    await client.stop()

    assert {token: tick["mode"] for token, tick in told.items()} == {
        **{INDEX.token: "full", SHARE.token: "quote", FUTURE.token: "full", CALL.token: "ltp"}
    }
    assert told[CALL.token] == {
        **{"tradable": True, "mode": "ltp", "instrument_token": CALL.token, "last_price": 401.0}
    }
    assert set(told[INDEX.token]) == {
        *("tradable", "mode", "instrument_token", "last_price", "ohlc", "change"),
        "exchange_timestamp",
    }
    assert not told[INDEX.token]["tradable"]
    assert told[SHARE.token]["ohlc"] == {
        "open": 200.0,
        "high": 201.0,
        "low": 200.0,
        "close": 1500.0,
    }
    future = told[FUTURE.token]
    assert (future["last_price"], future["volume_traded"], future["oi"]) == (301.0, 10, 0)
    assert future["depth"]["sell"][:2] == [
        {"quantity": 130, "price": 100.05, "orders": 3},
        {"quantity": 195, "price": 100.15, "orders": 4},
    ]
    assert len(future["depth"]["buy"]) == 5


async def test_it_gets_one_frame_a_step_until_it_unsubscribes(kite):
    client = await kite.official(("subscribe", TOKENS), ("unsubscribe", [SHARE.token]))
    await kite.settled(3)

    frames = []
    for _ in range(3):
        await kite.pulse.advance()
        frames.append(by_token(await client.next("ticks")))
    await client.stop()

    assert [sorted(frame) for frame in frames] == [sorted({*TOKENS} - {SHARE.token})] * 3
    assert [frame[INDEX.token]["last_price"] for frame in frames] == [100.0, 101.0, 102.0]


async def test_it_gets_heartbeats_while_nothing_happens(kite):
    client = await kite.official(("subscribe", TOKENS))
    await client.next("connect")

    assert [(await client.next("heartbeat"))["kind"] for _ in range(3)] == ["heartbeat"] * 3
    await client.stop()


async def test_it_gets_order_messages_and_errors(kite):
    client = await kite.official(("subscribe", TOKENS))
    await kite.settled(4)
    order = {
        "order_id": "261006000000001",
        "status": "COMPLETE",
        "filled_quantity": 65,
        "tag": None,
    }

    kite.sockets.broadcast_order(order)
    kite.sockets.broadcast_notice("Markets close early today.")
    kite.sockets.broadcast_error("Something is wrong.")

    assert (await client.next("order"))["order"] == order
    assert await client.next("error") == {
        "kind": "error",
        "code": 0,
        "reason": "Something is wrong.",
    }
    await client.stop()


async def test_it_is_told_of_too_many_instruments():
    async with served(a_day(1, *ALL), limits=SocketLimits(instruments=2)) as kite:
        client = await kite.official(("subscribe", TOKENS))

        told = await client.next("error")
        await client.stop()

    assert told["reason"] == "Too many instruments. At most 2 on one connection."


async def test_a_dead_token_is_refused_at_the_door(kite):
    client = await kite.official(token="dead")

    told = await client.next("error", "close")
    await client.stop()

    assert "403" in told["reason"]


async def test_it_notices_a_connection_that_is_cut(kite):
    client = await kite.official(("subscribe", TOKENS))
    await kite.settled(4)

    kite.sockets.cut_all()

    assert (await client.next("close"))["code"] == 1006
    await client.stop()
