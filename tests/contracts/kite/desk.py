"""A desk of one contract at Kite: its instrument, its orders and rows, and a broker to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import Deadlines, Lanes
from execution.orders import OrderRequest, OrderType, Role, Side
from marketdata.clock import EventClock
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.client import Client, RestLogin
from marketdata.pacing import Call, Lane

D = Decimal
NOW = datetime(2026, 11, 23, 10, 0, 5, 700_000, tzinfo=ZoneInfo("Asia/Kolkata"))
TOKEN = "verysecretaccesstoken"
BROKER_ID = "261123000000001"
CALL = Instrument(
    7, Exchange.NFO, "NIFTY26NOV26000CE", "NIFTY", Kind.CALL, 65, D("0.05"), strike=D(26000)
)


def limit(client_id: str = "a1", price: str = "100.05", role: Role = Role.ENTRY) -> OrderRequest:
    return OrderRequest(client_id, CALL, Side.BUY, 65, OrderType.LIMIT, role, "p1", price=D(price))


def market(client_id: str = "a1") -> OrderRequest:
    return replace(
        limit(client_id), order_type=OrderType.MARKET, price=None, market_protection=D(-1)
    )


def stop(client_id: str = "s1") -> OrderRequest:
    return replace(
        limit(client_id, "90", Role.STOP),
        side=Side.SELL,
        order_type=OrderType.SL,
        trigger_price=D(95),
    )


def order_row(**changes: object) -> dict[str, object]:
    """Return a row of the order book: a limit order to buy 65 at 100.05 that rests."""
    row: dict[str, object] = {
        "order_id": BROKER_ID,
        "exchange_order_id": "1100000000012345",
        "parent_order_id": None,
        "status": "OPEN",
        "status_message": None,
        "status_message_raw": None,
        "order_timestamp": "2026-11-23 10:00:04",
        "exchange_timestamp": "2026-11-23 10:00:04",
        "exchange_update_timestamp": "2026-11-23 10:00:05",
        "variety": "regular",
        "exchange": "NFO",
        "tradingsymbol": CALL.symbol,
        "instrument_token": CALL.token,
        "order_type": "LIMIT",
        "transaction_type": "BUY",
        "validity": "DAY",
        "product": "MIS",
        "quantity": 65,
        "price": 100.05,
        "trigger_price": 0,
        "average_price": 0,
        "filled_quantity": 0,
        "pending_quantity": 65,
        "cancelled_quantity": 0,
        "market_protection": 0,
        "meta": {},
        "tag": "a1",
        "guid": "01XXXXXXXX",
    }
    return {**row, **changes}


def trade_row(**changes: object) -> dict[str, object]:
    """Return a row of the trade book: 65 bought at 100."""
    row: dict[str, object] = {
        "trade_id": "20001",
        "order_id": BROKER_ID,
        "exchange_order_id": "1100000000012345",
        "exchange": "NFO",
        "tradingsymbol": CALL.symbol,
        "instrument_token": CALL.token,
        "product": "MIS",
        "average_price": 100.0,
        "quantity": 65,
        "transaction_type": "BUY",
        "fill_timestamp": "2026-11-23 10:00:05",
        "order_timestamp": "10:00:04",
        "exchange_timestamp": "2026-11-23 10:00:05",
    }
    return {**row, **changes}


def position_row(quantity: object, **changes: object) -> dict[str, object]:
    return {
        "tradingsymbol": CALL.symbol,
        "exchange": "NFO",
        "product": "MIS",
        "quantity": quantity,
        **changes,
    }


class FreePacer:
    """Lets every call through and remembers what was asked."""

    def __init__(self) -> None:
        self.taken: list[tuple[Call, Lane, str]] = []
        self.held: list[Call] = []

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        self.taken.append((call, lane, subject))

    def hold(self, call: Call) -> None:
        self.held.append(call)


async def no_pause(_seconds: float) -> None:
    """Go on at once."""


def desk(
    root: str,
    *,
    pacer: FreePacer | None = None,
    connect: Callable[[int], Client] | None = None,
    deadline: float = 10.0,
    read_seconds: float = 5.0,
) -> tuple[KiteBroker, EventClock]:
    """Return a broker with a short patience, and the clock it reads."""
    login = RestLogin("key", TOKEN, root, connect_seconds=2, read_seconds=read_seconds)
    clock = EventClock(NOW)

    around = Around(
        lanes=Lanes(
            connect or (lambda count: Client(login, connections=count)),
            Deadlines(deadline, deadline, deadline),
        ),
        pacer=pacer or FreePacer(),
        clock=clock,
        instrument={CALL.key: CALL}.get,
        pause=no_pause,
    )
    return KiteBroker(around, BrokerSettings()), clock
