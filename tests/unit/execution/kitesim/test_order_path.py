from __future__ import annotations

from datetime import timedelta

import pytest

from execution.kitesim.answers import KiteError
from execution.kitesim.faults import FaultKind, FaultRule
from execution.kitesim.order_row import Status
from execution.kitesim.settings import Delays
from execution.market_rules import ExchangeSettings
from tests.unit.execution.kitesim.desk import CLOSE, FUTURE, SHARE, D, Desk, statuses, tick

K = FaultKind
SECOND = timedelta(seconds=1)
WAY = ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING"]


def test_an_order_goes_the_whole_way_at_once_and_fills_with_the_next_step():
    desk = Desk()

    row = desk.place(price=100)
    before = statuses(row)
    desk.step(tick(99))

    assert before == [*WAY, "OPEN"]
    assert statuses(row) == [*WAY, "OPEN", "COMPLETE"]
    assert (row.filled, row.average_price()) == (65, D(99))
    assert desk.told() == [("COMPLETE", 65)]


def test_the_exchange_s_number_appears_when_the_order_is_open():
    desk = Desk()

    row = desk.place(price=100)

    told = [snapshot["exchange_order_id"] for snapshot in row.history]
    assert told[:3] == [None, None, None]
    assert told[3] == row.exchange_order_id is not None


def test_every_stage_takes_its_time():
    desk = Desk(delays=Delays(SECOND, SECOND, SECOND, SECOND, SECOND))

    row = desk.place(price=100)
    seen = []
    for _ in range(4):
        seen.append(row.status)
        desk.step(tick(101))

    assert seen == [
        Status.RECEIVED,
        Status.VALIDATION_PENDING,
        Status.OPEN_PENDING,
        Status.OPEN,
    ]


def test_an_order_on_its_way_does_not_fill():
    desk = Desk(delays=Delays(pending=SECOND * 2))

    row = desk.place(price=100)
    desk.step(tick(99))
    on_its_way = row.filled
    desk.step(tick(99))

    assert on_its_way == 0
    assert row.filled == 65


def test_a_stop_waits_for_its_trigger():
    desk = Desk()
    row = desk.place(price=106, trigger_price=105)

    desk.step(tick(101))
    before = row.status
    desk.step(tick(107, low=104, bid=106.9, ask=107))

    assert before is Status.TRIGGER_PENDING
    assert row.status is Status.OPEN
    assert desk.told() == [("OPEN", 0)]


def test_a_part_is_told_as_an_update_and_the_order_stays_open():
    desk = Desk()
    row = desk.place(price=100, quantity=130)

    desk.step(tick(100, ask_quantity=65))
    first = row.status
    desk.step(tick(100, ask_quantity=65))

    assert first is Status.OPEN
    assert desk.told() == [("UPDATE", 65), ("COMPLETE", 130)]


def test_what_an_ioc_order_cannot_get_is_cancelled_after_its_fill():
    desk = Desk()

    row = desk.place(price=100, quantity=130, validity="IOC")
    desk.step(tick(100, ask_quantity=65))

    assert row.status is Status.CANCELLED
    assert (row.filled, row.as_dict()["cancelled_quantity"]) == (65, 65)


def test_a_ttl_order_ends_after_its_minutes():
    desk = Desk()

    row = desk.place(price=90, validity="TTL", validity_ttl=1)
    desk.step(tick(100), seconds=59)
    before = row.status
    desk.step(tick(100), seconds=1)

    assert (before, row.status) == (Status.OPEN, Status.CANCELLED)


def test_the_end_of_the_session_ends_what_rests_and_what_is_on_its_way():
    desk = Desk(FaultRule(K.STUCK_OPEN_PENDING, times=1))
    stuck, resting = desk.place(price=90), desk.place(price=90)

    desk.books.advance(CLOSE)

    assert [stuck.status, resting.status] == [Status.CANCELLED, Status.CANCELLED]
    assert {news["status_message"] for news in desk.messages} == {"session closed"}


def test_a_modification_is_told_and_keeps_what_was_not_named():
    desk = Desk()
    row = desk.place(price=90)

    desk.modify(row.order_id, price=100)
    desk.step(tick(99.5))

    assert statuses(row)[4:8] == [
        "MODIFY VALIDATION PENDING",
        "MODIFY PENDING",
        "MODIFIED",
        "OPEN",
    ]
    assert row.as_dict()["modified"] is True
    assert (row.filled, desk.told()[0]) == (65, ("UPDATE", 0))


def test_a_fill_overtakes_a_modification_on_its_way():
    desk = Desk(delays=Delays(modified=SECOND * 5))
    row = desk.place(price=100)
    desk.modify(row.order_id, price=90)

    desk.step(tick(99))
    desk.step(tick(99), seconds=10)

    assert row.status is Status.COMPLETE
    assert row.form.price == D(100)


def test_the_exchange_may_refuse_a_modification_late():
    desk = Desk(delays=Delays(modified=SECOND * 5))
    row = desk.place(price=100, quantity=130)
    desk.modify(row.order_id, quantity=65)

    desk.step(tick(100, ask_quantity=65))
    desk.step(tick(101), seconds=10)

    assert row.status is Status.OPEN
    assert "not above the 65 filled" in (row.message or "")
    assert row.form.quantity == 130


def test_a_cancellation_is_done_after_its_delay():
    desk = Desk(delays=Delays(cancelled=SECOND * 2))
    row = desk.place(price=90)

    desk.books.cancel(row.order_id)
    desk.step(tick(100))
    waiting = row.status
    desk.step(tick(100))

    assert (waiting, row.status) == (Status.CANCEL_PENDING, Status.CANCELLED)


