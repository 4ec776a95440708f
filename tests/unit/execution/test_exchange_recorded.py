"""The simulated exchange fed with a recorded hour of a stock future and its best quotes."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from execution.charges import Charges, charges_for_order
from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderState, OrderUpdate, Product, Side
from execution.positions import Position, apply
from marketdata.instruments import Exchange as Listed
from marketdata.instruments import Instrument, Kind
from marketdata.ticks import TICK, Ticks
from tests.unit.execution.market import request

pytestmark = pytest.mark.shared_data
D = Decimal
RELIANCE = Instrument(
    9, Listed.NFO, "RELIANCE25NOVFUT", "RELIANCE", Kind.FUTURE, 500, D("0.1"), freeze_quantity=20000
)


def recorded(folder: Path) -> Iterator[tuple[datetime, Ticks]]:
    """Yield the recording's ticks; its second bid is the best ask, as its notes say."""
    with gzip.open(folder / "ticks" / "stock_futures_depth_2025-11-17.csv.gz", "rt") as stream:
        for row in csv.DictReader(stream):
            if row["symbol"] != "RELIND":
                continue
            ticks = np.zeros(1, TICK)
            ticks["token"] = RELIANCE.token
            for name in ("last", "open", "high", "low"):
                ticks[name] = float(row["last_price"])
            ticks["bid"], ticks["bid_quantity"] = float(row["bid_price_1"]), int(row["bid_qty_1"])
            ticks["ask"], ticks["ask_quantity"] = float(row["bid_price_2"]), int(row["bid_qty_2"])
            ticks["volume"] = int(row["volume_traded"])
            yield datetime.fromisoformat(row["ts"]), ticks


def bill(update: OrderUpdate, on: date) -> Charges:
    value = sum((trade.quantity * trade.price for trade in update.fills), D(0))
    side = update.fills[0].side
    return charges_for_order(RELIANCE, side, update.filled_quantity, value, Product.MIS, on)


def test_every_market_order_gets_the_touch_of_its_own_tick_and_costs_are_known(
    shared_data: Path,
) -> None:
    day = datetime.fromisoformat("2025-11-17T09:15:00+05:30")
    window = (day, day.replace(hour=15, minute=30))
    exchange = Exchange(ExchangeSettings(), {RELIANCE.key: window})
    steps = list(recorded(shared_data))

    for number, (at, ticks) in enumerate(steps):
        before = len(exchange.book().trades)
        exchange.on_ticks(ticks, at)
        taken = {Side.BUY: 0, Side.SELL: 0}
        for trade in exchange.book().trades[before:]:
            touch = "ask" if trade.side is Side.BUY else "bid"
            quote = D(str(ticks[touch][0])) + trade.side.sign * RELIANCE.tick_size
            assert trade.price == quote
            taken[trade.side] += trade.quantity
        assert taken[Side.BUY] <= ticks["ask_quantity"][0]
        assert taken[Side.SELL] <= ticks["bid_quantity"][0]
        if number % 20 == 0:
            side = Side.BUY if number % 40 else Side.SELL
            exchange.place(request(f"a{number}", side, 1500, instrument=RELIANCE), at)

    book = exchange.book()
    done = [update for update in book.orders if update.state is OrderState.FILLED]
    held = reduce(apply, book.trades, Position(RELIANCE))
    bills = [bill(update, day.date()) for update in done]
    assert len(done) > 20
    assert any(len(update.fills) > 1 for update in done)
    assert dict(book.net_quantity).get(RELIANCE.key, 0) == held.quantity
    assert held.realised - sum(bill.total for bill in bills) < 0
    assert all(bill.brokerage == 20 for bill in bills)


def test_resting_limits_fill_only_where_the_recorded_market_went(shared_data: Path) -> None:
    day = datetime.fromisoformat("2025-11-17T09:15:00+05:30")
    window = (day, day.replace(hour=15, minute=30))
    exchange = Exchange(ExchangeSettings(full_fills=True), {RELIANCE.key: window})
    steps = list(recorded(shared_data))
    first = D(str(steps[0][1]["last"][0]))
    limits = [first - D("0.5") * number for number in range(1, 30)]
    for number, price in enumerate(limits):
        asked = request(f"a{number}", Side.BUY, 500, instrument=RELIANCE, price=price)
        exchange.place(asked, steps[0][0])

    for at, ticks in steps:
        exchange.on_ticks(ticks, at)

    lowest = min(D(str(min(ticks["last"][0], ticks["ask"][0]))) for _, ticks in steps)
    filled = {u.client_id for u in exchange.book().orders if u.state is OrderState.FILLED}
    reached = {f"a{number}" for number, price in enumerate(limits) if price >= lowest}
    assert filled == reached
    assert 0 < len(filled) < len(limits)
