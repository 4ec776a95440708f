from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from zoneinfo import ZoneInfo

from msgspec import structs

from execution.broker import BrokerBook
from execution.discrepancies import Discrepancy, DiscrepancyKind
from execution.orders import Fill, Order, OrderState, OrderUpdate, Side
from execution.orders_book import apply_update
from execution.positions import Position, apply
from execution.reconcile import Reconciliation, reconcile
from tests.unit.execution.market import CALL, Market, request, tick

D = Decimal
S = OrderState
AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
NONE: frozenset[str] = frozenset()
SENT = Order(request("a1", Side.BUY, 130, price=100), S.SENT)
OPEN_ORDER = structs.replace(SENT, state=S.OPEN, broker_id="b1")
EMPTY = BrokerBook((), (), (), complete=True)


def fill(number: int, client_id: str = "a1", broker_id: str = "b1") -> Fill:
    return Fill(f"t{number}", client_id, broker_id, CALL, Side.BUY, 65, D(100), AT)


def told(state: OrderState, *fills: Fill, client_id: str = "a1", broker: str = "b1") -> OrderUpdate:
    return OrderUpdate(client_id, broker, AT, state, sum(f.quantity for f in fills), fills)


def book(
    *orders: OrderUpdate,
    trades: tuple[Fill, ...] = (),
    net: tuple[tuple[str, int], ...] = (),
    complete: bool = True,
) -> BrokerBook:
    return BrokerBook(orders, trades, net, complete)


def only(found: Reconciliation) -> Discrepancy:
    [discrepancy] = found.discrepancies
    return discrepancy


def test_books_that_agree_give_nothing() -> None:
    held = apply(Position(CALL), fill(1))
    known = structs.replace(
        OPEN_ORDER, state=S.PARTIAL, filled_quantity=65, filled_value=D(6500), claimed_quantity=65
    )

    found = reconcile(
        [known],
        [held],
        book(told(S.PARTIAL), trades=(fill(1),), net=((CALL.key, 65),)),
        frozenset({"t1"}),
    )

    assert found == Reconciliation((), (), ())
    assert found.is_clean


def test_fills_that_were_missed_come_back_with_their_trades() -> None:
    found = reconcile(
        [OPEN_ORDER],
        [Position(CALL)],
        book(told(S.FILLED), trades=(fill(1), fill(2)), net=((CALL.key, 130),)),
        NONE,
    )

    [update] = found.updates
    order, fills = apply_update(OPEN_ORDER, update, NONE)
    assert found.is_clean
    assert order.state is S.FILLED
    assert fills == (fill(1), fill(2))


def test_an_order_without_an_answer_is_found_by_its_id() -> None:
    unknown = structs.replace(SENT, state=S.UNKNOWN)

    found = reconcile([unknown], [], book(told(S.OPEN)), NONE)

    assert [update.broker_id for update in found.updates] == ["b1"]
    assert found.absent == ()


def test_an_order_is_absent_only_when_the_book_is_complete() -> None:
    for state in (S.SENT, S.UNKNOWN):
        order = structs.replace(SENT, state=state)

        proven = reconcile([order], [], EMPTY, NONE)
        unproven = reconcile([order], [], book(complete=False), NONE)

        assert proven.absent == ("a1",)
        assert unproven.absent == ()
        assert only(unproven).kind is DiscrepancyKind.ORDER_UNPROVEN


def test_a_trade_alone_proves_that_the_order_exists() -> None:
    found = reconcile(
        [structs.replace(SENT, state=S.UNKNOWN)],
        [],
        book(trades=(fill(1),), net=((CALL.key, 65),)),
        NONE,
    )

    assert found.absent == ()
    assert [(u.state, u.filled_quantity) for u in found.updates] == [(S.PARTIAL, 65)]


def test_an_order_never_sent_is_not_looked_for() -> None:
    planned = structs.replace(SENT, state=S.PLANNED)

    assert reconcile([planned], [], EMPTY, NONE) == Reconciliation((), (), ())


def test_a_working_order_that_is_gone_is_named() -> None:
    found = reconcile([OPEN_ORDER], [], EMPTY, NONE)

    assert only(found) == Discrepancy(
        DiscrepancyKind.ORDER_MISSING, "a1", "OPEN 0", "not in the book"
    )
    assert found.absent == ()


def test_of_two_orders_under_one_id_the_first_is_ours_and_the_other_is_named() -> None:
    found = reconcile([SENT], [], book(told(S.OPEN), told(S.OPEN, broker="b2")), NONE)

    assert only(found) == Discrepancy(DiscrepancyKind.TWIN_ORDER, "a1", "SENT 0", "b1 b2")
    assert [update.broker_id for update in found.updates] == ["b1"]


