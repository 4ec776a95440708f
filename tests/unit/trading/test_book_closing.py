"""A run brought out by its broker's own list: what is ours, what is left, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.broker import BrokerBook, HeldLine, OutcomeUnknown, Refused
from execution.orders import Fill, OrderRequest, OrderState, OrderType, OrderUpdate, Side
from marketdata.instruments import Exchange, Instrument, Kind
from trading.book_closing import BookFlatten, Terms
from trading.journal import JournalFile, read_records

AT = datetime(2026, 10, 6, 6, 0, tzinfo=UTC)
FUTURE = Instrument(
    token=1,
    exchange=Exchange.NFO,
    symbol="NIFTY26OCTFUT",
    name="NIFTY",
    kind=Kind.FUTURE,
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=date(2026, 10, 27),
    freeze_quantity=1800,
)
CODE = "ABCDEFG"


class Street:
    """A broker whose market fills at once, unless it is told to refuse or to say nothing."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderUpdate] = {}
        self.trades: list[Fill] = []
        self.foreign = 0
        self.placed: list[OrderRequest] = []
        self.cancelled: list[str] = []
        self.refuses = self.says_nothing = self.loses = False
        self.complete = True
        self.unsettled: frozenset[str] = frozenset()
        self.twins: dict[str, OrderUpdate] = {}
        self.lags = 0
        self.rests_on = False
        self.last = Decimal(0)
        self.is_away = False

    def held(self, units: int, client_id: str = f"{CODE}E0001") -> None:
        """Let an order of ours have filled so many signed units."""
        side = Side.BUY if units > 0 else Side.SELL
        self._fill(client_id, side, abs(units))

    def rests(self, client_id: str) -> None:
        self.orders[client_id] = OrderUpdate(client_id, f"B{client_id}", AT, OrderState.OPEN)

    @property
    def net(self) -> int:
        return self.foreign + sum(fill.side.sign * fill.quantity for fill in self.trades)

    def _fill(self, client_id: str, side: Side, quantity: int) -> None:
        broker_id, trade_id = f"B{client_id}", f"T{len(self.trades)}"
        self.orders[client_id] = OrderUpdate(client_id, broker_id, AT, OrderState.FILLED, quantity)
        price = Decimal(100)
        self.trades.append(Fill(trade_id, client_id, broker_id, FUTURE, side, quantity, price, AT))

    async def place(self, request: OrderRequest) -> OrderUpdate:
        self.placed.append(request)
        if self.refuses and request.order_type is OrderType.MARKET:
            raise Refused("no")
        if self.rests_on:
            self.rests(request.client_id)
            return self.orders[request.client_id]
        if not self.loses:
            self._fill(request.client_id, request.side, request.quantity)
        if self.says_nothing or self.loses:
            raise OutcomeUnknown(request.client_id)
        return self.orders[request.client_id]

    async def call_off(self, broker_id: str) -> None:
        rests = self.twins if broker_id in self.twins else self.orders
        [name] = [name for name, one in rests.items() if one.broker_id == broker_id]
        rests[name] = replace(rests[name], state=OrderState.CANCELLED)
        self.cancelled.append(broker_id)

    async def book(self) -> BrokerBook:
        if self.is_away:
            raise OutcomeUnknown("away")
        orders = (*self.twins.values(), *self.orders.values())
        trades = tuple(self.trades[: len(self.trades) - self.lags])
        units = self.foreign + sum(fill.side.sign * fill.quantity for fill in trades)
        net = ((FUTURE.key, units),)
        held = (HeldLine(FUTURE.key, "MIS", units, 0, self.last),)
        return BrokerBook(orders, trades, net, self.complete, self.unsettled, held=held)


TERMS = Terms(CODE, 7, Decimal(-1), beyond=Decimal("0.02"), looks_to_fill=20)


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def work(street: Street, tmp_path: Path) -> Iterator[BookFlatten]:
    journal = JournalFile(tmp_path / "run.dead-man")
    journal.lead(7)
    yield BookFlatten(street, TERMS, journal)
    journal.close()


def looks(work: BookFlatten, number: int) -> list[str]:
    """Look so often, and return what was left each time."""

    async def looked() -> list[str]:
        return [await work.look() for _ in range(number)]

    return asyncio.run(looked())


