from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.broker import OutcomeUnknown
from execution.kite.memory import Memory
from execution.orders import Order, OrderState, OrderUpdate
from tests.contracts.kite.desk import BROKER_ID, NOW, limit

SETTLE = timedelta(seconds=2)


def said(broker_id: str = BROKER_ID, client_id: str = "a1", filled: int = 0) -> OrderUpdate:
    return OrderUpdate(client_id, broker_id, NOW, OrderState.OPEN, filled)


def test_an_order_on_its_way_is_not_sent_again() -> None:
    memory = Memory()
    memory.sending(limit())

    with pytest.raises(OutcomeUnknown):
        memory.answer("a1")
    assert memory.unsettled(NOW + timedelta(hours=1), SETTLE, memory.sent) == {"a1"}


def test_a_refused_order_may_be_sent_again() -> None:
    memory = Memory()
    memory.sending(limit())
    memory.refused("a1")

    assert memory.answer("a1") is None
    assert memory.request("a1") is None
    assert not memory.unsettled(NOW, SETTLE, memory.sent)


def test_an_order_without_proof_stays_so_until_it_is_found_or_proven_absent() -> None:
    memory = Memory()
    for client_id in ("a1", "a2"):
        memory.sending(limit(client_id))
        memory.unproven(client_id, NOW)

    memory.learn(said())

    assert memory.answer("a1") == said()
    with pytest.raises(OutcomeUnknown):
        memory.answer("a2")
    assert memory.unsettled(NOW + timedelta(seconds=1), SETTLE, memory.sent) == {"a2"}
    assert not memory.unsettled(NOW + SETTLE, SETTLE, memory.sent)
    memory.absent(frozenset({"a2"}))
    with pytest.raises(OutcomeUnknown):
        memory.answer("a2")
    memory.absent(frozenset())
    assert memory.answer("a2") is None


def test_of_an_order_sent_while_the_book_was_read_it_says_nothing() -> None:
    memory = Memory()
    memory.sending(limit("a1"))
    memory.placed(said())
    before = memory.sent
    memory.sending(limit("a2"))
    memory.placed(said("999", "a2"))

    assert memory.unsettled(NOW, SETTLE, before) == {"a2"}


def test_a_second_order_under_our_tag_does_not_take_the_firsts_place() -> None:
    memory = Memory()
    memory.placed(said())

    memory.learn(said("999"))

    assert memory.broker_id("a1") == BROKER_ID
    assert memory.client_ids == {BROKER_ID: "a1", "999": "a1"}


def test_orders_from_elsewhere_get_no_name() -> None:
    memory = Memory()
    memory.learn(said("999", ""))

    assert memory.client_ids == {}


def test_what_was_claimed_never_shrinks() -> None:
    memory = Memory()
    for filled in (20, 65, 40):
        memory.learn(said(filled=filled))

    assert memory.claimed(BROKER_ID) == 65


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNKNOWN])
def test_an_adopted_order_without_proof_is_not_sent(state: OrderState) -> None:
    memory = Memory()
    memory.adopt(Order(limit(), state), NOW)

    with pytest.raises(OutcomeUnknown):
        memory.answer("a1")


def test_an_adopted_order_that_never_left_may_be_sent() -> None:
    memory = Memory()
    memory.adopt(Order(limit()), NOW)

    assert memory.answer("a1") is None


def test_what_a_change_is_on_its_way_to_is_not_compared() -> None:
    memory = Memory()
    memory.adopt(Order(limit(), OrderState.OPEN, broker_id=BROKER_ID), NOW)
    believed = [memory.beliefs(NOW, SETTLE)]

    memory.changing("a1", None)
    believed.append(memory.beliefs(NOW, SETTLE))
    memory.changed("a1", None, NOW)
    believed.append(memory.beliefs(NOW + timedelta(seconds=1), SETTLE))
    believed.append(memory.beliefs(NOW + SETTLE, SETTLE))

    assert [bool(each) for each in believed] == [True, False, False, True]


def test_what_is_said_now_is_not_older_than_what_was_said_by_a_clock_ahead_of_ours() -> None:
    memory = Memory()
    assert memory.not_before_told(NOW) == NOW

    memory.learn(said())

    assert memory.not_before_told(NOW - SETTLE) == NOW
    assert memory.not_before_told(NOW + SETTLE) == NOW + SETTLE


def test_an_order_whose_change_is_not_proven_is_doubted_until_its_terms_are_told() -> None:
    memory = Memory()
    memory.placed(said())
    memory.changing("a1", None)
    memory.changed("a1", None, NOW)
    assert memory.doubted == {"a1"}

    memory.learn(replace(said(), request=limit()))

    assert memory.doubted == frozenset()


BIGGER = replace(limit(), quantity=130)


def at_work() -> Memory:
    memory = Memory()
    memory.sending(limit())
    memory.placed(said())
    return memory


def test_a_row_can_prove_a_change_to_terms_that_never_rested() -> None:
    memory = at_work()

    memory.changing("a1", BIGGER)
    assert memory.wanted == {BROKER_ID: BIGGER}
    memory.changed("a1", BIGGER, NOW)

    assert memory.wanted == {}


def test_a_row_cannot_prove_a_change_back_to_terms_that_may_have_rested_before() -> None:
    memory = at_work()
    memory.changing("a1", BIGGER)
    memory.changed("a1", BIGGER, NOW)

    memory.changing("a1", limit())

    assert memory.wanted == {}


def test_a_row_proves_no_change_of_an_order_that_an_earlier_process_changed() -> None:
    memory = Memory()
    order = Order(limit(), OrderState.OPEN, broker_id=BROKER_ID, modifications=1)
    memory.adopt(order, NOW)

    memory.changing("a1", BIGGER)

    assert memory.wanted == {}


def test_an_adopted_order_brings_the_clock_of_its_last_word() -> None:
    memory = Memory()

    memory.adopt(Order(limit(), OrderState.OPEN, broker_id=BROKER_ID, updated_at=NOW), NOW)

    assert memory.not_before_told(NOW - SETTLE) == NOW


def test_a_later_change_on_its_way_voids_what_a_row_could_prove_of_an_earlier_one() -> None:
    memory = at_work()
    memory.changing("a1", BIGGER)

    memory.changing("a1", None)

    assert memory.wanted == {}


def test_after_a_change_to_unknown_terms_no_row_can_prove_another() -> None:
    memory = at_work()
    memory.changing("a1", None)
    memory.changed("a1", None, NOW)

    memory.changing("a1", BIGGER)

    assert memory.wanted == {}


def test_a_row_cannot_prove_a_change_back_to_terms_of_a_change_before() -> None:
    memory = at_work()
    for wanted in (BIGGER, replace(limit(), quantity=195)):
        memory.changing("a1", wanted)
        memory.changed("a1", wanted, NOW)

    memory.changing("a1", BIGGER)

    assert memory.wanted == {}


def test_an_order_is_answered_with_what_was_last_said_of_it() -> None:
    memory = at_work()

    memory.learn(said(filled=20))

    assert memory.answer("a1") == said(filled=20)
