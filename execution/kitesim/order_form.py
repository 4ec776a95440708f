"""The fields of an order call, read from its form as Kite reads them.

What is refused although it can be read is in `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from execution.kitesim.answers import bad_input
from execution.orders import OrderType, Product, Side
from marketdata.instruments import Exchange

T = TypeVar("T")

Params = Mapping[str, str]

TAG_LENGTH = 20


class Lasting(StrEnum):
    """How long an order rests; TTL: some minutes."""

    DAY = "DAY"
    IOC = "IOC"
    TTL = "TTL"


@dataclass(frozen=True, slots=True)
class OrderForm:
    """An order as it was asked for; prices that its type has no use for are None.

    `ttl_minutes` is above 0 for TTL orders and else 0.
    """

    exchange: Exchange
    symbol: str
    side: Side
    quantity: int
    product: Product
    order_type: OrderType
    lasting: Lasting
    price: Decimal | None
    trigger_price: Decimal | None
    market_protection: Decimal
    disclosed_quantity: int
    ttl_minutes: int
    tag: str
    autoslice: bool


@dataclass(frozen=True, slots=True)
class ChangeForm:
    """A modification as it was asked for; None leaves a field as it is."""

    quantity: int | None
    price: Decimal | None
    trigger_price: Decimal | None
    order_type: OrderType | None
    lasting: Lasting | None
    disclosed_quantity: int | None
    market_protection: Decimal | None


def parse_order(variety: str, params: Params) -> OrderForm:
    """Return the order of a form. Raises `KiteError` naming the field."""
    check_variety(variety)
    order_type = required(params, "order_type", OrderType)
    lasting = _optional(params, "validity", Lasting) or Lasting.DAY
    return OrderForm(
        exchange=required(params, "exchange", Exchange),
        symbol=required(params, "tradingsymbol", str),
        side=required(params, "transaction_type", Side),
        quantity=required(params, "quantity", units),
        product=required(params, "product", Product),
        order_type=order_type,
        lasting=lasting,
        price=_price(params, "price", order_type in (OrderType.LIMIT, OrderType.SL)),
        trigger_price=_price(params, "trigger_price", order_type in (OrderType.SL, OrderType.SL_M)),
        market_protection=_optional(params, "market_protection", _decimal) or Decimal(0),
        disclosed_quantity=_optional(params, "disclosed_quantity", _whole) or 0,
        ttl_minutes=_ttl(params) if lasting is Lasting.TTL else 0,
        tag=_tag(params),
        autoslice=params.get("autoslice", "").lower() in ("true", "1"),
    )


def parse_change(variety: str, params: Params) -> ChangeForm:
    """Return the change of a form. Raises `KiteError` naming the field."""
    check_variety(variety)
    return ChangeForm(
        quantity=_optional(params, "quantity", units),
        price=_optional(params, "price", _decimal) or None,
        trigger_price=_optional(params, "trigger_price", _decimal) or None,
        order_type=_optional(params, "order_type", OrderType),
        lasting=_optional(params, "validity", Lasting),
        disclosed_quantity=_optional(params, "disclosed_quantity", _whole),
        market_protection=_optional(params, "market_protection", _decimal),
    )


def check_variety(variety: str) -> None:
    """Raise `KiteError` for any variety but `regular`."""
    if variety != "regular":
        raise bad_input("Invalid `variety`.")


def required(params: Params, name: str, read: Callable[[str], T]) -> T:
    """Return a field read from its text. Raises `KiteError` where it is missing or unreadable."""
    if not params.get(name):
        raise bad_input(f"Missing or empty field `{name}`.")
    return _read(params, name, read)


def rupees(params: Params, name: str) -> Decimal:
    """Return an amount, 0 where there is none. Raises `KiteError` where it is unreadable."""
    return _optional(params, name, _decimal) or Decimal(0)


def _optional(params: Params, name: str, read: Callable[[str], T]) -> T | None:
    return _read(params, name, read) if params.get(name) else None


def _read(params: Params, name: str, read: Callable[[str], T]) -> T:
    try:
        return read(params[name])
    except (ValueError, InvalidOperation):
        raise bad_input(f"Invalid `{name}`.") from None


def _price(params: Params, name: str, is_needed: bool) -> Decimal | None:
    return (_optional(params, name, _decimal) or Decimal(0)) if is_needed else None


def _tag(params: Params) -> str:
    tag = params.get("tag", "")
    if len(tag) > TAG_LENGTH:
        raise bad_input(f"Invalid `tag`. It can be at most {TAG_LENGTH} characters long.")
    return tag


def _ttl(params: Params) -> int:
    return required(params, "validity_ttl", units)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def units(text: str) -> int:
    """Return a whole number above 0. Raises `ValueError`."""
    number = _whole(text)
    if number < 1:
        raise ValueError(text)
    return number


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number) >= 10**9 or len(text) > 20:
        raise ValueError(text)
    return number
