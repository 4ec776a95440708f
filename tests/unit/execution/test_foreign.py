from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from execution.broker import BrokerBook, HeldLine, OrderLine
from execution.discrepancies import POLICIES, Discrepancy, DiscrepancyKind, Policy
from execution.foreign import NOTHING_FOREIGN, Foreign, ForeignPosition, foreign_of
from execution.orders import Fill, Order, OrderState, OrderUpdate, Role, Side
from execution.positions import Position, apply
from execution.reconcile import reconcile
from execution.taken_out import taken_out
from tests.unit.execution.market import CALL, request

D = Decimal
S = OrderState
AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
NONE: frozenset[str] = frozenset()
OURS = Fill("t1", "RUN1E0001", "b1", CALL, Side.BUY, 65, D(100), AT)
THEIRS = Fill("t2", "", "x1", CALL, Side.BUY, 130, D(101), AT)
OWN = Order(
    replace(request("RUN1E0001", Side.BUY, 65, price=100)),
    S.FILLED,
    "b1",
    65,
    D(6500),
    claimed_quantity=65,
)
LINE = OrderLine("x1", CALL.key, Side.BUY, 195, 130, D(101))


def told(state: OrderState, filled: int, client_id: str = "", broker: str = "x1") -> OrderUpdate:
    return OrderUpdate(client_id, broker, AT, state, filled)


def held(quantity: int, *, carried: int = 0, product: str = "MIS") -> HeldLine:
    return HeldLine(CALL.key, product, quantity, carried, D(102))


def book(
    *orders: OrderUpdate, trades: tuple[Fill, ...] = (), lines: tuple[HeldLine, ...] = ()
) -> BrokerBook:
    net = {line.instrument: 0 for line in lines}
    for line in lines:
        net[line.instrument] += line.quantity
    return BrokerBook(orders, trades, tuple(net.items()), complete=True, lines=(LINE,), held=lines)


def test_a_working_order_and_its_fills_are_foreign_when_no_id_of_ours_explains_them() -> None:
    found = foreign_of(
        {"RUN1E0001"},
        book(
            told(S.FILLED, 65, "RUN1E0001", "b1"),
            told(S.PARTIAL, 130),
            trades=(OURS, THEIRS),
            lines=(held(195),),
        ),
    )

    assert found == Foreign((LINE,), (ForeignPosition(CALL.key, 130, D(102)),))


def test_an_order_that_is_over_is_told_by_what_it_left_behind() -> None:
    found = foreign_of(NONE, book(told(S.CANCELLED, 130), trades=(THEIRS,), lines=(held(130),)))

    assert found.orders == ()
    assert [each.quantity for each in found.positions] == [130]


def test_units_carried_into_the_day_are_foreign() -> None:
    found = foreign_of(NONE, book(lines=(held(-65, carried=-65, product="NRML"),)))

    assert found.positions == (ForeignPosition(CALL.key, -65, D(102)),)


def test_a_trade_whose_order_is_not_listed_explains_nothing() -> None:
    found = reconcile([], [], book(trades=(THEIRS,), lines=(held(130),)), NONE)

    assert found.foreign.positions == ()
    assert [each.kind for each in found.discrepancies] == [
        DiscrepancyKind.FOREIGN_TRADE,
        DiscrepancyKind.FOREIGN_POSITION,
    ]
    assert not found.is_clean


def test_the_books_agree_beside_somebody_else_in_the_same_contract() -> None:
    ours = apply(Position(CALL), OURS)
    both = book(
        told(S.FILLED, 65, "RUN1E0001", "b1"),
        told(S.FILLED, 130),
        trades=(OURS, THEIRS),
        lines=(held(195),),
    )

    found = reconcile([OWN], [ours], both, frozenset({"t1"}), "RUN1")

    assert found.is_clean
    assert [each.kind for each in found.discrepancies] == [DiscrepancyKind.FOREIGN_ORDER]


def test_units_that_nobody_explains_are_named_beside_the_foreign_ones() -> None:
    found = reconcile(
        [],
        [],
        book(told(S.FILLED, 130), trades=(THEIRS,), lines=(held(195),)),
        NONE,
    )

    assert Discrepancy(DiscrepancyKind.FOREIGN_POSITION, CALL.key, "0", "65") in found.discrepancies
    assert not found.is_clean


