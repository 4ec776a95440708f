"""What a kitesim is set to: money, delays of an order's path, limits, where refusals show.

What goes wrong on purpose is in `faults.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from execution.market_rules import ExchangeSettings
from execution.orders import Product
from marketdata.kite_limits import NEWEST, rates_on

_NONE = timedelta(0)


class Check(StrEnum):
    """Refusals that a broker finds either before it makes an order or after."""

    FREEZE = "FREEZE"
    CIRCUIT = "CIRCUIT"
    PRICE_PROTECTION = "PRICE_PROTECTION"
    FUNDS = "FUNDS"
    HOLDINGS = "HOLDINGS"


@dataclass(frozen=True, slots=True)
class Delays:
    """Simulated time that an order spends on its way.

    `received`: until it is validated; `validated`: until it goes to the exchange; `pending`: until
    the exchange has it; `modified`, `cancelled`: until the exchange has done so.
    """

    received: timedelta = _NONE
    validated: timedelta = _NONE
    pending: timedelta = _NONE
    modified: timedelta = _NONE
    cancelled: timedelta = _NONE

    def __post_init__(self) -> None:
        if min(self.received, self.validated, self.pending, self.modified, self.cancelled) < _NONE:
            raise ValueError("delays: expected none below 0")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls are answered before 429: per second, and for orders per minute and day.

    A modification or cancellation counts for second and minute, not for the day.
    """

    orders_a_second: int
    orders_a_minute: int
    orders_a_day: int
    quotes_a_second: int
    history_a_second: int
    others_a_second: int

    @classmethod
    def newest(cls) -> Limits:
        """Return Kite's limits as last published."""
        rates = rates_on(NEWEST)
        return cls(
            orders_a_second=rates["orders-second"],
            orders_a_minute=rates["orders-minute"],
            orders_a_day=rates["orders-day"],
            quotes_a_second=rates["quotes"],
            history_a_second=rates["history"],
            others_a_second=rates["other"],
        )

    def __post_init__(self) -> None:
        if min(self.orders_a_second, self.orders_a_minute, self.orders_a_day) < 1:
            raise ValueError("orders: expected 1 or more a second, minute and day")
        if min(self.quotes_a_second, self.history_a_second, self.others_a_second) < 1:
            raise ValueError("quotes, history, others: expected 1 or more a second")


@dataclass(frozen=True, slots=True)
class Held:
    """What was held before the day: signed units at an average price, by Kite's key."""

    key: str
    product: Product
    quantity: int
    price: Decimal

    def __post_init__(self) -> None:
        if self.quantity == 0 or self.price <= 0:
            raise ValueError(f"held: {self.key}, expected units and a price above 0")


@dataclass(frozen=True, slots=True)
class SimSettings:
    """How a kitesim behaves where nothing goes wrong.

    `cash`: rupees at the start of the day. `limits`: None answers any number of calls.
    `rejected_later`: refusals that make an order, which is then REJECTED; the others answer the
    call with an error. `protects_market_orders`: whether a market order rests as a limit at its
    protected price, as at Kite, or takes any price, as on the exchange of a paper day. `held`:
    what is carried into the day; `auctioned`: keys of carried shares that an auction
    asks for. `redirect_url`: where the login page sends its user, and
    `postback_url` where order news is posted; neither is used when empty.
    """

    cash: Decimal = Decimal(2_500_000)
    delays: Delays = field(default_factory=Delays)
    limits: Limits | None = field(default_factory=Limits.newest)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    rejected_later: frozenset[Check] = frozenset(Check)
    protects_market_orders: bool = False
    checks_price_protection: bool = True
    held: tuple[Held, ...] = ()
    auctioned: tuple[str, ...] = ()
    redirect_url: str = ""
    postback_url: str = ""