def test_of_two_orders_under_one_id_the_one_we_know_is_ours() -> None:
    ours = structs.replace(OPEN_ORDER, broker_id="b2")

    found = reconcile([ours], [], book(told(S.OPEN), told(S.CANCELLED, broker="b2")), NONE)

    assert only(found).kind is DiscrepancyKind.TWIN_ORDER
    assert [(u.broker_id, u.state) for u in found.updates] == [("b2", S.CANCELLED)]


def test_news_that_cannot_be_is_named() -> None:
    rejected = structs.replace(OPEN_ORDER, state=S.REJECTED)

    found = reconcile(
        [rejected], [], book(told(S.FILLED, fill(1), fill(2)), net=((CALL.key, 0),)), NONE
    )

    assert only(found).kind is DiscrepancyKind.ORDER_IMPOSSIBLE


def test_orders_of_others_that_work_or_filled_are_named() -> None:
    found = reconcile(
        [],
        [],
        book(
            told(S.OPEN, client_id="", broker="x1"),
            told(S.CANCELLED, client_id="", broker="x2"),
            told(S.REJECTED, client_id="zz", broker="x3"),
            replace(told(S.CANCELLED, client_id="", broker="x4"), filled_quantity=65),
        ),
        NONE,
    )

    assert [(d.kind, d.subject, d.theirs) for d in found.discrepancies] == [
        (DiscrepancyKind.FOREIGN_ORDER, "x1", "OPEN 0"),
        (DiscrepancyKind.FOREIGN_ORDER, "x4", "CANCELLED 65"),
    ]


def test_a_trade_no_listed_order_explains_is_named() -> None:
    stray = fill(9, client_id="", broker_id="x9")

    found = reconcile([], [], book(trades=(stray,)), NONE)

    assert only(found) == Discrepancy(
        DiscrepancyKind.FOREIGN_TRADE, "t9", "none", f"BUY 65 {CALL.key}"
    )


def test_positions_that_differ_are_named_on_both_sides() -> None:
    ours = apply(Position(CALL), fill(1))

    gone = reconcile([], [ours], EMPTY, NONE)
    foreign = reconcile([], [], book(net=(("NSE:TCS", -5),)), NONE)

    assert only(gone) == Discrepancy(DiscrepancyKind.POSITION, CALL.key, "65", "0")
    assert only(foreign) == Discrepancy(DiscrepancyKind.FOREIGN_POSITION, "NSE:TCS", "0", "-5")


def test_flat_on_both_sides_is_no_disagreement() -> None:
    found = reconcile([], [Position(CALL)], book(net=(("NSE:TCS", 0),)), NONE)

    assert found.is_clean


def test_orders_that_heard_nothing_catch_up_with_the_simulated_exchange() -> None:
    market = Market()
    asked = [
        request("a1", Side.BUY, 130, price=100),
        request("a2", Side.SELL, price=120),
        request("a3", Side.BUY, price=90),
    ]
    for one in asked:
        market.place(one)
    market.step(tick(100, ask=100, ask_quantity=65))
    market.cancel("a3")
    ours = [Order(one, S.UNKNOWN) for one in asked]

    found = reconcile(ours, [Position(CALL)], market.exchange.book(), NONE)
    after = [
        apply_update(order, update, NONE)[0]
        for order, update in zip(ours, found.updates, strict=True)
    ]
    trades = [trade for update in found.updates for trade in update.fills]
    held = reduce(apply, trades, Position(CALL))
    known = {trade.trade_id for trade in trades}
    again = reconcile(after, [held], market.exchange.book(), known)

    assert found.is_clean
    assert [order.state for order in after] == [S.PARTIAL, S.OPEN, S.CANCELLED]
    assert again == Reconciliation((), (), ())


def test_trades_without_their_order_make_the_news_that_the_order_would_have_brought() -> None:
    late = replace(fill(2), at=AT.replace(minute=5))
    unknown = structs.replace(SENT, state=S.UNKNOWN)

    found = reconcile([unknown], [], book(trades=(fill(1), late)), NONE)
    part = reconcile([unknown], [], book(trades=(fill(1),)), NONE)

    assert found.updates == (OrderUpdate("a1", "b1", late.at, S.FILLED, 130, (fill(1), late)),)
    assert part.updates == (OrderUpdate("a1", "b1", AT, S.PARTIAL, 65, (fill(1),)),)
