"""The simulated exchange: a resting book fed with ticks, synchronous, without clock or chance.

Fill prices come from `matching.py`, refusals from `market_rules.py`; `paper.py` makes it a broker.
The same calls in the same order always give the same answers, ids included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter

from execution.broker import BrokerBook, Refused
from execution.last_seen import LastSeen
from execution.market_rules import Band, ExchangeSettings, refuse_order, refuse_trigger
from execution.matching import Liquidity, Step, Told, match, step_of
from execution.orders import (
    FINAL,
    STOPS,
    Fill,
    OrderChange,
    OrderRequest,
    OrderUpdate,
    Validity,
)
from execution.reach import FEW, Reach, range_of, ranges_of, rows_of
from execution.resting import Resting
from marketdata.instruments import Instrument
from marketdata.ticks import Ticks

__all__ = ["Exchange", "ExchangeSettings", "Window"]

_RANK = attrgetter("rank")

Window = tuple[datetime, datetime]
"""When an instrument can be traded: from the first moment up to, not at, the second."""

Windows = Callable[[Instrument, datetime], Window | None] | Mapping[str, Window]
"""The window of an instrument on the day of a moment, or one window by instrument key."""


class Exchange:
    """Takes orders, matches them against the ticks that follow, and keeps the books."""

    def __init__(
        self,
        settings: ExchangeSettings,
        windows: Windows,
        bands: Mapping[str, Band] | None = None,
        *,
        run: int = 0,
    ) -> None:
        """Open with empty books.

        `bands`: lowest and highest price by instrument key. `run`: 0 to 999, part of every id, so
        that two runs of one day never share one.
        """
        if not 0 <= run <= 999:
            raise ValueError(f"run: {run}, expected 0 to 999")
        self._run = run
        self._settings = settings
        self._windows = windows
        self._bands = bands or {}
        self._orders: dict[str, Resting] = {}
        self._working: dict[int, list[Resting]] = {}
        self._reaches: dict[int, Reach] = {}
        self._closes_at: datetime | None = None
        self._trades: list[Fill] = []
        self._net: dict[str, int] = {}
        self._seen = LastSeen()
        self._day = date.min
        self._prefix = ""
        self._number = 0
        self._priority = 0

    def place(self, request: OrderRequest, at: datetime) -> OrderUpdate:
        """Accept an order; it is first matched by the next `on_ticks`.

        A client id that is known already answers with that order as it stands. Raises `Refused`.
        """
        known = self._orders.get(request.client_id)
        if known is not None:
            return known.update()
        closes_at = self._close_of(request.instrument, at)
        refuse_order(request, self._settings, self._band_of(request.instrument))
        self._refuse_trigger(request)
        order = Resting(request, self._next_id(at), self._next_priority(), at, closes_at)
        token = request.instrument.token
        self._orders[request.client_id] = order
        if token in self._working:
            self._working[token].append(order)
        else:
            self._working[token] = [order]
        self._reaches.pop(token, None)
        if self._closes_at is None or closes_at < self._closes_at:
            self._closes_at = closes_at
        return order.update()

    def modify(self, client_id: str, change: OrderChange, at: datetime) -> OrderUpdate:
        """Change a resting order; a new price, type or more units lose its place in the queue.

        Raises `Refused`; then nothing has changed.
        """
        order = self._resting(client_id)
        self._close_of(order.request.instrument, at)
        if order.modifications >= self._settings.max_modifications:
            raise Refused("Maximum allowed order modifications exceeded.")
        changed = _changed(order.request, change)
        self._refuse_change(order, changed)
        if not _keeps_place(order.request, changed):
            order.priority = self._next_priority()
        if changed.trigger_price is None or order.request.trigger_price is None:
            order.triggered = order.triggered and changed.trigger_price is None
        order.request, order.at = changed, at
        self._reaches.pop(changed.instrument.token, None)
        order.modifications += 1
        return order.update()

    def cancel(self, client_id: str, at: datetime) -> OrderUpdate:
        """Cancel what is left of a resting order. Raises `Refused`."""
        order = self._resting(client_id)
        order.cancel(at, "cancelled by user")
        self._forget(order.request.instrument.token)
        return order.update()

    def on_ticks(self, ticks: Ticks, at: datetime) -> tuple[OrderUpdate, ...]:
        """Match resting orders against a step and return the news, in the order it happened."""
        updates: list[OrderUpdate] = []
        for token, told in self._concerned(ticks) if self._working else ():
            step = step_of(told, self._seen.volume(token))
            if step is not None:
                updates += self._match_all(token, step, at)
        self._seen.see(ticks)
        return tuple(updates)

    def _concerned(self, ticks: Ticks) -> list[tuple[int, Told]]:
        """Return the tokens with orders that a step could concern, and what it tells of each."""
        if len(ticks) <= FEW:
            found: dict[int, Told] = {}
            for told in ticks.tolist():
                token = told[0]
                if token in self._working and token not in found:
                    found[token] = told
            order = found if len(found) < 2 else [each for each in self._working if each in found]
            return [
                (token, found[token])
                for token in order
                if self._reach(token).may_meet(*range_of(found[token]))
            ]
        places = rows_of(ticks, self._working)
        if not places:
            return []
        tokens = [token for token in self._working if token in places]
        rows = [places[token] for token in tokens]
        lowest, highest = ranges_of(ticks, rows)
        return [
            (token, ticks[row].item())
            for token, row, low, high in zip(tokens, rows, lowest, highest, strict=True)
            if self._reach(token).may_meet(low, high)
        ]

    def _reach(self, token: int) -> Reach:
        known = self._reaches.get(token)
        if known is None:
            known = self._reaches[token] = Reach.of(self._working[token])
        return known

    def close_session(self, at: datetime) -> tuple[OrderUpdate, ...]:
        """Cancel what is left of orders whose instrument's session has ended by `at`."""
        if self._closes_at is None or at < self._closes_at:
            return ()
        updates = []
        for token, orders in tuple(self._working.items()):
            for order in orders:
                if order.closes_at <= at:
                    order.cancel(at, "session closed")
                    updates.append(order.update())
            self._forget(token)
        left = (order.closes_at for orders in self._working.values() for order in orders)
        self._closes_at = min(left, default=None)
        return tuple(updates)

    def book(self) -> BrokerBook:
        """Return all orders, trades and what is held; nothing is missing from it."""
        return BrokerBook(
            orders=tuple(order.update() for order in self._orders.values()),
            trades=tuple(self._trades),
            net_quantity=tuple(sorted((key, net) for key, net in self._net.items() if net)),
            complete=True,
        )

    def _match_all(self, token: int, step: Step, at: datetime) -> list[OrderUpdate]:
        """Match all orders of an instrument; a target waits out the step that arms its stop."""
        liquidity = Liquidity(step, self._settings)
        updates: list[OrderUpdate] = []
        held_back: set[str] = set()
        working = self._working[token]
        for order in sorted(working, key=_RANK) if len(working) > 1 else tuple(working):
            if order.state in FINAL or at >= order.closes_at:
                continue
            if order.request.client_id in held_back:
                continue
            rested = not order.triggered
            updates += self._meet(order, step, liquidity, at)
            if rested and order.triggered:
                held_back.update([twin.request.client_id for twin in self._twins(order)])
        self._forget(token)
        return updates

    def _meet(
        self, order: Resting, step: Step, liquidity: Liquidity, at: datetime
    ) -> list[OrderUpdate]:
        """Match one order and return its news, then that of the twin it cancels."""
        met = match(order.request, triggered=order.triggered, step=step, settings=self._settings)
        is_news = met.triggered and not order.triggered
        order.triggered = met.triggered
        filled = 0
        if met.price is not None:
            lot = order.request.instrument.lot_size
            filled = liquidity.take(order.request.side, order.left, lot)
            if filled:
                self._trade(order, filled, met.price, at)
        if order.left and order.request.validity is Validity.IOC:
            order.cancel(at, "unfilled part of an IOC order")
            is_news = True
        if not is_news and not filled:
            return []
        order.at = at
        news = [order.update()]
        for twin in self._twins(order) if filled else ():
            twin.cancel(at, f"paired with {order.request.client_id}")
            news.append(twin.update())
        return news

    def _trade(self, order: Resting, quantity: int, price: Decimal, at: datetime) -> None:
        fill = order.book(self._next_id(at), quantity, price, at)
        self._trades.append(fill)
        key = fill.instrument.key
        self._net[key] = self._net.get(key, 0) + fill.side.sign * quantity

    def _twins(self, order: Resting) -> tuple[Resting, ...]:
        pair = order.request.pair
        if not pair:
            return ()
        working = self._working.get(order.request.instrument.token, ())
        alike = [other for other in working if other.request.pair == pair]
        return tuple([other for other in alike if other is not order and other.left])

    def _band_of(self, instrument: Instrument) -> Band | None:
        return self._bands.get(instrument.key) if self._bands else None

    def _close_of(self, instrument: Instrument, at: datetime) -> datetime:
        if isinstance(self._windows, Mapping):
            window = self._windows.get(instrument.key)
        else:
            window = self._windows(instrument, at)
        if window is None or not window[0] <= at < window[1]:
            raise Refused(f"Markets are closed right now for {instrument.key}.")
        return window[1]

    def _refuse_change(self, order: Resting, changed: OrderRequest) -> None:
        before = order.request
        if changed.quantity <= order.filled:
            raise Refused(f"Quantity {changed.quantity} is not above the {order.filled} filled.")
        refuse_order(changed, self._settings, self._band_of(before.instrument))
        if changed.trigger_price is None or changed.trigger_price == before.trigger_price:
            return
        if order.triggered and before.order_type in STOPS:
            raise Refused("The order is triggered already, its trigger can't be modified.")
        self._refuse_trigger(changed)

    def _refuse_trigger(self, request: OrderRequest) -> None:
        if request.trigger_price is not None:
            refuse_trigger(request, self._seen.last(request.instrument.token))

    def _resting(self, client_id: str) -> Resting:
        order = self._orders.get(client_id)
        if order is None:
            raise Refused(f"Couldn't find the order {client_id}.")
        if order.state.is_final:
            raise Refused(f"Order {client_id} cannot be changed, it is {order.state}.")
        return order

    def _forget(self, token: int) -> None:
        """Drop what no longer works from the list that is matched."""
        self._reaches.pop(token, None)
        left = [order for order in self._working.get(token, ()) if order.state not in FINAL]
        if left:
            self._working[token] = left
        else:
            self._working.pop(token, None)

    def _next_id(self, at: datetime) -> str:
        """Return 15 digits: the day, the run, a number that starts again each day."""
        day = at.date()
        if day > self._day:
            self._day, self._number = day, 0
            self._prefix = f"{self._day:%y%m%d}{self._run:03d}"
        self._number += 1
        return f"{self._prefix}{self._number:06d}"

    def _next_priority(self) -> int:
        self._priority += 1
        return self._priority


def _changed(request: OrderRequest, change: OrderChange) -> OrderRequest:
    try:
        return request.changed_by(change)
    except ValueError as error:
        raise Refused(str(error)) from error


def _keeps_place(before: OrderRequest, after: OrderRequest) -> bool:
    return replace(after, quantity=before.quantity) == before and after.quantity <= before.quantity
