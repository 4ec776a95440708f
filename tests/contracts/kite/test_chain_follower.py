"""The option window at a real ticker: what it is told to want is what it subscribes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.option_window import WindowSettings
from marketdata.tape_head import TapeHead
from tests.kite_rim import World
from trading.bootstrap_kite import chain_follower

EXPIRY = date(2026, 12, 29)
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, Decimal("0.05"))
CALL = Instrument(
    1, Exchange.NFO, "C", "NIFTY", Kind.CALL, 65, Decimal("0.05"), expiry=EXPIRY, strike=Decimal(1)
)
CALLS = tuple(
    replace(CALL, token=strike, symbol=f"C{strike}", strike=Decimal(strike))
    for strike in range(24_000, 25_001, 100)
)


async def test_the_ticker_drops_what_is_far_and_subscribes_what_is_near() -> None:
    world = World()
    ticker = world.ticker()
    head = TapeHead(
        date=EXPIRY,
        source="made",
        made_by="test",
        instruments=(INDEX, *CALLS),
        previous_close=(),
        session_open=datetime(2026, 12, 29, 9, 15, tzinfo=IST),
        session_close=datetime(2026, 12, 29, 15, 30, tzinfo=IST),
        notes=(),
    )
    follower = chain_follower(ticker, head, WindowSettings(each_side=1))
    follower.follow({"NIFTY": 24_500.0}, ())
    ticker.start()
    await world.settle()

    follower.follow({"NIFTY": 24_700.0}, ())
    await world.settle()
    await ticker.stop()

    told = [command for link in world.links for command in link.commands]
    assert {token for c in told if c["a"] == "unsubscribe" for token in c["v"]} == {24_400, 24_500}
    subscribed = [token for c in told if c["a"] == "subscribe" for token in c["v"]]
    assert sorted(subscribed) == [24_400, 24_500, 24_600, 24_700, 24_800, 256_265]
    await asyncio.sleep(0)
