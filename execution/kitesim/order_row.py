"""One order as Kite's book shows it, with everything it has been through.

When it changes is decided in `books.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from execution.kitesim.answers import stamp
from execution.kitesim.order_form import Lasting, OrderForm
from execution.orders import Fill, OrderRequest, OrderType, Role, Validity
from marketdata.instruments import Instrument


class Status(StrEnum):
    """Kite's states of an order; UPDATE is told in messages only."""

    RECEIVED = "PUT ORDER REQ RECEIVED"
    VALIDATION_PENDING = "VALIDATION PENDING"
    OPEN_PENDING = "OPEN PENDING"
    OPEN = "OPEN"
    TRIGGER_PENDING = "TRIGGER PENDING"
    MODIFY_VALIDATION_PENDING = "MODIFY VALIDATION PENDING"
    MODIFY_PENDING = "MODIFY PENDING"
    MODIFIED = "MODIFIED"
    CANCEL_PENDING = "CANCEL PENDING"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    UPDATE = "UPDATE"


FINAL = frozenset({Status.COMPLETE, Status.CANCELLED, Status.REJECTED})
RESTING = frozenset({Status.OPEN, Status.TRIGGER_PENDING})


@dataclass(slots=True)
class OrderRow:
    """An order: what was asked, what rests, where it stands, what has filled.

    `form` is as it rests, after modifications. `blocked`: rupees held for it while it works.
    `sent_quantity`: how much of it the exchange has been given.
    """

    order_id: str
    account_id: str
    instrument: Instrument
    form: OrderForm
    placed_at: datetime
    guid: str
    tags: tuple[str, ...] = ()
    status: Status = Status.RECEIVED
    message: str | None = None
    exchange_order_id: str | None = None
    exchange_at: datetime | None = None
    changed_at: datetime | None = None
    modifications: int = 0
    triggered: bool = False
    fills: list[Fill] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    blocked: Decimal = Decimal(0)
    sent_quantity: int = 0

    @property
    def filled(self) -> int:
        """Return the units filled."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def left(self) -> int:
        """Return the units that may still fill, 0 in a final state."""
        return 0 if self.status in FINAL else self.form.quantity - self.filled

    @property
    def subject(self) -> str:
        """Return what fault rules call it: `NFO:NIFTY26NOVFUT BUY LIMIT`."""
        return f"{self.instrument.key} {self.form.side} {self.form.order_type}"

    def request(self) -> OrderRequest:
        """Return it as the exchange takes it. Raises `ValueError` where it can't be."""
        form = self.form
        return OrderRequest(
            client_id=self.order_id,
            instrument=self.instrument,
            side=form.side,
            quantity=form.quantity,
            order_type=form.order_type,
            role=Role.ENTRY,
            plan_id="",
            price=form.price,
            trigger_price=form.trigger_price,
            product=form.product,
            validity=Validity.IOC if form.lasting is Lasting.IOC else Validity.DAY,
            market_protection=form.market_protection or None,
        )

    def move(self, status: Status, at: datetime, clock: Callable[[datetime], datetime]) -> None:
        """Go to a state and remember it; `clock` tells what time the broker writes down."""
        self.status = status
        written = clock(at)
        if self.exchange_order_id is not None:
            self.exchange_at = self.exchange_at or written
            self.changed_at = written
        self.history.append(self.as_dict() | {"order_timestamp": stamp(written)})

    def rest_status(self) -> Status:
        """Return the state in which it rests: TRIGGER PENDING for a stop that isn't armed."""
        waits = self.form.order_type in (OrderType.SL, OrderType.SL_M) and not self.triggered
        return Status.TRIGGER_PENDING if waits else Status.OPEN

    def rewrite(self, form: OrderForm) -> None:
        """Take a modified form."""
        self.form = replace(form)
        self.modifications += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the order's row of the book."""
        form, filled = self.form, self.filled
        left = form.quantity - filled
        return {
            **self._origin(),
            "status": str(self.status),
            "status_message": self.message,
            "status_message_raw": self.message,
            "order_timestamp": stamp(self.placed_at),
            "exchange_timestamp": stamp(self.exchange_at),
            "exchange_update_timestamp": stamp(self.changed_at),
            "modified": self.modifications > 0,
            "order_type": str(form.order_type),
            "validity": str(form.lasting),
            "validity_ttl": form.ttl_minutes,
            "quantity": form.quantity,
            "disclosed_quantity": form.disclosed_quantity,
            "price": form.price or 0,
            "trigger_price": form.trigger_price or 0,
            "average_price": self.average_price(),
            "filled_quantity": filled,
            "pending_quantity": 0 if self.status in FINAL else left,
            "cancelled_quantity": left if self.status is Status.CANCELLED else 0,
            "market_protection": form.market_protection,
            "meta": {},
            "tag": form.tag or None,
            **({"tags": list(self._tags())} if self._tags() else {}),
            "guid": self.guid,
        }

    def _origin(self) -> dict[str, Any]:
        """Return the fields that no change touches, but for the exchange's number."""
        return {
            "placed_by": self.account_id,
            "account_id": self.account_id,
            "order_id": self.order_id,
            "exchange_order_id": self.exchange_order_id,
            "parent_order_id": None,
            "variety": "regular",
            "exchange": str(self.instrument.exchange),
            "tradingsymbol": self.instrument.symbol,
            "instrument_token": self.instrument.token,
            "transaction_type": str(self.form.side),
            "product": str(self.form.product),
            "auction_number": None,
        }

    def average_price(self) -> Decimal:
        """Return the mean fill price to four places, 0 before the first fill."""
        if not self.fills:
            return Decimal(0)
        value = sum((fill.price * fill.quantity for fill in self.fills), Decimal(0))
        return (value / self.filled).quantize(Decimal("0.0001"))

    def trades(self) -> list[dict[str, Any]]:
        """Return its trades as rows of the trade book."""
        return [self._trade(fill) for fill in self.fills]

    def _trade(self, fill: Fill) -> dict[str, Any]:
        at = stamp(fill.at) or ""
        return {
            "trade_id": fill.trade_id,
            "order_id": self.order_id,
            "exchange_order_id": self.exchange_order_id,
            "exchange": str(self.instrument.exchange),
            "tradingsymbol": self.instrument.symbol,
            "instrument_token": self.instrument.token,
            "product": str(self.form.product),
            "average_price": fill.price,
            "quantity": fill.quantity,
            "transaction_type": str(self.form.side),
            "fill_timestamp": at,
            "order_timestamp": at[-8:],
            "exchange_timestamp": at,
        }

    def _tags(self) -> tuple[str, ...]:
        own = (self.form.tag,) if self.form.tag else ()
        return own + self.tags
