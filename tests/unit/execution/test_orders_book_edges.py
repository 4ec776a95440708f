"""Orders that a change on its way has made larger, and news that hardly ever comes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from execution.orders import Order, OrderUpdate
from execution.orders_book import OverfillError, can_be
from tests.unit.execution.test_orders_book import (
    NONE,
    REQUEST,
    SENT,
    D,
    S,
    fill,
    folded,
    news,
)

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


def test_what_was_asked_of_an_order_is_no_matter_of_its_news() -> None:
    asked = structs.replace(SENT, modifications=24, most_asked=195)

    order, _ = folded(news(S.OPEN), news(S.PARTIAL, fill(1), minute=1), order=asked)

    assert (order.modifications, order.most_asked) == (24, 195)


def test_of_two_words_of_one_moment_the_one_heard_last_counts() -> None:
    words = [
        replace(news(S.OPEN), request=replace(REQUEST, price=price)) for price in (D(101), D(102))
    ]

    order, _ = folded(*words)

    assert order.request.price == 102


RESTING = Order(REQUEST, S.OPEN, broker_id="b1")


@pytest.mark.parametrize("update", [news(S.OPEN), news(S.FILLED, fill(1), fill(2))])
def test_news_that_an_order_can_take_can_be(update: OrderUpdate) -> None:
    assert can_be(RESTING, update, NONE)


def test_news_that_tells_known_trades_again_can_be() -> None:
    half, _ = folded(news(S.PARTIAL, fill(1)), order=RESTING)

    assert can_be(half, news(S.FILLED, fill(1), fill(2), minute=1), {"t1"})


@pytest.mark.parametrize(
    "update",
    [
        news(S.PLANNED),
        news(S.FILLED, fill(1), fill(2), fill(3)),
        replace(news(S.OPEN), broker_id="b2"),
        news(S.FILLED, fill(1), replace(fill(2), client_id="a2")),
    ],
    ids=["never existed", "more than asked for", "another order", "another order's trade"],
)
def test_news_that_an_order_cannot_take_cannot_be(update: OrderUpdate) -> None:
    assert not can_be(RESTING, update, NONE)
