"""What is done look by look to bring one run's orders and positions to an end at its broker.

It knows the broker's own list and the run's tags, and no engine. When it may be done, and under
which lease, is said in `book_flatten.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol

import structlog

from execution.broker import BrokerBook, OutcomeUnknown, Refused
from execution.client_ids import dead_man_id_of, is_of_dead_man, is_of_run
from execution.orders import OrderRequest, OrderState, OrderType, OrderUpdate, Role, Side
from execution.slicing import parts
from marketdata.instruments import Instrument, PriceDirection
from trading.journal import JournalFile

_LOOKS_AFTER_REFUSAL = 6
_WORKS = (OrderState.OPEN, OrderState.PARTIAL, OrderState.SENT, OrderState.UNKNOWN)
_PLAN = "dead-man"
_LATE = "trades of filled orders are not told yet"
_log = structlog.get_logger(__name__)


class ListedBroker(Protocol):
    """A broker of whose orders only its own list is known."""

    async def place(self, request: OrderRequest) -> OrderUpdate:
        """Send the order once. Raises `Refused` or `OutcomeUnknown`."""

    async def call_off(self, broker_id: str) -> None:
        """Cancel an order by the broker's own id. Raises as `place`."""

    async def book(self) -> BrokerBook:
        """Return the broker's book. Raises `OutcomeUnknown`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The head of a run's tags, the token of the lease that all is done under, and how markets are
    hit.

    `protection`: in percent, as `market_protection` of an order. `beyond`: the part of the last
    price by which a limit lies through it that is sent where a market order was refused.
    `looks_to_fill`: after so many looks what doesn't fill is cancelled, and sent anew.
    """

    code: str
    token: int
    protection: Decimal
    beyond: Decimal
    looks_to_fill: int

    def __post_init__(self) -> None:
        if not 0 < self.beyond < 1:
            raise ValueError(f"beyond: {self.beyond}, expected above 0 and below 1")
        if self.looks_to_fill < 1:
            raise ValueError(f"looks_to_fill: {self.looks_to_fill}, expected 1 or more")


