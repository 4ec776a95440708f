"""Orders and positions of the account as Kite shows them, whoever made them, to be counted.

What is ours is read in `mapping.py`; a row that can't be read here is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from execution.broker import HeldLine, OrderLine
from execution.kite.rows import Row, RowError, count, price, text, whole
from execution.orders import Side

T = TypeVar("T")


def order_lines(rows: Iterable[Row]) -> tuple[OrderLine, ...]:
    """Return the orders that can be read, in the order of the rows."""
    return tuple(_readable(rows, _order))


def held_lines(rows: Iterable[Row]) -> tuple[HeldLine, ...]:
    """Return the positions that can be read, one for each product, flat ones included."""
    return tuple(_readable(rows, _held))


def _order(row: Row) -> OrderLine:
    side = text(row, "transaction_type")
    if side not in tuple(Side):
        raise RowError("transaction_type: expected BUY or SELL")
    return OrderLine(
        broker_id=text(row, "order_id"),
        instrument=_key(row),
        side=Side(side),
        quantity=count(row, "quantity"),
        filled=count(row, "filled_quantity"),
        price=price(row, "price"),
        product=text(row, "product"),
    )


def _held(row: Row) -> HeldLine:
    return HeldLine(
        instrument=_key(row),
        product=text(row, "product"),
        quantity=whole(row, "quantity"),
        carried=whole(row, "overnight_quantity"),
        last=price(row, "last_price"),
    )


def _key(row: Row) -> str:
    return f"{text(row, 'exchange')}:{text(row, 'tradingsymbol')}"


def _readable(rows: Iterable[Row], read: Callable[[Row], T]) -> Iterator[T]:
    for row in rows:
        try:
            yield read(row)
        except RowError:
            continue
