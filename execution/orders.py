"""Orders as values: what is asked, what is known, and the one table of allowed changes.

Matching orders against a market lives in `exchange.py`; talking to a broker behind `broker.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, structs

from marketdata.instruments import Instrument

_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,20}")


class Side(StrEnum):
    """Buy or sell."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """Return 1 for a buy, -1 for a sale."""
        return 1 if self is _BUY else -1


_BUY = Side.BUY


class OrderType(StrEnum):
    """Kite's order types."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"


PRICED = (OrderType.LIMIT, OrderType.SL)
"""Types with a limit price."""
STOPS = (OrderType.SL, OrderType.SL_M)
"""Types with a trigger price."""


class Product(StrEnum):
    """Kite's products."""

    MIS = "MIS"
    NRML = "NRML"
    CNC = "CNC"


class Validity(StrEnum):
    """How long an order rests."""

    DAY = "DAY"
    IOC = "IOC"


class Role(StrEnum):
    """What an order is for."""

    ENTRY = "ENTRY"
    STOP = "STOP"
    TARGET = "TARGET"
    EXIT = "EXIT"


class OrderState(StrEnum):
    """Where an order stands, as far as it is proven."""

    PLANNED = "PLANNED"
    SENT = "SENT"
    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Say whether nothing more is expected (a fill may still overtake a cancel)."""
        return self in FINAL


_S = OrderState
FINAL = frozenset({_S.FILLED, _S.REJECTED, _S.CANCELLED})
"""States after which nothing more is expected."""
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.PLANNED: frozenset({_S.SENT, _S.REJECTED, _S.CANCELLED}),
    _S.SENT: frozenset(
        {_S.OPEN, _S.PARTIAL, _S.FILLED, _S.REJECTED, _S.CANCELLED, _S.UNKNOWN, _S.PLANNED}
    ),
    _S.UNKNOWN: frozenset({_S.OPEN, _S.PARTIAL, _S.FILLED, _S.REJECTED, _S.CANCELLED, _S.PLANNED}),
    _S.OPEN: frozenset({_S.PARTIAL, _S.FILLED, _S.REJECTED, _S.CANCELLED}),
    _S.PARTIAL: frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED}),
    _S.CANCELLED: frozenset({_S.PARTIAL, _S.FILLED}),
    _S.FILLED: frozenset(),
    _S.REJECTED: frozenset(),
}
"""Allowed changes of state; staying is always allowed.

SENT and UNKNOWN go back to PLANNED only when the broker's book proves that no order exists.
CANCELLED can still fill: the fill was on its way.
"""


class IllegalTransitionError(Exception):
    """An order was told to change in a way the table does not allow."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What is asked of a broker; the same value for every broker.

    `client_id`: our own id, 1 to 20 letters and digits, unique for ever; goes out as Kite's tag.
    `quantity` in units. `price` is the limit (LIMIT, SL), `trigger_price` the trigger (SL, SL-M),
    both on the tick grid. `pair` joins a resting stop and a resting target on the simulated
    exchange so that a fill of one cancels the other; no real broker offers it.
    """

    client_id: str
    instrument: Instrument
    side: Side
    quantity: int
    order_type: OrderType
    role: Role
    plan_id: str
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    product: Product = Product.MIS
    validity: Validity = Validity.DAY
    market_protection: Decimal | None = None
    pair: str = ""

    def __post_init__(self) -> None:
        if not _CLIENT_ID.fullmatch(self.client_id):
            raise ValueError(f"client_id: {self.client_id!r}, expected 1 to 20 letters and digits")
        if self.quantity <= 0:
            raise ValueError(f"quantity: {self.quantity}, expected above 0")
        if not self.instrument.is_tradable:
            raise ValueError(f"instrument: {self.instrument.symbol} is an index, not tradable")
        if (self.order_type in PRICED) != (self.price is not None):
            raise ValueError(f"price: {self.price} does not go with {self.order_type}")
        if (self.order_type in STOPS) != (self.trigger_price is not None):
            raise ValueError(f"trigger_price: {self.trigger_price} not with {self.order_type}")

    def changed_by(self, change: OrderChange) -> OrderRequest:
        """Return the request as it rests once `change` is done.

        A price that the new order type has no use for goes. Raises `ValueError` as a new request.
        """
        order_type = change.order_type or self.order_type
        price = self.price if change.price is None else change.price
        trigger = self.trigger_price if change.trigger_price is None else change.trigger_price
        return replace(
            self,
            order_type=order_type,
            quantity=self.quantity if change.quantity is None else change.quantity,
            price=price if order_type in PRICED else None,
            trigger_price=trigger if order_type in STOPS else None,
            market_protection=change.market_protection or self.market_protection,
        )


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What a modification sets; None leaves a field as it is.

    A change to MARKET or SL-M needs a `market_protection` where the order had none.
    """

    quantity: int | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    order_type: OrderType | None = None
    market_protection: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of one order; `trade_id` is the broker's and unique for ever per account."""

    trade_id: str
    client_id: str
    broker_id: str
    instrument: Instrument
    side: Side
    quantity: int
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """What a broker says of one order, in its answer, a message or its book.

    `state` is the state after it; `fills` are trades it proves, already known ones included
    (they are told apart by `trade_id`). `request` carries what now rests at the broker where a
    modification was accepted. `reason` is the broker's own text for a refusal or a cancellation.
    """

    client_id: str
    broker_id: str
    at: datetime
    state: OrderState
    filled_quantity: int = 0
    fills: tuple[Fill, ...] = ()
    request: OrderRequest | None = None
    triggered: bool = False
    reason: str = ""


class Order(Struct, frozen=True, gc=False):
    """One order as far as it is known: the request now resting, its state, what has filled.

    `filled_quantity` and `filled_value` are what trades prove; `claimed_quantity` is the most any
    news said to have filled, proven or not. `updated_at` is the moment of the newest news taken.
    `most_asked`: the most units that a change not answered yet may have made of it, 0 without one.
    """

    request: OrderRequest
    state: OrderState = OrderState.PLANNED
    broker_id: str = ""
    filled_quantity: int = 0
    filled_value: Decimal = Decimal(0)
    triggered: bool = False
    modifications: int = 0
    reason: str = ""
    claimed_quantity: int = 0
    updated_at: datetime | None = None
    most_asked: int = 0

    @property
    def open_quantity(self) -> int:
        """Return the units that may still fill."""
        return 0 if self.state.is_final else self.request.quantity - self.filled_quantity

    @property
    def average_price(self) -> Decimal | None:
        """Return the mean fill price, or None before the first fill."""
        return self.filled_value / self.filled_quantity if self.filled_quantity else None

    def moved_to(self, state: OrderState) -> Order:
        """Return the order in `state`. Raises `IllegalTransitionError` off the table."""
        self.check_move(state)
        return structs.replace(self, state=state)

    def check_move(self, state: OrderState) -> None:
        """Raise `IllegalTransitionError` where going to `state` is off the table."""
        if state is not self.state and state not in TRANSITIONS[self.state]:
            raise IllegalTransitionError(
                f"{self.request.client_id}: {self.state} -> {state} is not allowed"
            )
