"""The broker adapter on a kitesim in lockstep, as a venue of the broker contract."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import numpy as np

from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import Deadlines, Lanes
from execution.kitesim.market import Market
from execution.kitesim.server import KiteSim, SimPlan
from execution.kitesim.settings import SimSettings
from execution.market_rules import ExchangeSettings
from marketdata.broker_session import AppKeys
from marketdata.clock import EventClock
from marketdata.instruments import Instrument
from marketdata.kite.client import Client, RestLogin
from marketdata.kite.session import KiteLogin
from marketdata.tape import Frame, microseconds
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK
from tests.contracts.kite.desk import FreePacer, no_pause

OPEN = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
CLOSE = OPEN.replace(hour=15, minute=30)


class ToldDay:
    """A tape that is written while it is read: a frame for each price told."""

    def __init__(self, item: Instrument) -> None:
        self.head = TapeHead(
            date=OPEN.date(),
            source="told",
            made_by="a test",
            instruments=(item,),
            previous_close=((item.token, 100.0),),
            session_open=OPEN,
            session_close=CLOSE,
        )
        self._told: deque[Frame] = deque()
        self._item = item

    def tell(self, price: float, quantity: int, index: int) -> datetime:
        """Add a frame in which it trades at a price, with as much bid and offered there."""
        at = OPEN + timedelta(seconds=index + 1)
        ticks = np.zeros(1, TICK)
        ticks["token"], ticks["exchange_at"] = self._item.token, microseconds(at)
        for name in ("last", "open", "high", "low", "bid", "ask"):
            ticks[name] = price
        ticks["bid_quantity"] = ticks["ask_quantity"] = quantity
        ticks["volume"] = 0
        self._told.append(Frame(index, at, ticks))
        return at

    def frames(self, start: int = 0) -> Iterator[Frame]:
        while self._told:
            yield self._told.popleft()


class KiteVenue:
    """A broker at a Kite of our own, a hand on the market behind it, and the session's login."""

    login: RestLogin

    def __init__(self, sim: KiteSim, day: ToldDay, broker: KiteBroker, clock: EventClock) -> None:
        self.broker = broker
        self._sim = sim
        self._day = day
        self._clock = clock
        self._index = count()

    async def trade(self, price: float, quantity: int) -> None:
        """Let it trade at `price`, with `quantity` units bid and offered there."""
        self._clock.set(self._day.tell(price, quantity, next(self._index)))
        await self._sim.step()


@asynccontextmanager
async def kite_venue(item: Instrument) -> AsyncIterator[KiteVenue]:
    """Open a kitesim on one instrument, log in, and put the adapter before it."""
    day, clock = ToldDay(item), EventClock(OPEN)
    plan = SimPlan(
        market=Market(day),
        windows={item.key: (OPEN, CLOSE)},
        settings=SimSettings(
            exchange=ExchangeSettings(slippage_ticks=0),
            rejected_later=frozenset(),
            checks_price_protection=False,
            limits=None,
        ),
        seed=7,
        pace=None,
        seconds=count(step=100).__next__,
    )
    async with KiteSim(plan) as sim:
        door = KiteLogin(AppKeys(sim.keys.api_key, sim.keys.api_secret, sim.root, "http://x"))
        login = await asyncio.to_thread(door.exchange, sim.request_token(), OPEN)
        rest = RestLogin(sim.keys.api_key, login.access_token, sim.root)
        around = Around(
            lanes=Lanes(
                lambda connections: Client(rest, connections=connections), Deadlines(10, 10, 10)
            ),
            pacer=FreePacer(),
            clock=clock,
            instrument={item.key: item}.get,
            pause=no_pause,
        )
        venue = KiteVenue(sim, day, KiteBroker(around, BrokerSettings()), clock)
        venue.login = rest
        await venue.trade(100, 0)
        try:
            yield venue
        finally:
            venue.broker.close()
