from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.kitesim.answers import ErrorType, KiteError
from execution.kitesim.faults import FaultKind, FaultRule
from execution.kitesim.order_form import parse_order
from execution.kitesim.order_row import FINAL, Status
from execution.kitesim.settings import Check, Held
from execution.orders import Product
from tests.unit.execution.kitesim.desk import CALL, CLOSE, FUTURE, SHARE, WING, D, Desk, form, tick


def refusal(desk: Desk, *args: object, **fields: object) -> KiteError:
    with pytest.raises(KiteError) as caught:
        desk.place(*args, **fields)
    return caught.value


def test_order_ids_are_fifteen_digits_of_day_run_and_number():
    desk = Desk()

    assert [desk.place(price=90).order_id for _ in range(2)] == [
        "261123007000001",
        "261123007000002",
    ]


def test_what_is_refused_makes_no_order_and_no_news():
    desk = Desk()

    assert refusal(desk, price=100.03).error_type is ErrorType.INPUT
    assert desk.books.orders() == []
    assert desk.messages == []


@pytest.mark.parametrize("at", [CLOSE, CLOSE.replace(hour=16)])
def test_outside_the_session_nothing_is_taken(at):
    desk = Desk()
    desk.market.at = at

    assert "closed" in refusal(desk, price=90).message


def test_an_order_blocks_its_money_until_it_ends():
    desk = Desk()
    before = desk.books.money().left

    row = desk.place(price=90)
    working = desk.books.money()
    desk.books.cancel(row.order_id)

    assert working.ordered == 90 * 65
    assert working.left == before - 90 * 65
    assert desk.books.money().left == before


def test_money_that_working_orders_hold_cannot_be_spent_twice():
    desk = Desk(cash=D(10_000))

    first, second = desk.place(price=90), desk.place(price=90)

    assert first.status is Status.OPEN
    assert second.status is Status.REJECTED
    assert second.message == (
        "Insufficient funds. Required margin is 5850.00 but available margin is 4150.00."
    )


def test_closing_needs_no_money_even_when_there_is_none_left():
    desk = Desk(cash=D(6_600))
    desk.place()
    desk.step(tick(100))

    closing = desk.place(transaction_type="SELL", price=90)
    more = desk.place(transaction_type="SELL", price=90)

    assert closing.status is Status.OPEN
    assert more.status is Status.REJECTED


def test_a_short_is_cheaper_behind_its_hedge():
    desk = Desk()
    naked = desk.place(transaction_type="SELL", price=110)
    desk.books.cancel(naked.order_id)
    alone = desk.books._checks.needed(naked.request())
    desk.place(WING, market_protection=-1)
    desk.step(tick(40, instrument=WING))

    hedged = desk.place(transaction_type="SELL", price=110)

    assert hedged.blocked < alone


@pytest.mark.parametrize("check", [Check.FUNDS, Check.FREEZE])
def test_a_check_answers_the_call_where_it_is_not_set_to_come_later(check):
    desk = Desk(cash=D(1), rejected_later=frozenset(Check) - {check})
    quantity = 1820 if check is Check.FREEZE else 65

    assert refusal(desk, price=90, quantity=quantity).code == 400


def test_carried_shares_can_be_sold_once_and_others_not():
    desk = Desk(held=(Held(SHARE.key, Product.CNC, 10, D(1400)),))

    first = desk.place(SHARE, product="CNC", transaction_type="SELL", price=1500, quantity=6)
    second = desk.place(SHARE, product="CNC", transaction_type="SELL", price=1500, quantity=6)

    assert (first.status, second.status) == (Status.OPEN, Status.REJECTED)
    assert second.message == "Insufficient stock holding. 4 available, 6 needed."


def test_what_is_carried_must_exist():
    with pytest.raises(ValueError, match="NSE:GONE is not an instrument"):
        Desk(held=(Held("NSE:GONE", Product.CNC, 1, D(1)),))


def test_slices_may_fail_one_by_one():
    desk = Desk(cash=D(190_000), rejected_later=frozenset())

    parent, children = desk.books.place_sliced(
        parse_order("regular", form(quantity=1755 + 650, price=90, autoslice="true"))
    )

    assert [set(child) for child in children] == [{"order_id"}, {"error"}]
    assert children[1]["error"]["error_type"] == "MarginException"
    assert desk.books.orders()[0].tags == ("autoslice", f"autoslice:{parent}")


def test_more_than_ten_slices_are_refused():
    desk = Desk()
    asked = parse_order("regular", form(quantity=1755 * 10 + 65, price=90))

    with pytest.raises(KiteError, match="at most 10"):
        desk.books.place_sliced(asked)


