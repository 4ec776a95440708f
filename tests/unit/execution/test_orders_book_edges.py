"""Orders that a change on its way has made larger, and news that hardly ever comes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from execution.orders import Order
from execution.orders_book import OverfillError
from tests.unit.execution.test_orders_book import REQUEST, SENT, S, fill, folded, news

GROWING = Order(REQUEST, S.OPEN, broker_id="b1", most_asked=195)


def test_more_fills_than_are_known_to_be_asked_for_prove_the_larger_order() -> None:
    order, booked = folded(news(S.PARTIAL, fill(1), fill(2), fill(3, 30)), order=GROWING)

    assert (order.request, order.state) == (replace(REQUEST, quantity=195), S.PARTIAL)
    assert (order.filled_quantity, len(booked)) == (160, 3)


def test_the_larger_order_may_fill_whole_and_not_a_unit_more() -> None:
    order, _ = folded(news(S.FILLED, fill(1), fill(2), fill(3)), order=GROWING)

    assert (order.request.quantity, order.state) == (195, S.FILLED)
    with pytest.raises(OverfillError):
        folded(news(S.FILLED, fill(1), fill(2), fill(3, 66)), order=GROWING)


def test_fills_of_what_was_known_prove_nothing_larger() -> None:
    order, _ = folded(news(S.PARTIAL, fill(1), fill(2)), order=GROWING)

    assert order.request == REQUEST


def test_an_order_is_sent_once_and_no_later_word_of_sending_moves_it() -> None:
    sent, _ = folded(news(S.SENT), order=Order(REQUEST))
    lost, _ = folded(news(S.UNKNOWN), news(S.SENT, minute=1))

    assert (sent.state, lost.state) == (S.SENT, S.UNKNOWN)


def test_the_first_end_of_an_order_stays_its_end() -> None:
    order, _ = folded(news(S.CANCELLED), news(S.REJECTED, minute=1))

    assert order.state is S.CANCELLED


def test_a_late_trade_proves_that_an_order_of_unknown_fate_lives() -> None:
    unknown = structs.replace(SENT, state=S.UNKNOWN, claimed_quantity=130)

    order, _ = folded(news(S.PARTIAL, fill(1)), order=unknown)

    assert (order.state, order.filled_quantity, order.claimed_quantity) == (S.PARTIAL, 65, 130)


def test_trades_told_one_by_one_are_claimed_together() -> None:
    order, _ = folded(news(S.PARTIAL, fill(1)), news(S.PARTIAL, fill(2, 30), filled=65))

    assert (order.filled_quantity, order.claimed_quantity) == (95, 95)


def test_the_newest_word_says_why_and_an_older_one_does_not() -> None:
    refused = replace(news(S.CANCELLED, minute=2), reason="by the exchange")
    older = replace(news(S.OPEN, minute=1), reason="validation pending")

    order, _ = folded(refused, older)

    assert (order.reason, order.updated_at) == ("by the exchange", refused.at)
