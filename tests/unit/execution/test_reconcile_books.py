"""What a list of orders that is behind proves, and what is said of units under other products."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from execution.broker import BrokerBook, HeldLine
from execution.discrepancies import Discrepancy, DiscrepancyKind
from execution.orders import OrderUpdate, Side
from execution.positions import Position, apply
from execution.reconcile import reconcile
from tests.unit.execution.market import CALL, D, request
from tests.unit.execution.test_reconcile import (
    EMPTY,
    NONE,
    OPEN_ORDER,
    SENT,
    S,
    book,
    fill,
    only,
    told,
)

K = DiscrepancyKind
UNHEARD = structs.replace(SENT, request=request("s1", Side.BUY, 130, price=100))
ANOTHER = replace(CALL, token=8, symbol="NIFTY26NOV26100CE")
TRADES = (fill(1), fill(2))


def listed(filled: int) -> OrderUpdate:
    return replace(told(S.PARTIAL), filled_quantity=filled)


@pytest.mark.parametrize(
    ("filled", "claimed", "trades", "absent"),
    [
        (130, 130, TRADES, ("s1",)),
        (130, 65, TRADES, ("s1",)),
        (65, 65, TRADES, ()),
        (65, 130, (fill(1),), ()),
    ],
    ids=["all is told", "more than we know", "fewer than its trades", "fewer than we know"],
)
def test_only_a_list_that_tells_all_trades_of_an_order_and_all_we_know_proves_absence(
    filled: int, claimed: int, trades: tuple, absent: tuple[str, ...]
) -> None:
    known = structs.replace(OPEN_ORDER, state=S.PARTIAL, claimed_quantity=claimed)

    found = reconcile([known, UNHEARD], [], book(listed(filled), trades=trades), NONE)

    assert found.absent == absent


def test_a_list_without_an_order_that_is_known_to_rest_proves_no_absence() -> None:
    found = reconcile([OPEN_ORDER, UNHEARD], [], EMPTY, NONE)

    assert found.absent == ()
    assert found.discrepancies == (
        Discrepancy(K.ORDER_MISSING, "a1", "OPEN 0", "not in the book"),
        Discrepancy(K.ORDER_UNPROVEN, "s1", "SENT 0", "not in the book"),
    )


def test_an_order_that_the_list_lacks_beside_its_twins_is_not_absent() -> None:
    known = structs.replace(OPEN_ORDER, state=S.UNKNOWN)
    twins = (told(S.OPEN, broker="b2"), told(S.OPEN, broker="b3"))

    found = reconcile([known], [], book(*twins), NONE)

    assert found.absent == ()
    assert [each.kind for each in found.discrepancies] == [K.TWIN_ORDER, K.ORDER_UNPROVEN]


def test_an_order_that_is_over_is_missed_where_the_broker_had_it_and_not_else() -> None:
    over = structs.replace(OPEN_ORDER, state=S.FILLED)
    never_there = structs.replace(SENT, state=S.CANCELLED, broker_id="")

    assert only(reconcile([over], [], EMPTY, NONE)).kind is K.ORDER_MISSING
    assert reconcile([never_there], [], EMPTY, NONE).is_clean


def test_news_that_cannot_be_is_told_with_what_the_broker_says() -> None:
    rejected = structs.replace(OPEN_ORDER, state=S.REJECTED)

    found = reconcile([rejected], [], book(told(S.FILLED, *TRADES), net=((CALL.key, 0),)), NONE)

    assert only(found) == Discrepancy(K.ORDER_IMPOSSIBLE, "a1", "REJECTED 0", "FILLED 130")


def test_an_order_of_others_is_told_as_none_of_ours() -> None:
    found = reconcile([], [], book(told(S.OPEN, client_id="", broker="x1")), NONE)

    assert only(found) == Discrepancy(K.FOREIGN_ORDER, "x1", "none", "OPEN 0")


def test_what_several_positions_hold_of_one_contract_adds_up() -> None:
    one, more = apply(Position(CALL), fill(1)), apply(Position(CALL), fill(2))

    assert reconcile([], [one, more], book(net=((CALL.key, 130),)), NONE).is_clean


def shown(*lines: HeldLine) -> BrokerBook:
    net = {line.instrument: 0 for line in lines}
    for line in lines:
        net[line.instrument] += line.quantity
    return BrokerBook((), (), tuple(net.items()), complete=True, held=lines)


def line(product: str, quantity: int, carried: int = 0, instrument: str = CALL.key) -> HeldLine:
    return HeldLine(instrument, product, quantity, carried, D(102))


HELD = apply(Position(CALL), fill(1))


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ((line("MIS", 65),), []),
        ((line("NRML", 65),), [K.PRODUCT]),
        ((line("MIS", 65), line("NRML", 0)), []),
        ((line("MIS", 65), line("NRML", 30, carried=30)), []),
        ((line("MIS", 65), line("NRML", 30, instrument=ANOTHER.key)), [K.FOREIGN_POSITION]),
    ],
    ids=["ours", "another product", "of which none is left", "carried by others", "not ours"],
)
def test_a_product_is_named_only_where_what_we_hold_must_be_under_it(
    lines: tuple[HeldLine, ...], kinds: list[DiscrepancyKind]
) -> None:
    found = reconcile([], [HELD], shown(*lines), NONE)

    assert [each.kind for each in found.discrepancies] == kinds


def test_an_order_that_rests_with_units_filled_and_is_told_so_is_news() -> None:
    resting = structs.replace(OPEN_ORDER, claimed_quantity=65)
    shown = replace(told(S.OPEN), filled_quantity=65)

    assert reconcile([resting], [], book(shown), NONE).updates == (shown,)