def test_a_fill_overtakes_a_cancellation_on_its_way():
    desk = Desk(delays=Delays(cancelled=SECOND * 2))
    row = desk.place(price=100)

    desk.books.cancel(row.order_id)
    desk.step(tick(99))
    desk.step(tick(99), seconds=5)

    assert row.status is Status.COMPLETE


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"price": 90}, D(90)),
        ({"price": 91, "trigger_price": 90, "transaction_type": "SELL"}, D(91)),
        ({}, D(100)),
    ],
)
def test_a_cancelled_order_fills_at_its_own_price_with_the_next_step(fields, price):
    fields = fields if "trigger_price" not in fields else fields | {"price": 89}
    desk = Desk(FaultRule(K.FILL_AFTER_CANCEL))
    row = desk.place(**fields)

    desk.books.cancel(row.order_id)
    cancelled = row.status
    desk.step(tick(100))

    assert cancelled is Status.CANCELLED
    assert row.status is Status.COMPLETE
    assert row.fills[0].price == (D(89) if "trigger_price" in fields else price)
    assert desk.told() == [("CANCELLED", 0), ("COMPLETE", 65)]
    assert desk.books.portfolio.net(row.instrument.key) == row.form.side.sign * 65


def test_the_cancellation_that_is_outlived_can_be_shown_late():
    desk = Desk(FaultRule(K.FILL_AFTER_CANCEL, seconds=3))
    row = desk.place(price=90)

    desk.books.cancel(row.order_id)
    desk.step(tick(100))
    waiting = row.status
    desk.step(tick(100), seconds=3)

    assert (waiting, row.status) == (Status.CANCEL_PENDING, Status.COMPLETE)


def test_an_order_sticks_in_open_pending_for_its_time():
    desk = Desk(FaultRule(K.STUCK_OPEN_PENDING, seconds=10))
    row = desk.place(price=100)

    desk.step(tick(99), seconds=9)
    stuck = row.status
    desk.step(tick(99), seconds=1)
    desk.step(tick(99))

    assert (stuck, row.status) == (Status.OPEN_PENDING, Status.COMPLETE)


def test_an_order_that_sticks_for_good_can_be_cancelled():
    desk = Desk(FaultRule(K.STUCK_OPEN_PENDING))
    row = desk.place(price=100)
    desk.step(tick(99), seconds=3600)
    stuck = row.status

    desk.books.cancel(row.order_id)

    assert (stuck, row.status) == (Status.OPEN_PENDING, Status.CANCELLED)


def test_a_stuck_order_can_fill_after_its_cancellation():
    desk = Desk(FaultRule(K.STUCK_OPEN_PENDING), FaultRule(K.FILL_AFTER_CANCEL))
    row = desk.place(price=100)

    desk.books.cancel(row.order_id)
    desk.step(tick(101))

    assert row.status is Status.COMPLETE
    assert row.exchange_order_id == row.trades()[0]["exchange_order_id"]


def test_a_part_fills_and_the_rest_is_rejected():
    desk = Desk(FaultRule(K.PARTIAL_THEN_REJECT))
    row = desk.place(price=100, quantity=195)

    desk.step(tick(99))
    desk.step(tick(99))

    assert row.status is Status.REJECTED
    assert row.filled == 65
    assert desk.told() == [("REJECTED", 65)]


def test_the_rest_is_rejected_at_the_first_part_of_the_part():
    desk = Desk(FaultRule(K.PARTIAL_THEN_REJECT))
    row = desk.place(price=100, quantity=260)

    desk.step(tick(99, ask_quantity=65))
    desk.step(tick(99))

    assert (row.status, row.filled) == (Status.REJECTED, 65)


def test_a_single_lot_cannot_be_parted():
    desk = Desk(FaultRule(K.PARTIAL_THEN_REJECT))
    row = desk.place(price=100)

    desk.step(tick(99))

    assert row.status is Status.COMPLETE


def test_a_stop_whose_limit_is_too_far_is_rejected_when_triggered():
    desk = Desk()
    row = desk.place(FUTURE, price=26020, trigger_price=26010)

    desk.step(tick(27000, instrument=FUTURE))

    assert row.status is Status.REJECTED
    assert "limit price protection" in str(row.message)
    assert desk.told() == [("REJECTED", 0)]


def test_orders_that_end_are_left_alone_by_the_end_of_the_session():
    desk = Desk()
    row = desk.place(price=100)
    desk.step(tick(99))

    desk.books.advance(CLOSE)

    assert row.status is Status.COMPLETE


def test_the_exchange_s_own_refusal_rejects_the_order():
    late = Desk(delays=Delays(pending=CLOSE - Desk().market.at))
    row = late.place(price=100)

    late.books.advance(CLOSE)

    assert row.status in (Status.CANCELLED, Status.REJECTED)


def test_shares_fill_too():
    desk = Desk(exchange=ExchangeSettings(slippage_ticks=0))
    row = desk.place(SHARE, quantity=3)

    desk.step(tick(1500, instrument=SHARE))

    assert row.average_price() == D(1500)


def test_the_clock_of_the_broker_can_be_off():
    desk = Desk(FaultRule(K.CLOCK_SKEW, seconds=-90))

    row = desk.place(price=100)

    assert row.as_dict()["order_timestamp"] == "2026-11-23 09:13:30"


def test_one_request_can_make_two_orders():
    desk = Desk(FaultRule(K.ACCEPT_TWICE, times=1))

    row = desk.place(price=100, tag="ours")

    rows = desk.books.orders()
    assert [item.form.tag for item in rows] == ["ours", "ours"]
    assert rows[1] is row


def test_an_unknown_order_is_not_found():
    with pytest.raises(KiteError, match="Couldn't find") as caught:
        Desk().books.cancel("1")

    assert caught.value.code == 404
