"""Orders of ours that somebody else made larger, and of which more has filled than was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from execution.kite.mapping import Names, order_update
from execution.orders import Order, OrderState
from execution.orders_book import apply_update
from tests.contracts.kite.desk import BROKER_ID, CALL, NOW, limit, order_row

S = OrderState
OURS = Names({BROKER_ID: "a1"}, {CALL.key: CALL}.get)


@pytest.mark.parametrize("status", ["OPEN", "UPDATE", "CANCELLED"])
def test_an_order_that_somebody_made_larger_tells_how_large_once_more_has_filled(
    status: str,
) -> None:
    names = replace(OURS, asked={"a1": limit()})
    row = order_row(status=status, quantity=195, filled_quantity=130)

    update = order_update(row, names, NOW)

    assert update.request == replace(limit(), quantity=195)
    order, _ = apply_update(Order(limit(), S.OPEN, BROKER_ID), update, frozenset())
    assert (order.request.quantity, order.claimed_quantity) == (195, 130)


@pytest.mark.parametrize(("filled", "shown"), [(65, 195), (0, None), (40, None)])
def test_a_larger_order_isnt_taken_for_done_when_what_was_asked_has_filled(
    filled: int, shown: int | None
) -> None:
    names = replace(OURS, asked={"a1": limit()})
    row = order_row(status="UPDATE", quantity=195, filled_quantity=filled)

    told = order_update(row, names, NOW).request

    assert (told and told.quantity) == shown


def test_an_order_that_has_filled_to_the_unit_and_is_not_shown_larger_tells_no_other_terms() -> (
    None
):
    names = replace(OURS, asked={"a1": limit()})
    row = order_row(status="UPDATE", quantity=65, filled_quantity=65)

    assert order_update(row, names, NOW).request is None
