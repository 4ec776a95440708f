"""Orders and positions of the account, whoever made them, as far as their rows can be read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.broker import HeldLine, OrderLine
from execution.kite.lines import held_lines, order_lines
from execution.kite.rows import Row
from execution.orders import Side

ORDER: Row = {
    "order_id": "b1",
    "exchange": "NFO",
    "tradingsymbol": "NIFTY26NOVFUT",
    "transaction_type": "SELL",
    "quantity": 130,
    "filled_quantity": 65,
    "price": 25_000.05,
    "product": "NRML",
}
HELD: Row = {
    "exchange": "NFO",
    "tradingsymbol": "NIFTY26NOVFUT",
    "product": "MIS",
    "quantity": -65,
    "overnight_quantity": 130,
    "last_price": 25_001.5,
}


def test_an_order_is_read_with_whose_side_and_how_much_it_is() -> None:
    [line] = order_lines([ORDER])

    assert line == OrderLine(
        "b1", "NFO:NIFTY26NOVFUT", Side.SELL, 130, 65, Decimal("25000.05"), "NRML"
    )


def test_a_position_is_read_signed_and_with_what_was_carried() -> None:
    [line] = held_lines([HELD])

    assert line == HeldLine("NFO:NIFTY26NOVFUT", "MIS", -65, 130, Decimal("25001.5"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"transaction_type": "LEND"},
        {"quantity": "many"},
        {"order_id": None},
        {"filled_quantity": -1},
        {"tradingsymbol": ""},
    ],
)
def test_an_order_that_cannot_be_read_is_left_out_and_no_other(wrong: Row) -> None:
    lines = order_lines([ORDER | wrong, ORDER, ORDER | wrong])

    assert [line.broker_id for line in lines] == ["b1"]


def test_a_position_that_cannot_be_read_is_left_out_and_no_other() -> None:
    lines = held_lines([HELD | {"quantity": 0.5}, HELD])

    assert [line.quantity for line in lines] == [-65]
