"""A small scripted day behind a kitesim in lockstep, and the official client pointed at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from kiteconnect import KiteConnect

from execution.kitesim.faults import FaultRule
from execution.kitesim.market import Market
from execution.kitesim.server import KiteSim, SimPlan
from execution.kitesim.settings import SimSettings
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import Frame, microseconds
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks

D = Decimal
OPEN = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
CLOSE = OPEN.replace(hour=15, minute=40)
EXPIRY = date(2026, 12, 29)
CALL = Instrument(
    10_001 << 8 | 2,
    Exchange.NFO,
    "NIFTY26DEC26000CE",
    "NIFTY",
    Kind.CALL,
    65,
    D("0.05"),
    expiry=EXPIRY,
    strike=D(26000),
    freeze_quantity=1800,
)
WING = replace(CALL, token=10_002 << 8 | 2, symbol="NIFTY26DEC26200CE", strike=D(26200))
FUTURE = replace(
    CALL,
    token=10_003 << 8 | 2,
    symbol="NIFTY26DECFUT",
    kind=Kind.FUTURE,
    strike=None,
    tick_size=D("0.1"),
)
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, D("0.1"))
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, D("0.05"))
ALL = (CALL, WING, FUTURE, SHARE, INDEX)
START = {CALL: 100.0, WING: 40.0, FUTURE: 26_000.0, SHARE: 1500.0, INDEX: 25_950.0}

Moves = dict[Instrument, float]
"""Last prices of one frame."""


class ScriptedDay:
    """A tape of frames a second apart: the start prices, then what was told, then no change."""

    def __init__(self, moves: Sequence[Moves] = (), frames: int = 200) -> None:
        self.head = TapeHead(
            date=OPEN.date(),
            source="scripted",
            made_by="a test",
            instruments=ALL,
            previous_close=tuple((item.token, price) for item, price in START.items()),
            session_open=OPEN,
            session_close=CLOSE,
        )
        self._moves = list(moves)
        self._number = frames

    def frames(self, start: int = 0) -> Iterator[Frame]:
        prices = dict(START)
        for index in range(self._number):
            if 0 < index <= len(self._moves):
                prices |= self._moves[index - 1]
            at = OPEN + timedelta(seconds=index + 1)
            if index >= start:
                yield Frame(index, at, _ticks(prices, at, index))


def _ticks(prices: Moves, at: datetime, index: int) -> Ticks:
    ticks = np.zeros(len(prices), TICK)
    for row, (item, price) in zip(ticks, prices.items(), strict=True):
        row["token"], row["exchange_at"] = item.token, microseconds(at)
        for name in ("last", "open", "high", "low", "bid", "ask"):
            row[name] = price
        if item.is_tradable:
            row["bid_quantity"] = row["ask_quantity"] = 6500
            row["volume"] = 65 * (index + 1)
        else:
            row["bid"] = row["ask"] = np.nan
    return ticks


@dataclass(frozen=True)
class Venue:
    """A running kitesim, and the official client that is logged in to it."""

    sim: KiteSim
    kite: KiteConnect

    async def call(self, function: Callable[..., Any], *args: Any, **fields: Any) -> Any:
        """Make a blocking call of the client beside the server's loop."""
        return await asyncio.to_thread(function, *args, **fields)

    async def step(self, frames: int = 1) -> None:
        for _ in range(frames):
            await self.sim.step()

    async def place(self, item: Instrument = CALL, **fields: Any) -> str:
        told = {
            "variety": "regular",
            "exchange": str(item.exchange),
            "tradingsymbol": item.symbol,
            "transaction_type": "BUY",
            "quantity": item.lot_size,
            "product": "MIS",
            "order_type": "LIMIT" if "price" in fields else "MARKET",
        } | fields
        return str(await self.call(self.kite.place_order, **told))

    async def last_state(self, order_id: str) -> dict[str, Any]:
        told: list[dict[str, Any]] = await self.call(self.kite.order_history, order_id)
        return told[-1]


def plan_of(
    moves: Sequence[Moves] = (),
    rules: Sequence[FaultRule] = (),
    seconds: Callable[[], float] | None = None,
    closes_at: datetime = CLOSE,
    **settings: Any,
) -> SimPlan:
    """Return a plan over a scripted day; without a clock no rate limit is ever met."""
    return SimPlan(
        market=Market(ScriptedDay(moves)),
        windows={item.key: (OPEN, closes_at) for item in ALL},
        settings=SimSettings(**settings),
        seed=7,
        pace=None,
        seconds=seconds or count(step=100).__next__,
        faults=rules,
        control=True,
    )


@asynccontextmanager
async def venue(
    moves: Sequence[Moves] = (), *rules: FaultRule, timeout: float = 5.0, **settings: Any
) -> AsyncIterator[Venue]:
    """Open a kitesim at its first frame and log the official client in."""
    async with KiteSim(plan_of(moves, rules, **settings)) as sim:
        kite = KiteConnect(sim.keys.api_key, root=sim.root, timeout=timeout)
        opened = Venue(sim, kite)
        token = sim.request_token()
        await opened.call(kite.generate_session, token, sim.keys.api_secret)
        await opened.step()
        try:
            yield opened
        finally:
            kite.reqsession.close()
