"""Every answer of kitesim has the fields and types of Kite's, read as bare JSON."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from execution.kitesim.sessions import checksum_of
from execution.kitesim.settings import Held
from execution.orders import Product
from tests.contracts.kite import shapes
from tests.contracts.kite.sim import CALL, FUTURE, SHARE, D, Venue, venue

HELD = Held(SHARE.key, Product.CNC, 10, D(1400))


async def bare(opened: Venue, method: str, path: str, **more: Any) -> Any:
    """Return the data of an answer as it stands on the wire, its envelope checked."""
    token = f"token {opened.kite.api_key}:{opened.kite.access_token}"
    async with (
        aiohttp.ClientSession(headers={"Authorization": token}) as client,
        client.request(method, opened.sim.root + path, **more) as answer,
    ):
        told = await answer.json()
    assert set(told) == {"status", "data"}
    assert told["status"] == "success"
    return told["data"]


async def traded(opened: Venue) -> None:
    await opened.place(market_protection=-1, tag="one")
    await opened.place(SHARE, price=1500.5, quantity=3)
    await opened.place(price=70)
    await opened.place(price=100, quantity=1820)
    await opened.step()


async def test_rows_of_orders_trades_positions_and_holdings():
    async with venue(held=(HELD,), auctioned=(SHARE.key,)) as opened:
        await traded(opened)
        orders = await bare(opened, "GET", "/orders")
        positions = await bare(opened, "GET", "/portfolio/positions")
        rows = [
            *[(row, shapes.ORDER) for row in orders],
            *[(row, shapes.ORDER) for row in await _history(opened, orders)],
            *[(row, shapes.TRADE) for row in await bare(opened, "GET", "/trades")],
            *[(row, shapes.POSITION) for row in positions["net"] + positions["day"]],
            *[(row, shapes.HOLDING) for row in await bare(opened, "GET", "/portfolio/holdings")],
        ]
        [auction] = await bare(opened, "GET", "/portfolio/holdings/auctions")

    statuses = {row["status"] for row in orders}
    assert statuses == {"COMPLETE", "OPEN", "REJECTED"}
    assert [shapes.differences(row, shape) for row, shape in rows] == [[]] * len(rows)
    assert auction.pop("auction_number") == "20"
    assert shapes.differences(auction, shapes.HOLDING) == []


async def _history(opened: Venue, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = [await bare(opened, "GET", f"/orders/{row['order_id']}") for row in orders]
    return [snapshot for snapshots in told for snapshot in snapshots]


async def test_times_are_told_without_a_zone_and_a_trade_s_order_time_without_a_day():
    async with venue() as opened:
        await traded(opened)
        [order, *_] = await bare(opened, "GET", "/orders")
        [trade, *_] = await bare(opened, "GET", "/trades")

    assert re.fullmatch(shapes.STAMP, order["order_timestamp"])
    assert re.fullmatch(shapes.STAMP, trade["fill_timestamp"])
    assert re.fullmatch(r"\d\d:\d\d:\d\d", trade["order_timestamp"])


async def test_profile_and_funds():
    async with venue() as opened:
        await traded(opened)
        profile = await bare(opened, "GET", "/user/profile")
        funds = await bare(opened, "GET", "/user/margins")
        equity = await bare(opened, "GET", "/user/margins/equity")

    assert shapes.differences(profile, shapes.PROFILE) == []
    assert shapes.differences(funds["equity"], shapes.FUNDS) == []
    assert shapes.differences(funds["commodity"], shapes.FUNDS) == []
    assert equity == funds["equity"]
    assert equity["net"] == pytest.approx(equity["available"]["cash"] - sum_used(equity))


def sum_used(funds: dict[str, Any]) -> float:
    used = {name: value for name, value in funds["utilised"].items() if name != "debits"}
    return sum(used.values())


async def test_a_session():
    async with venue() as opened:
        sessions = opened.sim.backend.sessions
        token = sessions.request_token()
        keys = opened.sim.keys
        told = await bare(
            opened,
            "POST",
            "/session/token",
            data={
                "api_key": keys.api_key,
                "request_token": token,
                "checksum": checksum_of(keys.api_key, token, keys.api_secret),
            },
        )

    assert shapes.differences(told, shapes.SESSION) == []


async def test_quotes():
    async with venue() as opened:
        asked = [("i", item.key) for item in (CALL, SHARE)] + [("i", "NSE:GONE")]
        quotes = await bare(opened, "GET", "/quote", params=asked)
        ohlc = await bare(opened, "GET", "/quote/ohlc", params=asked)
        ltp = await bare(opened, "GET", "/quote/ltp", params=asked)

    assert set(quotes) == set(ohlc) == set(ltp) == {CALL.key, SHARE.key}
    for quote in quotes.values():
        assert shapes.differences(quote, shapes.QUOTE) == []
        levels = [*quote["depth"]["buy"], *quote["depth"]["sell"]]
        assert len(levels) == 10
        assert [shapes.differences(level, shapes.LEVEL) for level in levels] == [[]] * 10
    assert set(ohlc[CALL.key]) == {"instrument_token", "last_price", "ohlc"}
    assert set(ltp[CALL.key]) == {"instrument_token", "last_price"}


def order(item: Any = CALL, **fields: Any) -> dict[str, Any]:
    return {
        "exchange": str(item.exchange),
        "tradingsymbol": item.symbol,
        "transaction_type": "SELL",
        "variety": "regular",
        "product": "NRML",
        "order_type": "LIMIT",
        "quantity": item.lot_size,
        "price": 100,
        "trigger_price": 0,
    } | fields


async def test_margins_and_charges():
    async with venue() as opened:
        orders = [order(), order(FUTURE, price=26000)]
        margins = await bare(opened, "POST", "/margins/orders", json=orders)
        basket = await bare(opened, "POST", "/margins/basket", json=orders)
        sold = order(order_id="1", average_price=99.5, order_type="MARKET")
        notes = await bare(opened, "POST", "/charges/orders", json=[sold])

    assert [shapes.differences(line, shapes.MARGIN) for line in margins] == [[], []]
    assert set(basket) == {"initial", "final", "orders", "charges"}
    for line in (basket["initial"], basket["final"], *basket["orders"]):
        assert shapes.differences(line, shapes.MARGIN) == []
    assert [shapes.differences(note, shapes.NOTE) for note in notes] == [[]]


async def test_a_trigger():
    async with venue() as opened:
        leg = {**order(), "price": 90.0}
        number = await opened.call(
            opened.kite.place_gtt, "single", CALL.symbol, "NFO", [90.0], 100.0, [leg]
        )
        [told] = await bare(opened, "GET", "/gtt/triggers")

    assert number == {"trigger_id": told["id"]}
    assert shapes.differences(told, shapes.TRIGGER) == []


def test_a_difference_is_noticed():
    told = {"price": "1", "quantity": True, "more": 1}

    assert shapes.differences(told, shapes.LEVEL) == [
        "orders: missing",
        "more: unknown",
        "price: '1'",
        "quantity: True",
    ]
