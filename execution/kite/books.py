"""The broker's book out of three lists of rows; whole only if every row could be read.

The lists are fetched in `broker.py`; one row is read in `mapping.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog

from execution.broker import BrokerBook, OutcomeUnknown
from execution.foreign import is_known_market
from execution.kite.lines import held_lines, order_lines
from execution.kite.mapping import Names, fill_of, net_quantities, order_update
from execution.kite.rows import Row, RowError, optional_text
from execution.orders import Fill
from marketdata.instruments import Exchange

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lists:
    """What Kite answered to the three reads."""

    orders: Sequence[Row]
    trades: Sequence[Row]
    net: Sequence[Row]


def book_of(lists: Lists, names: Names, read_at: datetime) -> BrokerBook:
    """Return the book; a row that can't be read is named in the log and makes it incomplete.

    Trades of markets that the desk doesn't know can't be ours and are left out. Raises
    `OutcomeUnknown` for an unreadable position, which must not look like none.
    """
    try:
        net = net_quantities(lists.net)
    except RowError as error:
        raise OutcomeUnknown(f"positions: {error}") from error
    orders = _readable(lists.orders, lambda row: order_update(row, names, read_at))
    tagged = {order.broker_id: order.client_id for order in orders if order.client_id}
    known = replace(names, client_ids={**tagged, **names.client_ids})
    rows = _of_our_markets(lists.trades)
    trades = _readable(rows, lambda row: fill_of(row, known, read_at))
    is_whole = len(orders) == len(lists.orders) and len(trades) == len(rows)
    return BrokerBook(
        tuple(orders),
        _once(trades),
        net,
        complete=is_whole,
        lines=order_lines(lists.orders),
        held=held_lines(lists.net),
    )


def trades_of(rows: Sequence[Row], names: Names, read_at: datetime) -> tuple[Fill, ...]:
    """Return the trades that can be read, each once; the rest is named in the log."""
    ours = _of_our_markets(rows)
    return _once(_readable(ours, lambda row: fill_of(row, names, read_at)))


def _of_our_markets(rows: Sequence[Row]) -> list[Row]:
    """Leave out what names another market; what names none is found to be unreadable."""
    return [row for row in rows if is_known_market(optional_text(row, "exchange") or Exchange.NSE)]


def _once(fills: Sequence[Fill]) -> tuple[Fill, ...]:
    return tuple({(fill.broker_id, fill.trade_id): fill for fill in fills}.values())


def _readable(rows: Sequence[Row], read: Callable[[Row], T]) -> list[T]:
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except RowError as error:
            order = optional_text(row, "order_id")[:40]
            _log.warning("row unreadable", order=order, fault=str(error))
    return found