@dataclass(slots=True)
class BookFlatten:
    """Cancels what works and closes what is held, look by look, until the broker says flat.

    `journal` is flushed before an order leaves. An order of which nothing is proven is never sent
    again; the book has to tell. Nothing is sent while orders of ours are filled further than the
    trades say: what was sent last would be sent twice. What was sent and doesn't fill is cancelled
    after some looks, as the price has run away from it, and sent anew.
    """

    broker: ListedBroker
    terms: Terms
    journal: JournalFile
    sent: set[str] = field(default_factory=set)
    orders: int = 0
    _resting: int = 0
    _ages: Counter[str] = field(default_factory=Counter)
    _refused: set[str] = field(default_factory=set)

    async def look(self) -> str:
        """Read the book once, do what it asks for, and return what is left; empty for flat."""
        try:
            book = await self.broker.book()
        except OutcomeUnknown as error:
            return f"the book can't be read: {error}"
        for order in self._to_cancel(book):
            await self._cancel(order)
        working, held = self._working(book), self._held(book)
        is_late = book.complete and self._lacks_trades(book)
        self._resting = max(self._resting - 1, 0)
        if not working and not self._resting and not is_late:
            last = {line.instrument: line.last for line in book.held}
            for instrument, units in _closed_first(held.values()):
                await self._close(instrument, units, last.get(instrument.key, Decimal(0)))
        left = [f"{units:+d} {key}" for key, (_, units) in sorted(held.items())]
        left += [f"order {client_id} works" for client_id in sorted(working)]
        left += [_LATE] if is_late else []
        return "; ".join(left) or ("" if book.complete else "the book is not complete")

    def _is_ours(self, client_id: str) -> bool:
        code = self.terms.code
        return is_of_run(client_id, code) or is_of_dead_man(client_id, code)

    def _to_cancel(self, book: BrokerBook) -> list[OrderUpdate]:
        """Return our orders that may still fill, of what was sent from here only the stuck ones."""
        found = []
        for order in sorted(book.orders, key=lambda one: (one.client_id, one.broker_id)):
            if not self._is_ours(order.client_id) or order.state not in _WORKS:
                continue
            self._ages[order.client_id] += 1
            is_stuck = self._ages[order.client_id] % self.terms.looks_to_fill == 0
            if is_stuck or order.client_id not in self.sent:
                found.append(order)
        return found

    def _working(self, book: BrokerBook) -> set[str]:
        """Return our orders that may still fill; what was sent from here counts until disproven."""
        ours = [one for one in book.orders if self._is_ours(one.client_id)]
        working = {one.client_id for one in ours if one.state in _WORKS}
        unseen = self.sent - {one.client_id for one in ours}
        return working | {one for one in unseen if not book.complete or one in book.unsettled}

    def _lacks_trades(self, book: BrokerBook) -> bool:
        """Say whether an order of ours has filled further than the trades of the book say."""
        traded: Counter[str] = Counter()
        for fill in book.trades:
            traded[fill.broker_id] += fill.quantity
        ours = (one for one in book.orders if self._is_ours(one.client_id))
        return any(traded[one.broker_id] < one.filled_quantity for one in ours)

    def _held(self, book: BrokerBook) -> dict[str, tuple[Instrument, int]]:
        """Return the signed units that our trades hold, no more than the account's net has."""
        ours: dict[str, tuple[Instrument, int]] = {}
        for fill in book.trades:
            if self._is_ours(fill.client_id):
                key, units = fill.instrument.key, fill.side.sign * fill.quantity
                ours[key] = (fill.instrument, ours.get(key, (None, 0))[1] + units)
        net = dict(book.net_quantity)
        capped = {key: (it, _within(units, net.get(key, 0))) for key, (it, units) in ours.items()}
        return {key: (it, units) for key, (it, units) in sorted(capped.items()) if units}

    async def _cancel(self, order: OrderUpdate) -> None:
        told = {"client_id": order.client_id, "broker_id": order.broker_id}
        self._write("CancelOrder", told)
        try:
            await self.broker.call_off(order.broker_id)
        except (Refused, OutcomeUnknown) as error:
            _log.warning("cancel not proven", order=order.client_id, told=str(error))

    async def _close(self, instrument: Instrument, units: int, last: Decimal) -> None:
        """Send the opposite at market within the exchange's protection, cut at the freeze.

        Where that was refused it goes as a limit through `last`, if that is known, and so on in
        turns.
        """
        side = Side.SELL if units > 0 else Side.BUY
        for quantity in parts(abs(units), instrument.lot_size, instrument.freeze_quantity):
            request = self._request(instrument, side, quantity)
            if instrument.key in self._refused and last > 0:
                request = _as_limit(request, last, self.terms.beyond)
            await self._place(request)

    def _request(self, instrument: Instrument, side: Side, quantity: int) -> OrderRequest:
        self.orders += 1
        return OrderRequest(
            client_id=dead_man_id_of(self.terms.code, self.terms.token, self.orders),
            instrument=instrument,
            side=side,
            quantity=quantity,
            order_type=OrderType.MARKET,
            role=Role.EXIT,
            plan_id=_PLAN,
            market_protection=self.terms.protection,
        )

    async def _place(self, request: OrderRequest) -> None:
        self.sent.add(request.client_id)
        told = {
            "client_id": request.client_id,
            "instrument": request.instrument.key,
            "side": request.side,
            "quantity": request.quantity,
        }
        self._write("PlaceOrder", told)
        try:
            await self.broker.place(request)
        except Refused as error:
            self.sent.discard(request.client_id)
            self._resting = _LOOKS_AFTER_REFUSAL
            at_market = request.order_type is OrderType.MARKET
            turn = self._refused.add if at_market else self._refused.discard
            turn(request.instrument.key)
            self._write("Refused", {"client_id": request.client_id, "reason": str(error)})
        except OutcomeUnknown as error:
            _log.warning("order not proven", order=request.client_id, told=str(error))

    def _write(self, kind: str, body: Mapping[str, object]) -> None:
        self.journal.append(kind, body, incoming=False)
        self.journal.flush()


def _as_limit(request: OrderRequest, last: Decimal, beyond: Decimal) -> OrderRequest:
    """Return a market order as a limit order that lies through the last price."""
    away = PriceDirection.UP if request.side is Side.BUY else PriceDirection.DOWN
    price = request.instrument.on_grid(last * (1 + request.side.sign * beyond), away)
    return replace(request, order_type=OrderType.LIMIT, price=price, market_protection=None)


def _closed_first(held: Collection[tuple[Instrument, int]]) -> list[tuple[Instrument, int]]:
    """Return what is closed now: all that was sold, and what was bought that hedges none of it.

    A bought contract hedges what was sold of its underlying and kind: it waits until that is gone,
    whether its purchase was refused, is on its way or has filled in part.
    """
    sold = [(instrument, units) for instrument, units in held if units < 0]
    hedged = {(instrument.name, instrument.kind) for instrument, _ in sold}
    bought = [(instrument, units) for instrument, units in held if units > 0]
    return sold + [each for each in bought if (each[0].name, each[0].kind) not in hedged]


def _within(units: int, net: int) -> int:
    """Return our units as far as the account's net goes in the same direction."""
    if units * net <= 0:
        return 0
    return min(abs(units), abs(net)) * (1 if units > 0 else -1)
