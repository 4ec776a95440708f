"""Exits by hand where several plans hold the contract: whose they are, and what agrees after."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from execution.broker import BrokerBook, OrderLine
from execution.orders import Fill, Order, OrderState, OrderType, OrderUpdate, Role, Side
from execution.positions import Position, apply
from execution.reconcile import reconcile
from execution.taken_out import is_part, taken_out, without_allotted
from tests.unit.execution.market import CALL
from tests.unit.execution.test_foreign import AT, OURS, OWN, D, book, held, told

S = OrderState
ENTRIES = ("RUN1E0001", "RUN1E0002", "RUN1E0003")


def plan(number: int, quantity: int) -> Order:
    """Return the filled entry of the plan `number`, which holds `quantity`."""
    request = replace(
        OWN.request, client_id=ENTRIES[number], plan_id=f"P{number}", quantity=quantity
    )
    return structs.replace(
        OWN,
        request=request,
        broker_id=f"b{number}",
        filled_quantity=quantity,
        filled_value=D(100) * quantity,
        claimed_quantity=quantity,
    )


def own_fill(order: Order) -> Fill:
    client_id, broker_id = order.request.client_id, order.broker_id or ""
    quantity = order.filled_quantity
    return replace(
        OURS, trade_id=f"t{broker_id}", client_id=client_id, broker_id=broker_id, quantity=quantity
    )


def exit_by_hand(plans: list[Order], *trades: int, side: Side = Side.SELL) -> BrokerBook:
    """Return the book after somebody sold what plans hold, in these trades of one order."""
    units = sum(trades)
    sold = tuple(
        Fill(f"x{n}", "", "x2", CALL, side, quantity, D(99 + n), AT)
        for n, quantity in enumerate(trades)
    )
    net = sum(order.filled_quantity for order in plans) + side.sign * units
    shown = book(
        *(told(S.FILLED, o.filled_quantity, o.request.client_id, o.broker_id or "") for o in plans),
        told(S.FILLED, units, broker="x2"),
        trades=(*(own_fill(order) for order in plans), *sold),
        lines=(held(net),),
    )
    line = OrderLine("x2", CALL.key, side, units, units, D(99))
    return replace(shown, lines=(line,))


def found_in(plans: list[Order], shown: BrokerBook) -> tuple[OrderUpdate, ...]:
    return taken_out(plans, {order.request.client_id for order in plans}, shown)


def test_the_oldest_plan_is_taken_to_have_left_first() -> None:
    plans = [plan(0, 130), plan(1, 65)]

    [exit_] = found_in(plans, exit_by_hand(plans, 65))

    assert (exit_.client_id, exit_.broker_id, exit_.filled_quantity) == (ENTRIES[0], "x2", 65)


def test_an_exit_of_more_than_the_oldest_holds_is_told_in_parts() -> None:
    plans = [plan(0, 65), plan(1, 130)]

    first, second = found_in(plans, exit_by_hand(plans, 195))
    named = {fill.broker_id for part in (first, second) for fill in part.fills}

    assert named == {"x2+1", "x2+2"}

    assert (first.client_id, first.broker_id, first.filled_quantity) == (ENTRIES[0], "x2+1", 65)
    assert (second.client_id, second.broker_id, second.filled_quantity) == (ENTRIES[1], "x2+2", 130)
    assert [(f.trade_id, f.quantity) for f in first.fills] == [("x0+1", 65)]
    assert [(f.trade_id, f.quantity) for f in second.fills] == [("x0+2", 130)]
    assert [part.request.quantity for part in (first, second) if part.request] == [65, 130]


def test_trades_go_to_the_parts_in_their_order_and_whole_ones_keep_their_names() -> None:
    plans = [plan(0, 65), plan(1, 130)]

    first, second = found_in(plans, exit_by_hand(plans, 65, 65, 65))

    assert [(f.trade_id, f.price) for f in first.fills] == [("x0", D(99))]
    assert [(f.trade_id, f.price) for f in second.fills] == [("x1", D(100)), ("x2", D(101))]


def test_two_exits_one_after_the_other_take_the_oldest_and_then_the_next() -> None:
    plans = [plan(0, 65), plan(1, 65)]
    shown = exit_by_hand(plans, 65)
    other = Fill("y", "", "x3", CALL, Side.SELL, 65, D(98), AT)
    both = replace(
        shown,
        orders=(*shown.orders, told(S.FILLED, 65, broker="x3")),
        trades=(*shown.trades, other),
        lines=(*shown.lines, replace(shown.lines[0], broker_id="x3")),
    )

    assert [u.client_id for u in found_in(plans, both)] == [ENTRIES[0], ENTRIES[1]]


def test_where_plans_hold_the_contract_both_ways_nothing_is_guessed() -> None:
    short = plan(1, 65)
    short = structs.replace(short, request=replace(short.request, side=Side.SELL))

    assert found_in([plan(0, 65), short], exit_by_hand([plan(0, 65)], 65)) == ()


def test_a_single_unit_held_the_other_way_is_enough_to_guess_nothing() -> None:
    short = plan(1, 1)
    short = structs.replace(short, request=replace(short.request, side=Side.SELL))

    assert found_in([plan(0, 65), short], exit_by_hand([plan(0, 65)], 65)) == ()


def test_what_several_orders_of_a_plan_left_it_with_is_what_it_holds() -> None:
    first, more = plan(0, 65), plan(1, 130)
    more = structs.replace(more, request=replace(more.request, plan_id="P0"))
    out = plan(2, 65)
    out = structs.replace(out, request=replace(out.request, plan_id="P0", side=Side.SELL))
    orders = [first, more, out]

    [exit_] = found_in(orders, exit_by_hand([first, more], 130))

    assert (exit_.client_id, exit_.broker_id, exit_.filled_quantity) == (ENTRIES[0], "x2", 130)
    assert found_in(orders, exit_by_hand([first, more], 131)) == ()


def test_an_exit_is_told_with_our_contract_where_the_broker_has_more_than_one_word_for_it() -> None:
    stranger = replace(CALL, token=99, lot_size=1, made_from="the broker's book")
    shown = exit_by_hand([plan(0, 65)], 65)
    shown = replace(
        shown,
        trades=tuple(
            replace(fill, instrument=stranger) if fill.broker_id == "x2" else fill
            for fill in shown.trades
        ),
    )

    [exit_] = found_in([plan(0, 65)], shown)

    assert [fill.instrument for fill in exit_.fills] == [CALL]
    assert exit_.request is not None
    assert (exit_.request.instrument, exit_.request.plan_id) == (CALL, "P0")
    assert (exit_.request.client_id, exit_.request.side) == (ENTRIES[0], Side.SELL)
    assert (exit_.request.role, exit_.request.order_type) == (Role.EXIT, OrderType.LIMIT)
    assert exit_.request.price == exit_.fills[0].price


def test_more_than_all_plans_hold_is_no_exit_of_ours() -> None:
    plans = [plan(0, 65), plan(1, 65)]

    assert found_in(plans, exit_by_hand(plans, 131)) == ()


@given(
    held=st.lists(st.integers(1, 200), min_size=1, max_size=3),
    sold=st.lists(st.integers(1, 200), min_size=1, max_size=4),
)
def test_parts_add_up_and_the_books_agree_once_they_are_taken_in(
    held: list[int], sold: list[int]
) -> None:
    plans = [plan(number, units) for number, units in enumerate(held)]
    shown = exit_by_hand(plans, *sold)
    ours = [apply(Position(CALL), own_fill(order)) for order in plans]

    parts = found_in(plans, shown)

    if sum(sold) > sum(held):
        assert parts == ()
        return
    fills = [fill for part in parts for fill in part.fills]
    assert sum(fill.quantity for fill in fills) == sum(sold)
    assert value(fills) == value([f for f in shown.trades if f.broker_id == "x2"])
    assert len({fill.trade_id for fill in fills}) == len(fills)
    assert len({part.broker_id for part in parts}) == len(parts)
    for part in parts:
        place = ENTRIES.index(part.client_id)
        assert sum(fill.quantity for fill in part.fills) == part.filled_quantity <= held[place]
        for fill in part.fills:
            ours[place] = apply(ours[place], fill)
    assert all(position.quantity >= 0 for position in ours)
    adopted = [taken_in(part, number) for number, part in enumerate(parts)]
    known = frozenset(fill.trade_id for fill in (*shown.trades, *fills))
    if len(parts) > 1:
        again = reconcile([*plans, *adopted], ours, shown, known, "RUN1")
        assert again.is_clean
        assert (again.updates, again.taken_out, again.foreign.positions) == ((), (), ())
        assert all(map(is_part, adopted))


def value(fills: list[Fill]) -> Decimal:
    return sum((fill.quantity * fill.price for fill in fills), D(0))


def taken_in(part: OrderUpdate, number: int) -> Order:
    """Return a part as an order of ours, as the engine takes it in."""
    assert part.request is not None
    request = replace(part.request, client_id=f"RUN1X000{number}")
    return Order(
        request,
        S.FILLED,
        part.broker_id,
        part.filled_quantity,
        value(list(part.fills)),
        claimed_quantity=part.filled_quantity,
    )


def test_a_book_without_parts_of_ours_stays_as_it_is() -> None:
    shown = exit_by_hand([plan(0, 65)], 65)

    assert without_allotted([plan(0, 65)], shown) is shown


def test_only_the_orders_of_which_we_have_parts_leave_the_book() -> None:
    plans = [plan(0, 65), plan(1, 65)]
    shown = exit_by_hand(plans, 130)
    other = Fill("y", "", "x3", CALL, Side.SELL, 65, D(98), AT)
    shown = replace(
        shown,
        orders=(*shown.orders, told(S.FILLED, 65, broker="x3")),
        trades=(*shown.trades, other),
        lines=(*shown.lines, replace(shown.lines[0], broker_id="x3")),
    )
    part = taken_in(found_in(plans, shown)[0], 1)

    rest = without_allotted([*plans, structs.replace(plans[0], broker_id=None), part], shown)

    assert [update.broker_id for update in rest.orders] == ["b0", "b1", "x3"]
    assert [fill.broker_id for fill in rest.trades] == ["b0", "b1", "x3"]
    assert [line.broker_id for line in rest.lines] == ["x3"]
    assert (rest.net_quantity, rest.held) == (shown.net_quantity, shown.held)
