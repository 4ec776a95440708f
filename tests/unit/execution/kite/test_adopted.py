"""What the memory makes of orders of an earlier process, of trades, and of changes under way."""

from __future__ import annotations

from datetime import timedelta

from execution.kite.memory import Memory
from execution.orders import Fill, Order, OrderState, OrderUpdate, Side
from tests.contracts.kite.desk import BROKER_ID, NOW, D, limit

S = OrderState


def order(state: OrderState, *, filled: int = 0, claimed: int = 0) -> Order:
    return Order(
        limit(),
        state,
        broker_id=BROKER_ID,
        filled_quantity=filled,
        claimed_quantity=claimed,
    )


def test_it_is_answered_with_its_last_word_and_not_sent_again() -> None:
    memory = Memory()

    memory.adopt(order(S.PARTIAL, filled=20, claimed=20), NOW)

    assert memory.answer("a1") == OrderUpdate("a1", BROKER_ID, NOW, S.PARTIAL, 20)
    assert memory.sent == 0
    assert not memory.is_on_its_way("a1")


def test_one_that_ended_stays_answered() -> None:
    memory = Memory()

    memory.adopt(order(S.CANCELLED), NOW)

    assert memory.answer("a1") == OrderUpdate("a1", BROKER_ID, NOW, S.CANCELLED, 0)


def test_its_trades_are_told_by_its_name_whichever_way_it_is_asked_for() -> None:
    memory = Memory()

    memory.adopt(order(S.OPEN), NOW)

    assert memory.client_ids == {BROKER_ID: "a1"}
    assert memory.broker_id("a1") == BROKER_ID
    assert memory.request("a1") == limit()


def test_what_was_said_to_have_filled_is_claimed_though_no_trade_has_proven_it() -> None:
    memory = Memory()

    memory.adopt(order(S.PARTIAL, filled=20, claimed=65), NOW)

    assert (memory.claimed(BROKER_ID), memory.proven(BROKER_ID)) == (65, 0)


def test_of_one_without_proof_the_moment_of_the_start_counts() -> None:
    memory, settle = Memory(), timedelta(seconds=2)

    memory.adopt(Order(limit(), S.SENT), NOW)

    assert memory.unsettled(NOW + timedelta(seconds=1), settle, 0) == {"a1"}
    assert memory.unsettled(NOW + settle, settle, 0) == frozenset()


def fill(trade_id: str, units: int, broker_id: str = BROKER_ID) -> Fill:
    return Fill(trade_id, "a1", broker_id, limit().instrument, Side.BUY, units, D(100), NOW)


def test_trades_prove_each_once_however_often_they_are_told() -> None:
    memory = Memory()

    memory.note_trades([fill("t1", 20), fill("t2", 25)])
    memory.note_trades([fill("t2", 25), fill("t3", 5, "999")])

    assert (memory.proven(BROKER_ID), memory.proven("999")) == (45, 5)


def test_an_order_that_was_sent_is_known_by_what_was_asked_and_answered_once_accepted() -> None:
    memory = Memory()
    accepted = OrderUpdate("a1", BROKER_ID, NOW, S.OPEN, 0)

    memory.sending(limit())
    sent = memory.request("a1"), memory.broker_id("a1"), memory.sent
    memory.placed(accepted)

    assert sent == (limit(), "", 1)
    assert memory.answer("a1") == accepted


def test_of_two_changes_on_their_way_both_must_end_before_terms_are_believed() -> None:
    memory, settle = Memory(), timedelta(seconds=2)
    memory.adopt(order(S.OPEN), NOW)
    memory.changing("a1", None)
    memory.changing("a1", None)

    memory.changed("a1", limit(), NOW)
    halfway = memory.beliefs(NOW + settle, settle)
    memory.changed("a1", limit(), NOW)

    assert halfway == {}
    assert memory.beliefs(NOW + settle, settle) == {"a1": limit()}


def test_terms_that_the_broker_tells_are_what_rests() -> None:
    memory = Memory()
    memory.adopt(order(S.OPEN), NOW)
    other = limit(price="99")

    memory.learn(OrderUpdate("a1", BROKER_ID, NOW, S.OPEN, 0, request=other))

    assert memory.request("a1") == other
