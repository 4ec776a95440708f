"""What a look at the broker's book proves, one after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from execution.broker import BrokerBook, OrderLine
from execution.foreign import NOTHING_FOREIGN, Foreign
from execution.orders import (
    Fill,
    Order,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.live_book import BookLooks, OwnBooks, Patience

NOON = at(12, 0)
LINE = OrderLine("X1", FUTURE.key, Side.BUY, 65, 0, D(24_000))
EMPTY = BrokerBook((), (), (), complete=True)
ENTRY = OrderRequest("E1", FUTURE, Side.BUY, 65, OrderType.LIMIT, Role.ENTRY, "P1", price=D(24_000))
STOP = replace(
    ENTRY,
    client_id="S1",
    side=Side.SELL,
    role=Role.STOP,
    order_type=OrderType.SL,
    trigger_price=D(23_950),
    price=D(23_900),
)


def order(request: OrderRequest, state: OrderState, broker_id: str = "") -> Order:
    return Order(request, state=state, broker_id=broker_id)


def own(*orders: Order) -> OwnBooks:
    return OwnBooks(orders, (), frozenset())


def listed(broker_id: str, state: OrderState = OrderState.OPEN) -> OrderUpdate:
    return OrderUpdate("E1", broker_id, NOON, state)


def after(seconds: float):
    return NOON + timedelta(seconds=seconds)


def test_a_stop_that_is_not_there_is_given_up_sooner_than_an_entry():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.UNKNOWN), order(STOP, OrderState.UNKNOWN))
    for name in ("E1", "S1"):
        looks.sent(name, NOON)

    absent = [looks.take(books, EMPTY, after(seconds)).absent for seconds in (0, 1, 2, 10, 11)]

    assert absent == [(), (), ("S1",), ("S1",), ("E1", "S1")]


def test_the_book_is_not_called_good_while_an_order_is_unproven():
    looks = BookLooks(Patience(), NOON)
    looks.sent("E1", NOON)
    unknown = own(order(ENTRY, OrderState.UNKNOWN))

    assert looks.take(unknown, EMPTY, after(1)).problem is None
    assert looks.take(own(), EMPTY, after(2)).problem == ""


def test_a_second_order_under_our_id_is_a_stray_and_is_named_when_it_lasts():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.OPEN, "B1"))
    book = BrokerBook((listed("B1"), listed("B2")), (), (), complete=True)

    first, second = (looks.take(books, book, after(seconds)) for seconds in (1, 2))

    assert first.strays == second.strays == (listed("B2"),)
    assert first.problem is None
    assert second.problem == (
        "twin-order E1: ours OPEN 0, the broker's B1 B2 "
        "(adopt: the broker made two orders of one request)"
    )


def test_an_order_that_turns_up_after_all_is_a_stray():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.PLANNED))

    looked = looks.take(books, replace(EMPTY, orders=(listed("B1"),)), after(60))

    assert looked.strays == (listed("B1"),)


def test_a_second_order_that_has_ended_is_told_too():
    looks = BookLooks(Patience(), NOON)
    ended = listed("B2", OrderState.CANCELLED)
    book = replace(EMPTY, orders=(listed("B1"), ended))

    looked = looks.take(own(order(ENTRY, OrderState.OPEN, "B1")), book, after(1))

    assert looked.strays == (ended,)


def test_what_is_foreign_is_told_once_two_reads_agree_and_until_the_engine_knows_it():
    looks = BookLooks(Patience(), NOON)
    strange = BrokerBook(
        (OrderUpdate("", "X1", NOON, OrderState.OPEN),),
        (),
        (),
        complete=True,
        lines=(LINE,),
    )
    known = replace(own(), foreign=Foreign((LINE,)))

    told = [looks.take(own(), strange, after(seconds)).foreign for seconds in (1, 2, 3)]
    heard = looks.take(known, strange, after(4))
    gone = looks.take(known, EMPTY, after(5)).foreign

    assert told == [None, Foreign((LINE,)), Foreign((LINE,))]
    assert (heard.foreign, heard.problem) == (None, "")
    assert gone == NOTHING_FOREIGN


def test_a_book_that_could_not_be_read_whole_says_nothing_of_what_is_foreign():
    looks = BookLooks(Patience(), NOON)
    known = replace(own(), foreign=Foreign((LINE,)))

    looks.take(known, replace(EMPTY, complete=False), after(1))

    assert looks.take(known, replace(EMPTY, complete=False), after(2)).foreign is None


def test_a_glance_at_what_has_not_changed_says_the_same_and_news_is_told():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.OPEN, "B1"))
    quiet, gone = (
        BrokerBook((listed("B1", state),), (), (), complete=True)
        for state in (OrderState.OPEN, OrderState.CANCELLED)
    )

    seen = [looks.glance(books, book, after(1)).updates for book in (quiet, quiet, gone, gone)]
    heard = looks.glance(own(order(ENTRY, OrderState.CANCELLED, "B1")), gone, after(2))

    assert seen == [(), (), gone.orders, gone.orders]
    assert heard.updates == ()


def test_an_order_that_a_glance_misses_is_absent_once_it_is_late_however_quiet_the_book():
    looks = BookLooks(Patience(), NOON)
    books = own(order(STOP, OrderState.UNKNOWN))
    looks.sent("S1", NOON)

    absent = [looks.glance(books, EMPTY, after(seconds)).absent for seconds in (0, 1, 2)]

    assert absent == [(), (), ("S1",)]


def test_trades_that_have_not_changed_prove_what_they_proved():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.OPEN, "B1"))
    fill = Fill("T1", "E1", "B1", FUTURE, Side.BUY, 65, D(24_000), NOON)
    none, one = (BrokerBook((), trades, (), complete=False) for trades in ((), (fill,)))

    told = [looks.traded(books, book) for book in (none, one, one, none)]

    fills = [[update.fills for update in updates] for updates in told]
    assert fills == [[], [(fill,)], [(fill,)], []]


@pytest.mark.parametrize("ended", [OrderState.REJECTED, OrderState.CANCELLED])
def test_an_ended_order_that_is_never_listed_does_not_hide_for_ever_that_another_is_not_there(
    ended,
):
    looks = BookLooks(Patience(), NOON)
    looks.sent("S1", NOON)
    books = own(order(ENTRY, ended, "B1"), order(STOP, OrderState.UNKNOWN))

    looked = [looks.take(books, EMPTY, after(seconds)) for seconds in (1, 2, 6, 7)]

    assert [each.absent for each in looked] == [(), (), (), ("S1",)]
    assert looked[-1].lost == ()


def test_a_list_that_lacks_what_should_work_proves_no_other_order_absent():
    looks = BookLooks(Patience(), NOON)
    entry = order(ENTRY, OrderState.OPEN, "B1")
    books = own(entry, order(STOP, OrderState.UNKNOWN))

    looked = [looks.take(books, EMPTY, after(seconds)) for seconds in (1, 2, 6, 60)]

    assert [each.absent for each in looked] == [()] * 4
    assert [each.lost for each in looked] == [(), (), (entry,), (entry,)]


def test_a_list_that_lacks_what_has_filled_stays_an_old_one():
    looks = BookLooks(Patience(), NOON)
    filled = structs.replace(
        order(ENTRY, OrderState.FILLED, "B1"), filled_quantity=65, claimed_quantity=65
    )
    books = own(filled, order(STOP, OrderState.UNKNOWN))

    looked = [looks.take(books, EMPTY, after(seconds)) for seconds in (1, 2, 60, 61)]

    assert [(each.absent, each.lost) for each in looked] == [((), ())] * 4


def test_an_order_that_was_called_gone_keeps_no_entry_out():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.CANCELLED, "B1"))

    problems = [looks.take(books, EMPTY, after(seconds)).problem for seconds in (1, 2, 6)]

    assert problems[0] is None
    assert problems[1]
    assert problems[2] == ""


def test_books_that_are_not_whole_do_not_count_against_an_order():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.OPEN, "B1"))
    torn = replace(EMPTY, complete=False)

    looked = [looks.take(books, torn, after(seconds)) for seconds in (1, 60)]

    assert [each.lost for each in looked] == [(), ()]


def test_an_order_that_was_nowhere_hides_no_other_from_an_engine_that_comes_after():
    looks = BookLooks(Patience(), NOON)
    nowhere = structs.replace(
        order(ENTRY, OrderState.CANCELLED, "B1"),
        reason="the broker knows no such order: Couldn't find that `order_id`.",
    )
    books = own(nowhere, order(STOP, OrderState.UNKNOWN))

    first = looks.take(books, EMPTY, NOON)
    absent = [looks.glance(books, EMPTY, after(seconds)).absent for seconds in (0.5, 0.75)]

    assert first.problem is None
    assert absent == [(), ("S1",)]


def test_what_a_glance_said_while_an_order_was_missed_is_not_said_again_once_it_is_gone():
    looks = BookLooks(Patience(), NOON)
    books = own(order(ENTRY, OrderState.CANCELLED, "B1"), order(STOP, OrderState.UNKNOWN))
    looks.take(books, EMPTY, NOON)
    early = looks.glance(books, EMPTY, after(4)).absent

    looks.take(books, EMPTY, after(5))
    absent = [looks.glance(books, EMPTY, after(seconds)).absent for seconds in (5.25, 5.5)]

    assert early == ()
    assert absent == [("S1",), ("S1",)]
