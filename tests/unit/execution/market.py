"""Builders for the tests of the simulated exchange: an option, ticks, requests, a market."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from execution.exchange import Exchange as SimulatedExchange
from execution.exchange import ExchangeSettings, Window
from execution.orders import OrderChange, OrderRequest, OrderType, OrderUpdate, Role, Side
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.ticks import TICK, Ticks

D = Decimal
OPEN = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
CLOSE = OPEN.replace(hour=15, minute=30)
CALL = Instrument(
    7, Exchange.NFO, "NIFTY26NOV26000CE", "NIFTY", Kind.CALL, 65, D("0.05"), strike=D(26000)
)
CALL = replace(CALL, freeze_quantity=1800)


def tick(last: float, *, token: int = 7, **fields: float) -> Ticks:
    """Return one tick; a range not told is the last price, a quote not told is none."""
    ticks = np.zeros(1, TICK)
    values = {"open": last, "high": last, "low": last, "bid": np.nan, "ask": np.nan} | fields
    for name, value in {"token": token, "last": last, **values}.items():
        ticks[name] = value
    return ticks


def request(client_id: str, side: Side, quantity: int = 65, **fields: object) -> OrderRequest:
    """Return a request; its type follows from `price` and `trigger_price`."""
    has_price, has_trigger = "price" in fields, "trigger_price" in fields
    order_type = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (True, True): OrderType.SL,
        (False, True): OrderType.SL_M,
    }[has_price, has_trigger]
    asked = OrderRequest(
        client_id,
        CALL,
        side,
        quantity,
        order_type,
        Role.ENTRY,
        "p1",
        price=D(str(fields.pop("price"))) if has_price else None,
        trigger_price=D(str(fields.pop("trigger_price"))) if has_trigger else None,
        market_protection=None if has_price else D(-1),
    )
    return replace(asked, **fields)  # type: ignore[arg-type]


class Market:
    """An exchange for one call option; each call is made a second after the one before."""

    def __init__(self, *, run: int = 0, **settings: object) -> None:
        self.windows: dict[str, Window] = {CALL.key: (OPEN, CLOSE)}
        self.exchange = SimulatedExchange(
            ExchangeSettings(**settings),  # type: ignore[arg-type]
            self.windows,
            run=run,
        )
        self.at = OPEN
        self.asked: dict[str, OrderRequest] = {}

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def place(self, asked: OrderRequest) -> OrderUpdate:
        update = self.exchange.place(asked, self.now())
        self.asked.setdefault(asked.client_id, asked)
        return update

    def modify(self, client_id: str, **change: object) -> OrderUpdate:
        return self.exchange.modify(client_id, OrderChange(**change), self.now())  # type: ignore[arg-type]

    def cancel(self, client_id: str) -> OrderUpdate:
        return self.exchange.cancel(client_id, self.now())

    def step(self, ticks: Ticks) -> tuple[OrderUpdate, ...]:
        return self.exchange.on_ticks(ticks, self.now())

    def fills(self, ticks: Ticks) -> list[tuple[str, int, Decimal]]:
        """Return who filled in the step, how much and where."""
        before = {trade.trade_id for trade in self.exchange.book().trades}
        self.step(ticks)
        return [
            (trade.client_id, trade.quantity, trade.price)
            for trade in self.exchange.book().trades
            if trade.trade_id not in before
        ]
