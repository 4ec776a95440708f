"""Triggers that outlive the day: kept, watched against last prices, fired as limit orders.

That a trigger fired does not say that its order was taken; the result is kept with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from execution.kitesim.answers import ErrorType, KiteError, bad_input, stamp
from execution.kitesim.books import Books
from execution.kitesim.order_form import Params, parse_order, required
from execution.kitesim.prices import Prices
from marketdata.instruments import Instrument

_YEAR = timedelta(days=365)
_LEGS = {"single": 1, "two-leg": 2}
_PRODUCTS = ("CNC", "NRML")
MOST_ACTIVE = 250


@dataclass(slots=True)
class Trigger:
    """One trigger: its condition, its orders as they were asked, and what became of them."""

    trigger_id: int
    kind: str
    instrument: Instrument
    values: tuple[Decimal, ...]
    last: Decimal
    orders: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    status: str = "active"
    results: list[dict[str, Any] | None] = field(default_factory=list)

    def reached(self, price: Decimal) -> int | None:
        """Return which of its values the price has reached, None for none.

        A single value is reached from the side it was set from, of two the first from above.
        """
        if len(self.values) == 1:
            value = self.values[0]
            is_reached = price >= value if value >= self.last else price <= value
            return 0 if is_reached else None
        if price <= self.values[0]:
            return 0
        return 1 if price >= self.values[1] else None


class Triggers:
    """The account's triggers."""

    def __init__(self, user_id: str, books: Books, prices: Prices) -> None:
        self._user_id = user_id
        self._books = books
        self._prices = prices
        self._triggers: dict[int, Trigger] = {}
        self._number = 100_000

    def place(self, params: Params) -> int:
        """Set a trigger and return its id. Raises `KiteError`."""
        active = sum(trigger.status == "active" for trigger in self._triggers.values())
        if active >= MOST_ACTIVE:
            raise bad_input(f"Maximum of {MOST_ACTIVE} active triggers reached.")
        self._number += 1
        self._triggers[self._number] = self._read(self._number, params)
        return self._number

    def modify(self, trigger_id: str, params: Params) -> int:
        """Set an active trigger anew. Raises `KiteError`."""
        old = self._active(trigger_id)
        new = self._read(old.trigger_id, params)
        new.created_at = old.created_at
        self._triggers[old.trigger_id] = new
        return old.trigger_id

    def delete(self, trigger_id: str) -> int:
        """Delete an active trigger. Raises `KiteError`."""
        trigger = self._active(trigger_id)
        trigger.status, trigger.updated_at = "deleted", self._prices.now
        return trigger.trigger_id

    def all(self) -> list[dict[str, Any]]:
        """Return every trigger."""
        return [self._told(trigger) for trigger in self._triggers.values()]

    def one(self, trigger_id: str) -> dict[str, Any]:
        """Return one trigger. Raises `KiteError`."""
        return self._told(self._find(trigger_id))

    def watch(self) -> None:
        """Fire what the last prices have reached."""
        for trigger in self._triggers.values():
            price = self._prices.last(trigger.instrument)
            if trigger.status != "active" or price is None:
                continue
            leg = trigger.reached(price)
            if leg is not None:
                self._fire(trigger, leg)

    def _fire(self, trigger: Trigger, leg: int) -> None:
        order = trigger.orders[leg]
        form = {name: str(value) for name, value in order.items()}
        result: dict[str, Any] = {"status": "success", "order_id": "", "rejection_reason": ""}
        try:
            result["order_id"] = self._books.place(parse_order("regular", form)).order_id
        except KiteError as error:
            result |= {"status": "failed", "rejection_reason": error.message}
        now = self._prices.now
        trigger.status, trigger.updated_at = "triggered", now
        trigger.results[leg] = {
            "account_id": self._user_id,
            **order,
            "validity": "DAY",
            "meta": "{}",
            "timestamp": stamp(now),
            "triggered_at": self._prices.last(trigger.instrument),
            "order_result": result,
        }

    def _read(self, trigger_id: int, params: Params) -> Trigger:
        kind = required(params, "type", str)
        condition = required(params, "condition", json.loads)
        orders = required(params, "orders", json.loads)
        if kind not in _LEGS or not isinstance(condition, Mapping) or not isinstance(orders, list):
            raise bad_input("Invalid `type`, `condition` or `orders`.")
        values = _prices_of(condition.get("trigger_values"))
        if len(values) != _LEGS[kind] or len(orders) != _LEGS[kind]:
            raise bad_input(f"A {kind} trigger has {_LEGS[kind]} trigger value(s) and order(s).")
        exchange, symbol = condition.get("exchange"), condition.get("tradingsymbol")
        instrument = self._prices.find(str(exchange), str(symbol))
        if instrument is None or not instrument.is_tradable:
            raise bad_input("The instrument of the trigger does not exist.")
        now = self._prices.now
        return Trigger(
            trigger_id=trigger_id,
            kind=kind,
            instrument=instrument,
            values=tuple(sorted(values)),
            last=_prices_of([condition.get("last_price")])[0],
            orders=[_order(order, instrument) for order in orders],
            created_at=now,
            updated_at=now,
            results=[None] * len(orders),
        )

    def _find(self, trigger_id: str) -> Trigger:
        number = int(trigger_id) if trigger_id.isascii() and trigger_id.isdecimal() else 0
        if number not in self._triggers:
            raise KiteError("Trigger not found.", ErrorType.GENERAL, 404)
        return self._triggers[number]

    def _active(self, trigger_id: str) -> Trigger:
        trigger = self._find(trigger_id)
        if trigger.status != "active":
            raise bad_input(f"Trigger is {trigger.status}, it cannot be changed.")
        return trigger

    def _told(self, trigger: Trigger) -> dict[str, Any]:
        return {
            "id": trigger.trigger_id,
            "user_id": self._user_id,
            "parent_trigger": None,
            "type": trigger.kind,
            "created_at": stamp(trigger.created_at),
            "updated_at": stamp(trigger.updated_at),
            "expires_at": stamp(trigger.created_at + _YEAR),
            "status": trigger.status,
            "condition": {
                "exchange": str(trigger.instrument.exchange),
                "tradingsymbol": trigger.instrument.symbol,
                "trigger_values": list(trigger.values),
                "last_price": trigger.last,
                "instrument_token": trigger.instrument.token,
            },
            "orders": [
                order | {"result": result}
                for order, result in zip(trigger.orders, trigger.results, strict=True)
            ],
            "meta": {},
        }


def _order(order: object, instrument: Instrument) -> dict[str, Any]:
    if not isinstance(order, Mapping):
        raise bad_input("Invalid `orders`.")
    told = {str(name): value for name, value in order.items()}
    named = {"exchange": str(instrument.exchange), "tradingsymbol": instrument.symbol}
    if told.get("product") not in _PRODUCTS:
        raise bad_input("Invalid `product` for a trigger.")
    if told.get("order_type") != "LIMIT":
        raise bad_input("Only LIMIT orders are allowed for a trigger.")
    parse_order("regular", {name: str(value) for name, value in (told | named).items()})
    fields = ("transaction_type", "quantity", "order_type", "product", "price")
    return named | {name: told[name] for name in fields}


def _prices_of(told: object) -> list[Decimal]:
    try:
        values = [Decimal(str(value)) for value in told] if isinstance(told, list) else []
    except InvalidOperation:
        raise bad_input("Invalid `condition`.") from None
    if any(not value.is_finite() or value <= 0 for value in values):
        raise bad_input("Invalid `condition`.")
    return values