@pytest.mark.parametrize(("units", "side"), [(150, Side.SELL), (-150, Side.BUY)])
def test_what_is_held_is_closed_with_the_opposite(work, street, units, side):
    street.held(units)

    assert looks(work, 2) == [f"{units:+d} {FUTURE.key}", ""]

    [order] = street.placed
    assert (order.side, order.quantity, order.client_id) == (side, 150, f"{CODE}D7N1")
    assert order.market_protection == Decimal(-1)
    assert street.net == 0


def test_what_works_is_cancelled_before_anything_is_closed(work, street):
    street.held(75)
    street.rests(f"{CODE}S0002")

    first = looks(work, 1)

    assert street.cancelled == [f"B{CODE}S0002"]
    assert street.placed == []
    assert "works" in first[0]
    assert looks(work, 2)[-1] == ""


def test_what_carries_other_tags_is_never_touched(work, street):
    street.foreign = 300
    street.rests("OTHER00001")
    street.held(-75, client_id="ZZZZZZZE0001")
    street.rests(f"{CODE}2E0001")

    assert looks(work, 3) == ["", "", ""]
    assert (street.placed, street.cancelled) == ([], [])


def test_never_more_is_closed_than_the_account_holds(work, street):
    street.held(150)
    street.foreign = -75

    looks(work, 1)

    assert [order.quantity for order in street.placed] == [75]
    assert street.net == 0


def test_what_somebody_else_has_turned_round_is_left(work, street):
    street.held(75)
    street.foreign = -150

    assert looks(work, 1) == [""]
    assert street.placed == []


def test_what_is_above_the_freeze_goes_in_slices(work, street):
    street.held(75 * 50)

    looks(work, 1)

    assert [order.quantity for order in street.placed] == [1800, 1800, 150]
    assert street.net == 0


def test_an_order_of_which_nothing_is_said_is_not_sent_again_while_the_book_may_hide_it(
    work, street
):
    street.held(75)
    street.loses = True
    street.unsettled = frozenset({f"{CODE}D7N1"})

    told = looks(work, 3)

    assert len(street.placed) == 1
    assert told[-1] == f"+75 {FUTURE.key}; order {CODE}D7N1 works"


def test_an_order_that_the_book_proves_absent_is_followed_by_another(work, street):
    street.held(75)
    street.loses = True
    looks(work, 1)
    street.loses = False

    assert looks(work, 2)[-1] == ""
    assert [order.client_id for order in street.placed] == [f"{CODE}D7N1", f"{CODE}D7N2"]
    assert street.net == 0


def test_an_order_that_was_filled_without_an_answer_is_not_sent_twice(work, street):
    street.held(75)
    street.says_nothing = True

    assert looks(work, 3)[-1] == ""
    assert len(street.placed) == 1


def test_a_refusal_is_not_hammered_and_its_number_not_used_again(work, street):
    street.held(75)
    street.refuses = True

    looks(work, 7)
    street.refuses = False
    looks(work, 7)

    ids = [order.client_id for order in street.placed]
    assert ids == [f"{CODE}D7N1", f"{CODE}D7N2", f"{CODE}D7N3"]
    assert street.net == 0


def test_a_book_that_cannot_be_read_or_is_not_whole_is_not_flat(work, street):
    street.is_away = True
    away = looks(work, 1)
    street.is_away, street.complete = False, False

    assert away == ["the book can't be read: away"]
    assert looks(work, 1) == ["the book is not complete"]


def test_every_order_is_written_down_before_it_leaves(street, tmp_path):
    path = tmp_path / "run.dead-man"
    journal = JournalFile(path)
    journal.lead(7)
    seen: list[list[str]] = []
    place = street.place

    async def watched(request: OrderRequest) -> OrderUpdate:
        seen.append([r.body["client_id"] for r in read_records(path)])
        return await place(request)

    street.place = watched
    street.held(75)
    looks(BookFlatten(street, TERMS, journal), 1)
    journal.close()

    assert seen == [[f"{CODE}D7N1"]]
    assert [record.token for record in read_records(path)] == [7]


def test_an_order_is_not_sent_again_because_trades_and_units_are_told_late(work, street):
    street.held(75)
    looks(work, 1)
    street.lags = 1

    told = looks(work, 3)
    street.lags = 0

    assert told == [f"+75 {FUTURE.key}; trades of filled orders are not told yet"] * 3
    assert looks(work, 1) == [""]
    assert (len(street.placed), street.net) == (1, 0)


def test_what_is_held_is_not_taken_for_flat_before_its_trades_are_told(work, street):
    street.held(75)
    street.lags = 1

    assert looks(work, 1) == ["trades of filled orders are not told yet"]


