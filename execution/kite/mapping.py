"""Our orders in Kite's words and Kite's rows in ours; nothing here sends, remembers or waits.

How a single field is read is `rows.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from execution.broker import Refused
from execution.kite.rows import Row, RowError, count, moment, optional_text, price, text, whole
from execution.orders import (
    PRICED,
    STOPS,
    Fill,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Side,
)
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.answers import clean

FINAL = {
    "COMPLETE": OrderState.FILLED,
    "CANCELLED": OrderState.CANCELLED,
    "CANCELLED AMO": OrderState.CANCELLED,
    "REJECTED": OrderState.REJECTED,
}
"""Kite's last words on an order; every other status, known or not, is an order that works."""
_TRIGGERED = frozenset({"OPEN", "COMPLETE"})
_SETTLED = frozenset({"OPEN", "TRIGGER PENDING"})
_COMING = frozenset({"PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING"})
_CHANGED = _SETTLED | {"UPDATE", "MODIFIED"}
_AT_MARKET = (OrderType.MARKET, OrderType.SL_M)
_TAG = re.compile(r"[A-Za-z0-9]{1,20}")
_BROKER_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_OLDEST = timedelta(days=7)
_NEWEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Names:
    """How Kite's names lead to ours.

    `client_ids`: by Kite's order id, of orders whose answer is known; the tag speaks for the rest.
    `instrument`: by key, None where nothing is known of it. `requests`: what is believed to rest,
    by client id, of orders that no change is on its way to; given only with rows that were read
    just now, as an older row can't say that a belief is wrong. `asked`: what was last known to
    rest, by client id; a row that is COMPLETE tells with how many units it came to its end.
    `doubted`: client ids of orders with a change of which nothing is proven: what they rest with
    is told even where it is what was believed. `wanted`: by Kite's order id, what a change on its
    way asks for, where the order never rested so before: a row that shows it proves the change.
    """

    client_ids: Mapping[str, str]
    instrument: Callable[[str], Instrument | None]
    requests: Mapping[str, OrderRequest] = field(default_factory=dict)
    asked: Mapping[str, OrderRequest] = field(default_factory=dict)
    doubted: Set[str] = frozenset()
    wanted: Mapping[str, OrderRequest] = field(default_factory=dict)

    def client_id(self, broker_id: str, tag: str) -> str:
        """Return our id of an order; empty for one from elsewhere that carries no tag like ours."""
        return self.client_ids.get(broker_id) or (tag if _TAG.fullmatch(tag) else "")


def place_fields(request: OrderRequest, *, variety: str, algo_id: str) -> dict[str, str]:
    """Return the form of a new order.

    `algo_id`: of the registered strategy, empty for none. Raises `Refused` for what Kite can't be
    asked: a made instrument, a pair, a market order without protection.
    """
    if request.instrument.made_from:
        raise Refused(f"{request.instrument.symbol} is made from {request.instrument.made_from}.")
    if request.pair:
        raise Refused("A resting stop and a resting target can't be paired at Kite.")
    fields = {
        "variety": variety,
        "exchange": request.instrument.exchange.value,
        "tradingsymbol": request.instrument.symbol,
        "transaction_type": request.side.value,
        "product": request.product.value,
        "tag": request.client_id,
        **_terms(request),
    }
    return {**fields, "algo_id": algo_id} if algo_id else fields


def change_fields(change: OrderChange, resting: OrderRequest | None) -> dict[str, str]:
    """Return the form of a modification: the whole order as it shall rest, where it is known.

    Without `resting` only what changes is named. Raises `Refused` as `place_fields`.
    """
    if resting is not None:
        return _terms(changed_by(resting, change))
    if change.order_type in _AT_MARKET and not change.market_protection:
        raise Refused(_UNPROTECTED)
    named = {
        "order_type": change.order_type,
        "quantity": change.quantity,
        "price": change.price,
        "trigger_price": change.trigger_price,
        "market_protection": change.market_protection,
    }
    return {name: _plain(value) for name, value in named.items() if value is not None}


def changed_by(request: OrderRequest, change: OrderChange) -> OrderRequest:
    """Return what rests once a change is done. Raises `Refused` for one that makes no sense."""
    try:
        return request.changed_by(change)
    except ValueError as error:
        raise Refused(str(error)) from error


