"""Several exits by others one after the other, and positions of others told in several lines."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from execution.broker import BrokerBook, HeldLine, OrderLine
from execution.foreign import ForeignPosition, foreign_of
from execution.orders import Fill, OrderState, OrderUpdate, Side
from execution.taken_out import taken_out
from tests.unit.execution.market import CALL
from tests.unit.execution.test_foreign import AT, NONE, OURS, OWN, THEIRS, D, book, held, told

S = OrderState
IDS = frozenset({"RUN1E0001"})
OTHER = replace(CALL, token=8, symbol="NIFTY26NOV26100CE")
HOLDS_130 = structs.replace(
    OWN,
    request=replace(OWN.request, quantity=130),
    filled_quantity=130,
    filled_value=D(13_000),
    claimed_quantity=130,
)


def by_hand(*exits: tuple[str, Side, int]) -> BrokerBook:
    """Return the book after somebody traded what we hold, order by order."""
    return BrokerBook(
        orders=(
            told(S.FILLED, 130, "RUN1E0001", "b1"),
            *(OrderUpdate("", name, AT, S.FILLED, quantity) for name, _, quantity in exits),
        ),
        trades=(
            replace(OURS, quantity=130),
            *(
                Fill(f"t-{name}", "", name, CALL, side, quantity, D(99), AT)
                for name, side, quantity in exits
            ),
        ),
        net_quantity=(),
        complete=True,
        lines=tuple(
            OrderLine(name, CALL.key, side, quantity, quantity, D(99))
            for name, side, quantity in exits
        ),
        held=(HeldLine(CALL.key, "MIS", 0, 0, D(99)),),
    )


def taken(*exits: tuple[str, Side, int]) -> list[str]:
    return [update.broker_id for update in taken_out([HOLDS_130], IDS, by_hand(*exits))]


def test_exits_by_others_count_until_nothing_is_left_to_take_out() -> None:
    first, second = ("x1", Side.SELL, 65), ("x2", Side.SELL, 65)

    assert taken(first, second) == ["x1", "x2"]
    assert taken(first, second, ("x3", Side.SELL, 65)) == ["x1", "x2"]


def test_an_exit_larger_than_what_is_left_is_anothers_own_business() -> None:
    assert taken(("x1", Side.SELL, 65), ("x2", Side.SELL, 130)) == ["x1"]


def test_a_purchase_by_others_takes_nothing_out_of_what_was_bought() -> None:
    assert taken(("x1", Side.BUY, 65), ("x2", Side.SELL, 65)) == ["x2"]


def test_an_exit_that_is_not_ours_to_tell_does_not_hide_the_next_one() -> None:
    shown = by_hand(("x1", Side.SELL, 65), ("x2", Side.SELL, 65))
    as_delivery = replace(shown.lines[0], product="NRML")

    found = taken_out([HOLDS_130], IDS, replace(shown, lines=(as_delivery, shown.lines[1])))

    assert [update.broker_id for update in found] == ["x2"]


def test_an_exit_whose_trades_do_not_add_up_is_not_told() -> None:
    shown = by_hand(("x1", Side.SELL, 65))
    half = replace(shown.trades[1], quantity=64)

    assert taken_out([HOLDS_130], IDS, replace(shown, trades=(shown.trades[0], half))) == ()


def test_an_exit_of_another_contract_takes_nothing_out_of_ours() -> None:
    shown = by_hand(("x1", Side.SELL, 65))
    elsewhere = replace(shown.lines[0], instrument=OTHER.key)

    assert taken_out([HOLDS_130], IDS, replace(shown, lines=(elsewhere,))) == ()


def test_what_was_carried_under_two_products_adds_up() -> None:
    found = foreign_of(NONE, book(lines=(held(65, carried=65), held(30, carried=30))))

    assert [each.quantity for each in found.positions] == [95]


def test_a_position_that_is_not_listed_is_told_from_its_trades_without_a_price() -> None:
    more = replace(THEIRS, trade_id="t3", quantity=65)

    found = foreign_of(NONE, book(told(S.PARTIAL, 195), trades=(THEIRS, more)))

    assert found.positions == (ForeignPosition(CALL.key, 195, Decimal(0)),)


def test_all_that_is_held_in_a_market_the_desk_does_not_know_is_foreign() -> None:
    elsewhere = HeldLine("XYZ:GOLD", "NRML", 100, 0, D(60_000))
    ours = HeldLine(CALL.key, "MIS", 65, 0, D(100))

    found = foreign_of(NONE, book(lines=(elsewhere, ours)))

    assert found.positions == (ForeignPosition("XYZ:GOLD", 100, D(60_000)),)
