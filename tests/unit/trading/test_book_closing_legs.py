"""Legs brought out by their broker's own list: no sold one is ever left without its hedge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from execution.broker import BrokerBook, HeldLine, Refused
from execution.orders import Fill, OrderRequest, OrderState, OrderUpdate, Side
from marketdata.instruments import Exchange, Instrument, Kind
from trading.book_closing import BookFlatten, Terms
from trading.journal import JournalFile

AT = datetime(2026, 10, 6, 6, 0, tzinfo=UTC)
CODE = "ABCDEFG"
SOLD = Instrument(
    token=1,
    exchange=Exchange.NFO,
    symbol="NIFTY26OCT25000PE",
    name="NIFTY",
    kind=Kind.PUT,
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=date(2026, 10, 27),
    strike=Decimal(25000),
    freeze_quantity=1800,
)
HEDGE = replace(SOLD, token=2, symbol="NIFTY26OCT24800PE", strike=Decimal(24800))
CALL = replace(SOLD, token=3, symbol="NIFTY26OCT25200CE", kind=Kind.CALL, strike=Decimal(25200))
OTHER = replace(HEDGE, token=4, symbol="BANKNIFTY26OCT52000PE", name="BANKNIFTY", lot_size=30)


class Street:
    """A broker of several contracts that fills what it takes, so many units of it at first."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderUpdate] = {}
        self.trades: list[Fill] = []
        self.refused: set[str] = set()
        self.fills_at_first = 10_000
        self.placed: list[OrderRequest] = []
        self.least_hedged = 0

    def held(self, instrument: Instrument, units: int) -> None:
        side = Side.BUY if units > 0 else Side.SELL
        self._fill(f"{CODE}E{len(self.orders):04d}", (instrument, side, abs(units)), abs(units))

    def net(self, instrument: Instrument) -> int:
        mine = [fill for fill in self.trades if fill.instrument == instrument]
        return sum(fill.side.sign * fill.quantity for fill in mine)

    def _fill(self, client_id: str, what: tuple[Instrument, Side, int], filled: int) -> None:
        instrument, side, asked = what
        broker_id, trade_id = f"B{client_id}", f"T{len(self.trades)}"
        state = OrderState.FILLED if filled == asked else OrderState.PARTIAL
        self.orders[client_id] = OrderUpdate(client_id, broker_id, AT, state, filled)
        told = (trade_id, client_id, broker_id, instrument, side, filled)
        self.trades.append(Fill(*told, Decimal(100), AT))
        self.least_hedged = min(self.least_hedged, self.net(SOLD) + self.net(HEDGE))

    async def place(self, request: OrderRequest) -> OrderUpdate:
        self.placed.append(request)
        if request.instrument.key in self.refused:
            raise Refused("Trading in it is not allowed.")
        filled = min(request.quantity, self.fills_at_first)
        what = (request.instrument, request.side, request.quantity)
        self._fill(request.client_id, what, filled)
        return self.orders[request.client_id]

    async def call_off(self, broker_id: str) -> None:
        [name] = [name for name, one in self.orders.items() if one.broker_id == broker_id]
        self.orders[name] = replace(self.orders[name], state=OrderState.CANCELLED)

    async def book(self) -> BrokerBook:
        keys = {fill.instrument.key: fill.instrument for fill in self.trades}
        net = tuple((key, self.net(instrument)) for key, instrument in keys.items())
        held = tuple(HeldLine(key, "MIS", units, 0, Decimal(100)) for key, units in net)
        return BrokerBook(tuple(self.orders.values()), tuple(self.trades), net, True, held=held)


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def work(street: Street, tmp_path: Path) -> Iterator[BookFlatten]:
    journal = JournalFile(tmp_path / "run.dead-man")
    journal.lead(7)
    terms = Terms(CODE, 7, Decimal(-1), beyond=Decimal("0.02"), looks_to_fill=4)
    yield BookFlatten(street, terms, journal)
    journal.close()


def look(work: BookFlatten, times: int) -> str:
    """Look so often, and return what was left at last."""

    async def looked() -> list[str]:
        return [await work.look() for _ in range(times)]

    return asyncio.run(looked())[-1]


def test_a_hedge_is_kept_while_what_it_hedges_is_refused(work: BookFlatten, street: Street):
    street.held(HEDGE, 75)
    street.held(SOLD, -75)
    street.refused = {SOLD.key}

    left = look(work, 30)

    assert left == f"+75 {HEDGE.key}; -75 {SOLD.key}"
    assert {order.instrument for order in street.placed} == {SOLD}
    assert street.least_hedged >= 0


def test_a_hedge_is_kept_until_all_of_what_it_hedges_is_bought_back(
    work: BookFlatten, street: Street
):
    street.held(HEDGE, 150)
    street.held(SOLD, -150)
    street.fills_at_first = 75

    assert look(work, 40) == ""

    assert [(o.instrument, o.quantity) for o in street.placed[:2]] == [(SOLD, 150), (SOLD, 75)]
    assert street.least_hedged >= 0
    assert (street.net(SOLD), street.net(HEDGE)) == (0, 0)


def test_what_hedges_nothing_that_is_sold_does_not_wait(work: BookFlatten, street: Street):
    for instrument in (OTHER, CALL):
        street.held(instrument, instrument.lot_size)
    street.held(HEDGE, 75)
    street.held(SOLD, -75)
    street.refused = {SOLD.key}

    look(work, 1)

    assert {order.instrument for order in street.placed} == {SOLD, OTHER, CALL}


@pytest.mark.parametrize("units", [100, -100])
def test_what_is_held_besides_whole_lots_is_closed_too(
    work: BookFlatten, street: Street, units: int
):
    street.held(CALL, units)

    assert look(work, 2) == ""

    assert [order.quantity for order in street.placed] == [75, 25]
    assert street.net(CALL) == 0
