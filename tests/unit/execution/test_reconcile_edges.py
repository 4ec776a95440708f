"""What the book tells anew of orders that are over, of twins, and of exits made by others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from execution.broker import BrokerBook
from execution.discrepancies import DiscrepancyKind
from execution.orders import OrderState, OrderUpdate, Side
from execution.positions import Position, apply
from execution.reconcile import reconcile
from tests.unit.execution.market import CALL, D
from tests.unit.execution.test_foreign import OWN, exit_by_hand
from tests.unit.execution.test_reconcile import NONE, OPEN_ORDER, S, book, fill, only, told

OVER = structs.replace(
    OPEN_ORDER,
    state=S.CANCELLED,
    filled_quantity=65,
    filled_value=D(6500),
    claimed_quantity=65,
    reason="by us",
)
KNOWN = frozenset({"t1"})
LAST_WORD = replace(told(S.CANCELLED, fill(1)), reason="by us")


def updates(shown: BrokerBook, order: Any = OVER) -> tuple[OrderUpdate, ...]:
    return reconcile([order], [], shown, KNOWN).updates


def test_an_order_that_is_over_and_told_again_is_no_news() -> None:
    assert updates(book(LAST_WORD)) == ()
    assert updates(book(LAST_WORD, trades=(fill(1),))) == ()


@pytest.mark.parametrize(
    "anew",
    [
        replace(LAST_WORD, fills=(fill(1), fill(2)), filled_quantity=130),
        replace(LAST_WORD, fills=(), filled_quantity=130),
        replace(LAST_WORD, reason="by the exchange"),
        replace(LAST_WORD, triggered=True),
        replace(LAST_WORD, request=replace(OVER.request, price=D(99))),
    ],
    ids=["another trade", "more filled, not yet proven", "why", "triggered", "changed"],
)
def test_what_is_new_about_an_order_that_is_over_is_news(anew: OrderUpdate) -> None:
    assert updates(book(anew)) == (anew,)


def test_a_trade_that_is_proven_late_is_news_even_where_its_units_were_claimed() -> None:
    unproven = structs.replace(OVER, filled_quantity=0, filled_value=D(0))

    found = reconcile([unproven], [], book(LAST_WORD), NONE)

    assert found.updates == (LAST_WORD,)


def test_an_order_that_was_over_before_it_had_a_number_learns_it() -> None:
    unnumbered = structs.replace(OVER, broker_id=None)

    assert [update.broker_id for update in updates(book(LAST_WORD), unnumbered)] == ["b1"]


def test_the_trades_of_a_twin_are_not_ours() -> None:
    ours, twins = fill(1), fill(2, broker_id="b2")
    shown = book(
        told(S.PARTIAL), told(S.PARTIAL, broker="b2"), trades=(twins, ours), net=((CALL.key, 65),)
    )

    found = reconcile([OPEN_ORDER], [], shown, NONE)
    again = reconcile(
        [structs.replace(OPEN_ORDER, state=S.PARTIAL, filled_quantity=65, claimed_quantity=65)],
        [apply(Position(CALL), ours)],
        shown,
        KNOWN,
    )

    assert [update.fills for update in found.updates] == [(ours,)]
    assert only(found).kind is only(again).kind is DiscrepancyKind.TWIN_ORDER
    assert again.updates == ()


def test_an_exit_by_somebody_else_comes_with_the_reconciliation() -> None:
    held = apply(Position(CALL), replace(fill(1), client_id="RUN1E0001"))

    found = reconcile([OWN], [held], exit_by_hand(65), KNOWN, "RUN1E")

    [taken] = found.taken_out
    assert taken.request is not None
    assert (taken.request.instrument, taken.request.side) == (CALL, Side.SELL)
    assert (taken.request.plan_id, taken.request.quantity) == (OWN.request.plan_id, 65)
    assert all(each.instrument == CALL for each in taken.fills)
    assert taken.state is OrderState.FILLED


def test_an_order_under_an_id_of_this_run_is_never_taken_for_anothers_exit() -> None:
    shown = exit_by_hand(65)
    by_us = replace(shown.orders[1], client_id="RUN1E0009")

    found = reconcile([OWN], [], replace(shown, orders=(shown.orders[0], by_us)), NONE, "RUN1")

    assert found.taken_out == ()


SENT = structs.replace(
    OPEN_ORDER,
    request=replace(OPEN_ORDER.request, client_id="s1"),
    state=S.SENT,
    broker_id="",
)


@pytest.mark.parametrize(
    "shown",
    [
        book(told(S.PARTIAL), trades=(fill(1),), net=((CALL.key, 65),)),
        book(trades=(fill(1),), net=((CALL.key, 65),)),
        book(),
    ],
    ids=["fewer than its trades", "not even the order", "not what we know"],
)
def test_a_list_of_orders_that_is_older_than_what_is_known_proves_no_absence(
    shown: BrokerBook,
) -> None:
    known = structs.replace(OPEN_ORDER, state=S.PARTIAL, claimed_quantity=65)
    behind = replace(shown, orders=tuple(replace(o, filled_quantity=0) for o in shown.orders))

    found = reconcile([known, SENT], [], behind, NONE)

    assert found.absent == ()
    assert DiscrepancyKind.ORDER_UNPROVEN in {one.kind for one in found.discrepancies}


def test_a_list_of_orders_that_tells_all_that_is_known_proves_absence() -> None:
    known = structs.replace(OPEN_ORDER, state=S.PARTIAL, claimed_quantity=65)
    shown = book(told(S.PARTIAL, fill(1)), trades=(fill(1),), net=((CALL.key, 65),))

    assert reconcile([known, SENT], [], shown, NONE).absent == ("s1",)
