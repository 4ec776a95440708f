"""Without faults and delays an order fills behind Kite's protocol as on a paper day's exchange."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.exchange import Exchange
from execution.kitesim.answers import KiteError
from execution.market_rules import ExchangeSettings
from execution.orders import OrderChange
from marketdata.ticks import Ticks
from tests.unit.execution.kitesim.desk import ALL, CALL, CLOSE, FUTURE, OPEN, D, Desk, tick

ITEMS = st.sampled_from([CALL, FUTURE])
OFFSETS = st.integers(-4, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("limit"), ITEMS, st.sampled_from(["BUY", "SELL"]), OFFSETS),
        st.tuples(st.just("market"), ITEMS, st.sampled_from(["BUY", "SELL"])),
        st.tuples(st.just("stop"), ITEMS, st.sampled_from(["BUY", "SELL"]), OFFSETS),
        st.tuples(st.just("change"), st.integers(0, 9), OFFSETS),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("tick"), ITEMS, OFFSETS, st.integers(0, 3)),
    ),
    max_size=30,
)


class Twins:
    """Books behind Kite's words, and a bare exchange that is told the same."""

    def __init__(self) -> None:
        self.desk = Desk(cash=D(10**9), checks_price_protection=False)
        windows = {item.key: (OPEN, CLOSE) for item in ALL}
        self.bare = Exchange(ExchangeSettings(), windows)

    def place(self, item, **fields: object) -> None:
        row = self.desk.place(item, quantity=item.lot_size * 2, **fields)
        self.bare.place(row.request(), self.desk.market.at)

    def change(self, order_id: str, price) -> None:
        self.desk.modify(order_id, price=price)
        self.bare.modify(order_id, OrderChange(price=price), self.desk.market.at)

    def cancel(self, order_id: str) -> None:
        self.desk.books.cancel(order_id)
        self.bare.cancel(order_id, self.desk.market.at)

    def tick(self, ticks: Ticks) -> None:
        self.desk.step(ticks)
        self.bare.on_ticks(ticks, self.desk.market.at)

    def play(self, step: tuple) -> None:
        rows = self.desk.books.orders()
        match step:
            case ("limit", item, side, off):
                price = self.desk.market.prices[item.key] + off * item.tick_size
                self.place(item, transaction_type=side, price=price)
            case ("market", item, side):
                self.place(item, transaction_type=side)
            case ("stop", item, side, off):
                sign = 1 if side == "BUY" else -1
                trigger = self.desk.market.prices[item.key] + sign * item.tick_size * (1 + abs(off))
                limit = trigger + sign * item.tick_size
                self.place(item, transaction_type=side, price=limit, trigger_price=trigger)
            case ("change", number, off) if number < len(rows):
                row = rows[number]
                price = self.desk.market.prices[row.instrument.key]
                self.change(row.order_id, price + off * row.instrument.tick_size)
            case ("cancel", number) if number < len(rows):
                self.cancel(rows[number].order_id)
            case ("tick", item, off, lots):
                last = float(self.desk.market.prices[item.key] + off * item.tick_size)
                depth = lots * item.lot_size
                self.tick(tick(last, instrument=item, bid_quantity=depth, ask_quantity=depth))
            case _:
                pass


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_the_same_orders_fill_the_same(steps):
    twins = Twins()
    for step in steps:
        try:
            twins.play(step)
        except KiteError:
            continue

    ours = [fill for row in twins.desk.books.orders() for fill in row.fills]
    theirs = twins.bare.book().trades
    told = [(fill.client_id, fill.quantity, fill.price, fill.at) for fill in theirs]
    assert sorted(told) == sorted(
        (fill.client_id, fill.quantity, fill.price, fill.at) for fill in ours
    )