def test_a_small_order_is_not_sliced():
    desk = Desk()

    order_id, children = desk.books.place_sliced(parse_order("regular", form(price=90)))

    assert children == []
    assert desk.books.order(order_id).status is Status.OPEN


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"price": 100.03}, "Tick size"),
        ({"quantity": 66}, "lot size"),
        ({"order_type": "SL"}, "Trigger price is required"),
        ({"validity": "IOC"}, "validity"),
        ({"quantity": 1820}, "freeze"),
        ({"price": 150}, "price protection"),
    ],
)
def test_a_refused_change_leaves_the_order_as_it_was(fields, words):
    desk = Desk()
    row = desk.place(price=90)
    before = row.as_dict()

    with pytest.raises(KiteError, match=words):
        desk.modify(row.order_id, **fields)

    assert row.as_dict() == before
    assert desk.messages == []


def test_a_triggered_stop_keeps_its_trigger():
    desk = Desk()
    row = desk.place(FUTURE, price=26020, trigger_price=26010)
    desk.step(tick(26100, instrument=FUTURE))

    with pytest.raises(KiteError, match="triggered already"):
        desk.modify(row.order_id, trigger_price=26015)
    desk.modify(row.order_id, price=26200)
    desk.step(tick(26100, instrument=FUTURE))

    assert row.status is Status.COMPLETE


def test_an_order_on_its_way_cannot_be_changed_but_cancelled():
    desk = Desk(FaultRule(FaultKind.STUCK_OPEN_PENDING))
    row = desk.place(price=90)

    with pytest.raises(KiteError, match="being processed"):
        desk.modify(row.order_id, price=91)
    desk.books.cancel(row.order_id)

    assert row.status is Status.CANCELLED


def test_every_listener_hears_every_message_with_the_postback_s_fields():
    desk, heard = Desk(), []
    desk.books.on_message(heard.append)

    desk.place(price=100, tag="a1")
    desk.step(tick(99))

    assert heard == desk.messages
    assert heard[0] | {"checksum": "x"} != heard[0]
    assert (heard[0]["user_id"], heard[0]["app_id"], heard[0]["unfilled_quantity"]) == (
        "SIM001",
        1,
        0,
    )


ITEMS = st.sampled_from([CALL, WING, FUTURE, SHARE])
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("place"),
            ITEMS,
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 4),
            st.sampled_from([None, -2, 0, 2]),
        ),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("modify"), st.integers(0, 9), st.sampled_from([-2, 2])),
        st.tuples(st.just("tick"), ITEMS, st.sampled_from([-4, 0, 4]), st.integers(1, 4)),
    ),
    max_size=25,
)
RULES = st.lists(
    st.sampled_from(
        [
            FaultRule(FaultKind.FILL_AFTER_CANCEL, share=0.5),
            FaultRule(FaultKind.STUCK_OPEN_PENDING, share=0.5, seconds=3),
            FaultRule(FaultKind.PARTIAL_THEN_REJECT, share=0.5),
            FaultRule(FaultKind.ACCEPT_TWICE, share=0.2),
        ]
    ),
    max_size=3,
)


def play(desk: Desk, step: tuple) -> None:
    rows = desk.books.orders()
    match step:
        case ("place", item, side, lots, off):
            last = desk.market.prices[item.key]
            told = {} if off is None else {"price": last + off * item.tick_size}
            desk.place(item, transaction_type=side, quantity=lots * item.lot_size, **told)
        case ("cancel", number) if number < len(rows):
            desk.books.cancel(rows[number].order_id)
        case ("modify", number, off) if number < len(rows):
            item = rows[number].instrument
            desk.modify(
                rows[number].order_id, price=desk.market.prices[item.key] + off * item.tick_size
            )
        case ("tick", item, off, lots):
            price = float(desk.market.prices[item.key] + off * item.tick_size)
            quantity = lots * item.lot_size
            desk.step(tick(price, instrument=item, bid_quantity=quantity, ask_quantity=quantity))
        case _:
            pass


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, rules=RULES, seed=st.integers(0, 1000))
def test_whatever_happens_the_books_agree_with_themselves(steps, rules, seed):
    desk = Desk(*rules, seed=seed)
    for step in steps:
        try:
            play(desk, step)
        except KiteError:
            continue
    desk.books.advance(CLOSE)
    desk.step(*(tick(float(desk.market.prices[item.key]), instrument=item) for item in (CALL,)))

    rows = desk.books.orders()
    net: dict[str, int] = {}
    for row in rows:
        assert 0 <= row.filled <= row.form.quantity
        assert row.status in FINAL
        assert (row.status is Status.COMPLETE) == (row.filled == row.form.quantity)
        assert row.blocked == 0
        sign = row.form.side.sign
        net[row.instrument.key] = net.get(row.instrument.key, 0) + sign * row.filled
    assert {key: desk.books.portfolio.net(key) for key in net} == net
    trade_ids = [trade["trade_id"] for row in rows for trade in row.trades()]
    assert len(set(trade_ids)) == len(trade_ids)
    last_told = {news["order_id"]: news for news in desk.messages}
    for row in rows:
        assert last_told[row.order_id]["status"] == str(row.status)
        assert last_told[row.order_id]["filled_quantity"] == row.filled