def order_update(row: Row, names: Names, heard_at: datetime) -> OrderUpdate:
    """Return what a row of the book, a socket's message or a postback says of one order.

    Only status and filled quantity are believed of its progress. The update is as old as the
    exchange's last word in the row; `heard_at` stands in where none is told, or where the row
    shows other terms than we believed to rest. It has no fills: rows don't name trades. Raises
    `RowError`.
    """
    broker_id, status = _order_id(row), text(row, "status")
    quantity, filled = count(row, "quantity"), count(row, "filled_quantity")
    if filled > quantity:
        raise RowError(f"filled_quantity: expected at most the quantity {quantity}")
    client_id = names.client_id(broker_id, optional_text(row, "tag"))
    working = OrderState.PARTIAL if filled else OrderState.OPEN
    state = FINAL.get(status, working)
    is_stop = optional_text(row, "order_type") in STOPS
    told_at = _told_at(row, heard_at)
    otherwise = _otherwise(row, status, names.requests.get(client_id))
    if otherwise is None and client_id in names.doubted:
        otherwise = _untouched(row, status, names.requests.get(client_id))
    done = _done(row, status, names.wanted.get(broker_id))
    asked = names.asked.get(client_id)
    return OrderUpdate(
        client_id=client_id,
        broker_id=broker_id,
        at=told_at if otherwise is None else heard_at,
        state=state,
        filled_quantity=filled,
        request=_ended_with(asked, state, filled)
        or done
        or otherwise
        or _grown(asked, state, (filled, quantity)),
        triggered=is_stop and (filled > 0 or status in _TRIGGERED),
        reason=_reason(row) if state in (OrderState.REJECTED, OrderState.CANCELLED) else "",
    )


def fill_of(row: Row, names: Names, heard_at: datetime) -> Fill:
    """Return a row of the trade book; trades carry no tag, so `names` must know their orders.

    Kite's trade numbers begin again each day on each exchange, so the id names both, and the side:
    two orders of one account may have met each other. A contract that isn't known here is told by
    what the row says of it and can't be traded. Raises `RowError`, also for a market that the desk
    doesn't know at all.
    """
    broker_id, exchange = _order_id(row), _exchange(row)
    at = moment(row, "fill_timestamp", "exchange_timestamp")
    if at is None or not _is_of_these_days(at, heard_at):
        raise RowError("fill_timestamp: expected a time of these days")
    quantity, paid = count(row, "quantity"), price(row, "average_price")
    if not quantity or not paid:
        raise RowError("quantity: expected above 0, at an average_price above 0")
    trade_id = text(row, "trade_id")
    if not _BROKER_ID.fullmatch(trade_id):
        raise RowError("trade_id: expected letters and digits")
    side = _side(row)
    return Fill(
        trade_id=f"{exchange}-{at:%y%m%d}-{trade_id}-{side}",
        client_id=names.client_id(broker_id, ""),
        broker_id=broker_id,
        instrument=names.instrument(_key(row)) or _stranger(row, exchange),
        side=side,
        quantity=quantity,
        price=paid,
        at=at,
    )


def net_quantities(rows: Iterable[Row]) -> tuple[tuple[str, int], ...]:
    """Return the net units by instrument key, all products together, without what is flat.

    Raises `RowError`: a position that can't be read must not look like none.
    """
    net: dict[str, int] = {}
    for row in rows:
        key = _key(row)
        net[key] = net.get(key, 0) + whole(row, "quantity")
    return tuple(sorted((key, units) for key, units in net.items() if units))


_UNPROTECTED = "Market orders without market protection are not allowed via API."


def _terms(request: OrderRequest) -> dict[str, str]:
    """Return what placing and modifying have in common."""
    named: dict[str, object] = {
        "order_type": request.order_type,
        "quantity": request.quantity,
        "validity": request.validity,
        "price": request.price,
        "trigger_price": request.trigger_price,
    }
    if request.order_type in _AT_MARKET:
        if not request.market_protection:
            raise Refused(_UNPROTECTED)
        named["market_protection"] = request.market_protection
    return {name: _plain(value) for name, value in named.items() if value is not None}