@pytest.mark.parametrize(("units", "price"), [(75, "97.95"), (-75, "102.05")])
def test_where_no_market_order_is_taken_a_limit_goes_through_the_last_price(
    work, street, units, price
):
    street.held(units)
    street.refuses, street.last = True, Decimal("99.99") if units > 0 else Decimal("100.01")

    assert looks(work, 9)[-1] == ""

    assert [order.order_type for order in street.placed] == [OrderType.MARKET, OrderType.LIMIT]
    assert street.placed[-1].price == Decimal(price)
    assert street.net == 0


def test_what_the_price_has_run_away_from_is_cancelled_and_sent_anew(work, street):
    street.held(75)
    street.rests_on = True
    looks(work, 20)
    assert (len(street.placed), street.cancelled) == (1, [])

    looks(work, 1)
    street.rests_on = False

    assert street.cancelled == [f"B{CODE}D7N1"]
    assert looks(work, 2)[-1] == ""
    assert (len(street.placed), street.net) == (2, 0)


def test_what_was_sold_is_bought_back_before_its_hedge_is_sold(work, street):
    street.held(75)
    put = replace(FUTURE, symbol="NIFTY26OCT26000PE")
    street.trades.append(replace(street.trades[0], trade_id="P", instrument=put, side=Side.SELL))
    book = asyncio.run(street.book())

    async def both() -> BrokerBook:
        return replace(book, net_quantity=((FUTURE.key, 75), (put.key, -75)))

    street.book = both
    looks(work, 1)

    assert [(order.instrument, order.side) for order in street.placed] == [(put, Side.BUY)]


def test_a_second_order_under_a_tag_of_ours_is_cancelled_as_well(work, street):
    street.held(75)
    client_id = f"{CODE}S0002"
    street.twins["B2"] = OrderUpdate(client_id, "B2", AT, OrderState.OPEN)
    street.orders[client_id] = OrderUpdate(client_id, "B1", AT, OrderState.CANCELLED)

    assert "works" in looks(work, 1)[0]

    assert street.cancelled == ["B2"]
    assert street.placed == []
    assert looks(work, 2)[-1] == ""


@settings(max_examples=200, deadline=None)
@given(
    fills=st.lists(st.integers(-20, 20).filter(bool).map(lambda lots: lots * 75), max_size=8),
    foreign=st.integers(-20, 20).map(lambda lots: lots * 75),
    resting=st.integers(0, 3),
)
def test_whatever_is_held_ends_without_a_turn_of_the_account(
    tmp_path_factory, fills, foreign, resting
):
    street = Street()
    journal = JournalFile(tmp_path_factory.mktemp("j") / "run.dead-man")
    for number, units in enumerate(fills):
        street.held(units, client_id=f"{CODE}E{number:04d}")
    for number in range(resting):
        street.rests(f"{CODE}S{number:04d}")
    street.foreign = foreign
    before, ours = street.net, sum(fills)

    left = looks(BookFlatten(street, replace(TERMS, token=1), journal), 4)[-1]
    journal.close()

    closed = street.net - before
    assert left == ""
    assert abs(closed) <= min(abs(ours), abs(before))
    assert before * street.net >= 0
    assert len(street.cancelled) == len(set(street.cancelled)) == resting


@pytest.mark.parametrize(("beyond", "price"), [("0.01", "98.95"), ("0.05", "94.95")])
def test_how_far_a_limit_lies_through_the_price_is_a_setting(street, tmp_path, beyond, price):
    street.held(75)
    street.refuses, street.last = True, Decimal("99.99")
    with closing(JournalFile(tmp_path / "run.dead-man")) as journal:
        journal.lead(7)
        looks(BookFlatten(street, replace(TERMS, beyond=Decimal(beyond)), journal), 9)

    assert street.placed[-1].price == Decimal(price)


def test_how_many_looks_an_order_has_to_fill_is_a_setting(street, tmp_path):
    street.held(75)
    street.rests_on = True
    with closing(JournalFile(tmp_path / "run.dead-man")) as journal:
        journal.lead(7)
        work = BookFlatten(street, replace(TERMS, looks_to_fill=4), journal)
        looks(work, 4)
        assert street.cancelled == []
        looks(work, 1)

    assert len(street.cancelled) == 1


@pytest.mark.parametrize("wrong", [{"beyond": Decimal(0)}, {"beyond": Decimal(1)}])
def test_terms_that_would_give_the_price_away_are_refused(wrong):
    with pytest.raises(ValueError, match="beyond"):
        replace(TERMS, **wrong)
