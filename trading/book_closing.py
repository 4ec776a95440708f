"""What is done look by look to bring one run's orders and positions to an end at its broker.

It knows the broker's own list and the run's tags, and no engine. When it may be done, and under
which lease, is said in `book_flatten.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from execution.broker import Broker, BrokerBook, OutcomeUnknown, Refused
from execution.client_ids import dead_man_id_of, is_of_dead_man, is_of_run
from execution.orders import OrderRequest, OrderState, OrderType, Role, Side
from execution.slicing import slices
from marketdata.instruments import Instrument
from trading.journal import JournalFile

_LOOKS_AFTER_REFUSAL = 6
_WORKS = (OrderState.OPEN, OrderState.PARTIAL, OrderState.SENT, OrderState.UNKNOWN)
_PLAN = "dead-man"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """The head of a run's tags, the token of the lease that all is done under, and how markets are
    hit: `protection` in percent as `market_protection` of an order.
    """

    code: str
    token: int
    protection: Decimal


@dataclass(slots=True)
class BookFlatten:
    """Cancels what works and closes what is held, look by look, until the broker says flat.

    `journal` is flushed before an order leaves. An order of which nothing is proven is never sent
    again; the book has to tell.
    """

    broker: Broker
    terms: Terms
    journal: JournalFile
    sent: set[str] = field(default_factory=set)
    orders: int = 0
    _resting: int = 0

    async def look(self) -> str:
        """Read the book once, do what it asks for, and return what is left; empty for flat."""
        try:
            book = await self.broker.book()
        except OutcomeUnknown as error:
            return f"the book can't be read: {error}"
        working = self._working(book)
        for client_id in sorted(working - self.sent):
            await self._cancel(client_id)
        held = self._held(book)
        self._resting = max(self._resting - 1, 0)
        if not working and not self._resting:
            for instrument, units in held.values():
                await self._close(instrument, units)
        left = [f"{units:+d} {key}" for key, (_, units) in sorted(held.items())]
        left += [f"order {client_id} works" for client_id in sorted(working)]
        return "; ".join(left) or ("" if book.complete else "the book is not complete")

    def _is_ours(self, client_id: str) -> bool:
        code = self.terms.code
        return is_of_run(client_id, code) or is_of_dead_man(client_id, code)

    def _working(self, book: BrokerBook) -> set[str]:
        """Return our orders that may still fill; what was sent from here counts until disproven."""
        told = {order.client_id: order.state for order in book.orders}
        working = {
            client_id
            for client_id, state in told.items()
            if self._is_ours(client_id) and state in _WORKS
        }
        unseen = self.sent - told.keys()
        return working | {one for one in unseen if not book.complete or one in book.unsettled}

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

    async def _cancel(self, client_id: str) -> None:
        self._write("CancelOrder", {"client_id": client_id})
        try:
            await self.broker.cancel(client_id)
        except (Refused, OutcomeUnknown) as error:
            _log.warning("cancel not proven", order=client_id, told=str(error))

    async def _close(self, instrument: Instrument, units: int) -> None:
        """Send the opposite at market within the exchange's protection, cut at the freeze."""
        side = Side.SELL if units > 0 else Side.BUY
        for quantity in slices(abs(units), instrument.lot_size, instrument.freeze_quantity):
            await self._place(self._request(instrument, side, quantity))

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
            self._write("Refused", {"client_id": request.client_id, "reason": str(error)})
        except OutcomeUnknown as error:
            _log.warning("order not proven", order=request.client_id, told=str(error))

    def _write(self, kind: str, body: Mapping[str, object]) -> None:
        self.journal.append(kind, body, incoming=False)
        self.journal.flush()


def _within(units: int, net: int) -> int:
    """Return our units as far as the account's net goes in the same direction."""
    if units * net <= 0:
        return 0
    return min(abs(units), abs(net)) * (1 if units > 0 else -1)