def _plain(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _order_id(row: Row) -> str:
    order_id = text(row, "order_id")
    if not _BROKER_ID.fullmatch(order_id):
        raise RowError("order_id: expected letters and digits")
    return order_id


def _told_at(row: Row, heard_at: datetime) -> datetime:
    at = moment(row, "exchange_update_timestamp", "exchange_timestamp", "order_timestamp")
    if at is None:
        return heard_at
    if not _is_of_these_days(at, heard_at):
        raise RowError("exchange_update_timestamp: expected a time of these days")
    return at


def _is_of_these_days(at: datetime, heard_at: datetime) -> bool:
    return heard_at - _OLDEST <= at <= heard_at + _NEWEST


def _otherwise(row: Row, status: str, known: OrderRequest | None) -> OrderRequest | None:
    """Return the order as it rests where a settled row shows other terms than are known.

    A protected market order is shown as a limit order, so only priced orders are compared.
    """
    if known is None or status not in _SETTLED:
        return None
    shows = _shows(row, known)
    return None if shows == known else shows


def _untouched(row: Row, status: str, known: OrderRequest | None) -> OrderRequest | None:
    """Return what is known to rest where the row doesn't gainsay it and no change is under way.

    An order that hasn't got to the exchange shows the terms it was sent with, and takes no other.
    """
    if known is None or status in _SETTLED:
        return known
    return known if status in _COMING and _shows(row, known) == known else None


def _done(row: Row, status: str, wanted: OrderRequest | None) -> OrderRequest | None:
    """Return what a change asks for where the row shows that it has come to be."""
    if wanted is None or status not in _CHANGED:
        return None
    return wanted if _shows(row, wanted) == wanted else None


def _shows(row: Row, known: OrderRequest) -> OrderRequest | None:
    """Return an order on the terms that a row shows; None where it can't show them."""
    shown = optional_text(row, "order_type")
    if known.order_type not in PRICED or shown not in PRICED:
        return None
    order_type = OrderType(shown)
    is_stop = order_type is OrderType.SL
    quantity = count(row, "quantity")
    if not quantity:
        raise RowError("quantity: expected above 0")
    return replace(
        known,
        order_type=order_type,
        quantity=quantity,
        price=_above_0(row, "price"),
        trigger_price=_above_0(row, "trigger_price") if is_stop else None,
    )


def _ended_with(asked: OrderRequest | None, state: OrderState, filled: int) -> OrderRequest | None:
    """Return an order that is filled with other units than it was known to rest with."""
    if asked is None or state is not OrderState.FILLED or filled in (0, asked.quantity):
        return None
    return replace(asked, quantity=filled)


def _grown(
    asked: OrderRequest | None, state: OrderState, units: tuple[int, int]
) -> OrderRequest | None:
    """Return an order of which all that was asked has filled, and which is shown to be larger.

    `units`: filled and shown. Somebody else made it so: what we asked for would call it done.
    """
    filled, quantity = units
    if asked is None or state is OrderState.FILLED or not filled >= asked.quantity < quantity:
        return None
    return replace(asked, quantity=quantity)


def _above_0(row: Row, name: str) -> Decimal:
    number = price(row, name)
    if not number:
        raise RowError(f"{name}: expected a price above 0")
    return number


def _reason(row: Row) -> str:
    told = optional_text(row, "status_message") or optional_text(row, "status_message_raw")
    return clean(told, hidden="")


def _exchange(row: Row) -> Exchange:
    name = text(row, "exchange")
    if name not in tuple(Exchange):
        raise RowError("exchange: expected " + ", ".join(Exchange))
    return Exchange(name)


def _side(row: Row) -> Side:
    name = text(row, "transaction_type")
    if name not in tuple(Side):
        raise RowError("transaction_type: expected BUY or SELL")
    return Side(name)


def _key(row: Row) -> str:
    return clean(f"{text(row, 'exchange')}:{text(row, 'tradingsymbol')}", hidden="")


def _stranger(row: Row, exchange: Exchange) -> Instrument:
    """Return an instrument that only the broker's book knows."""
    symbol = text(row, "tradingsymbol")
    return Instrument(
        token=count(row, "instrument_token"),
        exchange=exchange,
        symbol=symbol,
        name=symbol,
        kind=Kind.EQUITY,
        lot_size=1,
        tick_size=Decimal("0.01"),
        made_from="the broker's book",
    )