@pytest.mark.parametrize(
    ("client_id", "kind"),
    [
        ("RUN1E0009", DiscrepancyKind.UNKNOWN_ORDER),
        ("RUN1E00099", DiscrepancyKind.FOREIGN_ORDER),
        ("RUN2E0009", DiscrepancyKind.FOREIGN_ORDER),
    ],
)
def test_an_order_with_an_id_of_this_run_that_was_never_planned_is_unknown_not_foreign(
    client_id: str, kind: DiscrepancyKind
) -> None:
    found = reconcile([], [], book(told(S.OPEN, 0, client_id)), NONE, "RUN1")

    assert [each.kind for each in found.discrepancies] == [kind]
    assert found.is_clean is (kind is DiscrepancyKind.FOREIGN_ORDER)
    assert bool(found.foreign.orders) is (kind is DiscrepancyKind.FOREIGN_ORDER)


def test_what_we_hold_under_another_product_is_named() -> None:
    ours = apply(Position(CALL), OURS)
    converted = book(
        told(S.FILLED, 65, "RUN1E0001", "b1"),
        trades=(OURS,),
        lines=(held(0), held(65, product="NRML")),
    )

    found = reconcile([OWN], [ours], converted, frozenset({"t1"}))

    [named] = found.discrepancies
    assert named == Discrepancy(DiscrepancyKind.PRODUCT, CALL.key, "MIS 65", "NRML 65")
    assert named.policy is Policy.HALT


def test_every_kind_has_a_policy_and_a_reason() -> None:
    assert set(POLICIES) == set(DiscrepancyKind)
    assert all(why for _, why in POLICIES.values())
    ignored = [kind for kind, (policy, _) in POLICIES.items() if policy is Policy.IGNORE]
    assert ignored == [DiscrepancyKind.FOREIGN_ORDER]


def test_what_is_in_both_reads_is_kept_with_its_newest_quantity() -> None:
    before = Foreign((LINE,), (ForeignPosition(CALL.key, 65, D(100)),))
    now = Foreign(
        (replace(LINE, filled=195), replace(LINE, broker_id="x2")),
        (ForeignPosition(CALL.key, 130, D(101)), ForeignPosition("NSE:TCS", 5, D(1))),
    )

    kept = now.in_both(before)

    assert kept == Foreign((replace(LINE, filled=195),), (now.positions[0],))
    assert now.in_both(NOTHING_FOREIGN) == NOTHING_FOREIGN


def test_a_price_alone_makes_no_difference() -> None:
    one = Foreign((), (ForeignPosition(CALL.key, 65, D(100)),))

    assert one.is_like(Foreign((), (ForeignPosition(CALL.key, 65, D(99)),)))
    assert not one.is_like(Foreign((), (ForeignPosition(CALL.key, 66, D(100)),)))
    assert not one.is_like(Foreign((LINE,), one.positions))


def exit_by_hand(quantity: int, **changes: Any) -> BrokerBook:
    """Return the book after somebody sold `quantity` of what we hold."""
    sold = Fill("t3", "", "x2", CALL, Side.SELL, quantity, D(99), AT)
    line = OrderLine("x2", CALL.key, Side.SELL, quantity, quantity, D(99))
    whole = book(
        told(S.FILLED, 65, "RUN1E0001", "b1"),
        told(S.FILLED, quantity, broker="x2"),
        trades=(OURS, sold),
        lines=(held(65 - quantity),),
    )
    return replace(whole, **({"lines": (line,)} | changes))


def test_an_order_of_others_that_reduced_our_position_is_told_as_its_exit() -> None:
    [told_] = taken_out([OWN], {"RUN1E0001"}, exit_by_hand(65))

    assert (told_.client_id, told_.broker_id, told_.filled_quantity) == ("RUN1E0001", "x2", 65)
    assert told_.request is not None
    assert told_.request.role is Role.EXIT
    assert [(fill.client_id, fill.price) for fill in told_.fills] == [("RUN1E0001", D(99))]


@pytest.mark.parametrize(
    "shown",
    [
        exit_by_hand(130),
        exit_by_hand(65, trades=(OURS,)),
        exit_by_hand(65, lines=(OrderLine("x2", CALL.key, Side.SELL, 65, 65, D(99), "NRML"),)),
        exit_by_hand(65, held=(held(65, carried=65, product="NRML"),)),
        exit_by_hand(65, lines=()),
    ],
    ids=["too-much", "not-proven", "another-product", "carried", "not-shown"],
)
def test_what_may_be_anothers_own_business_is_no_exit_of_ours(shown: BrokerBook) -> None:
    assert taken_out([OWN], {"RUN1E0001"}, shown) == ()
