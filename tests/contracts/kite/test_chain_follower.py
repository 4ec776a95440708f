"""The option window at a real ticker: what it is told to want is what it subscribes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.live_universe import LiveUniverse, LiveUniverseSettings
from marketdata.option_window import WindowSettings, chains_of
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
    chains = chains_of(CALLS, EXPIRY, ("NIFTY",), 1)
    universe = LiveUniverse((INDEX, *CALLS), {}, (), frozenset(), chains, 0)
    settings = LiveUniverseSettings(window=WindowSettings(each_side=1))
    follower = chain_follower(ticker, universe, settings)
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
