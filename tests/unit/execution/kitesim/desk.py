"""Builders for the tests of kitesim's books: four instruments, their prices, an account."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from execution.kitesim.books import Account, Books
from execution.kitesim.faults import FaultRule, Faults
from execution.kitesim.order_form import parse_change, parse_order
from execution.kitesim.order_row import OrderRow
from execution.kitesim.settings import SimSettings
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import Frame
from marketdata.ticks import TICK, Ticks

D = Decimal
OPEN = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
CLOSE = OPEN.replace(hour=15, minute=30)
EXPIRY = date(2026, 12, 29)
CALL = Instrument(
    1794,
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
WING = replace(CALL, token=2050, symbol="NIFTY26DEC26200CE", strike=D(26200))
FUTURE = Instrument(
    2306,
    Exchange.NFO,
    "NIFTY26DECFUT",
    "NIFTY",
    Kind.FUTURE,
    65,
    D("0.1"),
    expiry=EXPIRY,
    freeze_quantity=1800,
)
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, D("0.1"))
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, D("0.05"))
ALL = (CALL, WING, FUTURE, SHARE, INDEX)
LAST = {CALL.key: D(100), WING.key: D(40), FUTURE.key: D(26000), SHARE.key: D(1500)}


class Made:
    """The prices of a made market, with a hand on its clock."""

    def __init__(self) -> None:
        self.at = OPEN
        self.prices = dict(LAST)
        self.closes = dict(LAST)
        self.circuits: dict[str, tuple[Decimal, Decimal]] = {}

    @property
    def now(self) -> datetime:
        return self.at

    def find(self, exchange: str, symbol: str) -> Instrument | None:
        return next((item for item in ALL if item.key == f"{exchange}:{symbol}"), None)

    def last(self, instrument: Instrument) -> Decimal | None:
        return self.prices.get(instrument.key)

    def previous_close(self, instrument: Instrument) -> Decimal | None:
        return self.closes.get(instrument.key)

    def circuit(self, instrument: Instrument) -> tuple[Decimal, Decimal] | None:
        return self.circuits.get(instrument.key)


class Desk:
    """Books over a made market; every step of the market is a second later."""

    def __init__(self, *rules: FaultRule, seed: int = 0, **settings: object) -> None:
        self.market = Made()
        self.faults = Faults(rules, seed=seed)
        self.books = Books(
            Account("SIM001", 1, 7),
            self.market,
            {item.key: (OPEN, CLOSE) for item in ALL},
            SimSettings(**settings),  # type: ignore[arg-type]
            self.faults,
        )
        self.messages: list[dict[str, object]] = []
        self.books.on_message(self.messages.append)
        self._frames = 0

    def place(self, instrument: Instrument = CALL, **fields: object) -> OrderRow:
        return self.books.place(parse_order("regular", form(instrument, **fields)))

    def modify(self, order_id: str, **fields: object) -> OrderRow:
        told = {name: str(value) for name, value in fields.items()}
        return self.books.modify(order_id, parse_change("regular", told))

    def step(self, *ticks: Ticks, seconds: float = 1.0) -> None:
        """Let the market trade, or only time pass where there is no tick."""
        self.market.at += timedelta(seconds=seconds)
        rows = np.concatenate(ticks) if ticks else np.zeros(0, TICK)
        for row in rows:
            item = next(item for item in ALL if item.token == row["token"])
            self.market.prices[item.key] = D(str(float(row["last"])))
        frame = Frame(self._frames, self.market.at, rows)
        self._frames += 1
        asyncio.run(self.books.on_frame(frame))

    def told(self) -> list[tuple[object, object]]:
        """Return status and filled quantity of every message."""
        return [(news["status"], news["filled_quantity"]) for news in self.messages]


def form(instrument: Instrument = CALL, **fields: object) -> dict[str, str]:
    """Return an order's form: a limit where a price is told, else a protected market order."""
    has_price, has_trigger = "price" in fields, "trigger_price" in fields
    kind = {
        (False, False): "MARKET",
        (True, False): "LIMIT",
        (True, True): "SL",
        (False, True): "SL-M",
    }[has_price, has_trigger]
    told = {
        "exchange": instrument.exchange,
        "tradingsymbol": instrument.symbol,
        "transaction_type": "BUY",
        "quantity": instrument.lot_size,
        "product": "MIS",
        "order_type": kind,
        **({} if has_price else {"market_protection": -1}),
    } | fields
    return {name: str(value) for name, value in told.items() if value is not None}


def tick(last: float, *, instrument: Instrument = CALL, **fields: float) -> Ticks:
    """Return one tick; a range not told is the last price, quotes are there in quantity."""
    ticks = np.zeros(1, TICK)
    values = {
        **{"open": last, "high": last, "low": last, "bid": last, "ask": last},
        **{"bid_quantity": 6500, "ask_quantity": 6500},
    } | fields
    for name, value in {"token": instrument.token, "last": last, **values}.items():
        ticks[name] = value
    return ticks


def statuses(row: OrderRow) -> list[str]:
    """Return the states an order has been in."""
    return [str(snapshot["status"]) for snapshot in row.history]
