"""The broker's book out of rows: what is whole, what is named, and what must not look like none."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from execution.broker import OutcomeUnknown
from execution.kite.books import Lists, book_of, trades_of
from execution.kite.lines import held_lines, order_lines
from execution.kite.mapping import Names
from execution.kite.rows import Row, RowError
from execution.orders import Order, OrderState
from execution.positions import Position, apply
from execution.reconcile import reconcile
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    D,
    limit,
    order_row,
    position_row,
    trade_row,
)

NOBODY = Names({}, {CALL.key: CALL}.get)
HELD = position_row(65, overnight_quantity=0, last_price=101.5)
DONE = order_row(status="COMPLETE", filled_quantity=65, pending_quantity=0)


def test_a_book_holds_what_all_three_lists_say() -> None:
    book = book_of(Lists([DONE], [trade_row()], [HELD]), NOBODY, NOW)

    [order], [fill] = book.orders, book.trades
    assert (order.client_id, order.state) == ("a1", OrderState.FILLED)
    assert (fill.client_id, fill.instrument, fill.quantity) == ("a1", CALL, 65)
    assert book.net_quantity == ((CALL.key, 65),)
    assert book.lines == order_lines([DONE])
    assert book.held == held_lines([HELD])
    assert (len(book.lines), len(book.held)) == (1, 1)
    assert (book.complete, book.unsettled) == (True, frozenset())


def test_an_empty_book_is_whole() -> None:
    book = book_of(Lists([], [], []), NOBODY, NOW)

    assert (book.orders, book.trades, book.net_quantity, book.complete) == ((), (), (), True)


def test_a_trade_is_told_by_the_tag_of_its_order_in_the_same_book() -> None:
    rows = [order_row(), order_row(order_id="2", tag="b2")]
    trades = [trade_row(), trade_row(order_id="2", trade_id="7"), trade_row(order_id="3")]

    book = book_of(Lists(rows, trades, []), NOBODY, NOW)

    assert [fill.client_id for fill in book.trades] == ["a1", "b2", ""]


def test_what_we_know_of_an_order_goes_before_its_tag() -> None:
    names = Names({BROKER_ID: "ours"}, {CALL.key: CALL}.get)

    book = book_of(Lists([order_row(tag="b2")], [trade_row()], []), names, NOW)

    assert [order.client_id for order in book.orders] == ["ours"]
    assert [fill.client_id for fill in book.trades] == ["ours"]


def test_a_trade_of_an_order_that_no_list_tells_of_is_told_by_what_we_know() -> None:
    names = Names({BROKER_ID: "ours"}, {CALL.key: CALL}.get)

    book = book_of(Lists([], [trade_row()], []), names, NOW)

    assert [fill.client_id for fill in book.trades] == ["ours"]
    assert book.complete


def test_a_tag_that_is_not_like_ours_names_no_order() -> None:
    rows = [order_row(tag="by hand!")]

    book = book_of(Lists(rows, [trade_row()], []), NOBODY, NOW)

    assert [order.client_id for order in book.orders] == [""]
    assert [fill.client_id for fill in book.trades] == [""]


def test_terms_that_rest_otherwise_than_believed_are_news_of_the_moment_of_reading() -> None:
    names = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get, requests={"a1": limit(price="99.95")})

    [order] = book_of(Lists([order_row()], [], []), names, NOW).orders

    assert (order.at, order.request) == (NOW, limit())


@pytest.mark.parametrize(
    ("orders", "trades"),
    [
        ([order_row(), order_row(order_id="2", status=None)], [trade_row()]),
        ([order_row()], [trade_row(), trade_row(trade_id="7", quantity=0)]),
        ([order_row(), order_row(order_id="2", status=None)], [trade_row(quantity="many")]),
    ],
)
def test_a_book_with_a_row_that_cannot_be_read_is_not_whole(
    orders: list[Row], trades: list[Row]
) -> None:
    book = book_of(Lists(orders, trades, [HELD]), NOBODY, NOW)

    assert len(book.orders) == 1
    assert [fill.trade_id for fill in book.trades] == ["NFO-261123-20001-BUY"] * (len(book.trades))
    assert not book.complete


def test_an_unreadable_row_is_named_by_its_order_and_its_fault_and_the_rest_is_read() -> None:
    long = "9" * 60
    rows = [order_row(order_id=long, status=None), order_row(), order_row(status=5)]

    with capture_logs() as logs:
        book = book_of(Lists(rows, [], []), NOBODY, NOW)

    assert len(book.orders) == 1
    assert [(each["event"], each["order"], each["log_level"]) for each in logs] == [
        ("row unreadable", long[:40], "warning"),
        ("row unreadable", BROKER_ID, "warning"),
    ]
    assert all(str(each["fault"]).endswith(": expected a text") for each in logs[1:])


def test_an_unreadable_position_leaves_no_book_at_all() -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        book_of(Lists([order_row()], [], [HELD, position_row("many")]), NOBODY, NOW)

    assert str(unknown.value) == "positions: quantity: expected a whole number"
    assert isinstance(unknown.value.__cause__, RowError)


def test_what_somebody_trades_where_the_desk_does_not_leaves_the_book_whole() -> None:
    elsewhere: dict[str, object] = {"exchange": "MCX", "tradingsymbol": "GOLDM26DECFUT"}
    rows = [DONE, order_row(order_id="2", tag="byhand", status="COMPLETE", **elsewhere)]
    trades = [trade_row(), trade_row(order_id="2", trade_id="7", **elsewhere)]
    gold = position_row(3, overnight_quantity=1, last_price=75_000, **elsewhere)
    names = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get)

    book = book_of(Lists(rows, trades, [HELD, gold]), names, NOW)

    ours = Order(limit(), OrderState.FILLED, BROKER_ID, 65, D(6500), claimed_quantity=65)
    held = apply(Position(CALL), book.trades[0])
    found = reconcile([ours], [held], book, {book.trades[0].trade_id})
    assert book.complete
    assert found.is_clean
    assert [(one.instrument, one.quantity) for one in found.foreign.positions] == [
        ("MCX:GOLDM26DECFUT", 3)
    ]


def test_a_trade_that_is_listed_twice_is_one_trade() -> None:
    book = book_of(Lists([DONE], [trade_row(), trade_row()], [HELD]), NOBODY, NOW)

    assert [fill.quantity for fill in book.trades] == [65]
    assert book.complete


def test_trades_alone_are_read_as_far_as_they_can_be() -> None:
    rows = [trade_row(), trade_row(trade_id=None), trade_row(trade_id="7", average_price=0)]

    with capture_logs() as logs:
        fills = trades_of(rows, Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get), NOW)

    assert [(fill.client_id, fill.trade_id) for fill in fills] == [("a1", "NFO-261123-20001-BUY")]
    assert [each["fault"] for each in logs] == [
        "trade_id: expected a text",
        "quantity: expected above 0, at an average_price above 0",
    ]


def test_a_trade_of_another_year_is_no_trade_of_this_book() -> None:
    old = trade_row(fill_timestamp="2025-11-23 10:00:05")

    with capture_logs() as logs:
        assert trades_of([old], NOBODY, NOW) == ()

    assert [each["order"] for each in logs] == [BROKER_ID]
