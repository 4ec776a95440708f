"""An engine at its desk: a scripted market before it and a scripted broker behind it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
from msgspec import structs

from execution.orders import Fill, OrderRequest, OrderState, OrderUpdate, Role
from marketdata.tape import microseconds
from marketdata.ticks import TICK, Ticks
from tests.unit.trading.engine.builders import BASE, at, setup
from trading.engine.actions import Action, CancelOrder, ModifyOrder, PlaceOrder, SetTimer
from trading.engine.core import Engine
from trading.engine.events import BrokerSaid, ChangeRefused, Event, MarketStep, TimerFired
from trading.engine.invariants import check
from trading.engine.timeline import BAR
from trading.engine.trades import Trade

Wish = PlaceOrder | ModifyOrder | CancelOrder
A = TypeVar("A")
_MOST_EVENTS = 300


def tick(token: int, last: float, moment: datetime, **fields: float) -> Ticks:
    """Return one tick; a range not told is the last price, the quote a tick around it."""
    ticks = np.zeros(1, TICK)
    values = {"open": last, "high": last, "low": last, "bid": last - 0.1, "ask": last + 0.1}
    values |= {"bid_quantity": 10_000, "ask_quantity": 10_000, "volume": 1_000_000}
    values |= {"token": token, "last": last, "exchange_at": microseconds(moment)} | fields
    for name, value in values.items():
        ticks[name] = value
    return ticks


@dataclass(slots=True)
class Held:
    """An order as the broker has it."""

    request: OrderRequest
    broker_id: str
    state: OrderState = OrderState.OPEN
    fills: list[Fill] = field(default_factory=list)
    changed: bool = False

    @property
    def filled(self) -> int:
        return sum(fill.quantity for fill in self.fills)

    @property
    def left(self) -> int:
        return 0 if self.state.is_final else self.request.quantity - self.filled


class Counterparty:
    """A broker that does what it is told: accepts, refuses, loses answers, fills."""

    def __init__(self) -> None:
        self.orders: dict[str, Held] = {}
        self.will: dict[str, deque[str]] = {}
        self._trades = 0
        self._words = 0

    def next(self, what: str, *does: str) -> None:
        """Let the next wishes of a kind (`STOP`, `modify`, `cancel`) end as `does` tells."""
        self.will.setdefault(what, deque()).extend(does)

    def _fate(self, what: str) -> str:
        waiting = self.will.get(what)
        return waiting.popleft() if waiting else "accept"

    def carry_out(self, wish: Wish, moment: datetime) -> Event:
        match wish:
            case PlaceOrder(request=request):
                return BrokerSaid(moment, self._place(request, moment))
            case ModifyOrder():
                return self._modify(wish, moment)
            case CancelOrder():
                return self._cancel(wish, moment)

    def _place(self, request: OrderRequest, moment: datetime) -> OrderUpdate:
        fate = self._fate(request.role)
        if fate == "refuse":
            state = OrderState.REJECTED
            return OrderUpdate(request.client_id, "", moment, state, reason="no")
        if fate != "lose":
            self.orders[request.client_id] = Held(request, f"B{len(self.orders) + 1}")
        if fate in ("lose", "lose-answer"):
            return OrderUpdate(request.client_id, "", moment, OrderState.UNKNOWN, reason="timeout")
        return self.word(request.client_id, moment)

    def _modify(self, wish: ModifyOrder, moment: datetime) -> Event:
        fate = self._fate("modify")
        order = self.orders.get(wish.client_id)
        failed = ChangeRefused(moment, wish.client_id, "cannot be changed", True, wish.number)
        if fate == "busy":
            return structs.replace(failed, reason="Not sent", later=True)
        if fate == "refuse" or order is None or not order.left:
            return failed
        changed = order.request.changed_by(wish.change)
        if fate == "lose":
            return structs.replace(failed, reason="timeout", proven=False)
        if changed.quantity <= order.filled:
            return structs.replace(failed, reason="below what is filled")
        order.request, order.changed = changed, True
        if fate == "lose-answer":
            return structs.replace(failed, reason="timeout", proven=False)
        return BrokerSaid(moment, self.word(wish.client_id, moment), wish.number)

    def _cancel(self, wish: CancelOrder, moment: datetime) -> Event:
        fate = self._fate("cancel")
        order = self.orders.get(wish.client_id)
        if fate == "refuse" or order is None or not order.left:
            return ChangeRefused(moment, wish.client_id, "cannot be cancelled", proven=True)
        if fate == "lose":
            return ChangeRefused(moment, wish.client_id, "timeout", proven=False)
        order.state = OrderState.CANCELLED
        if fate == "lose-answer":
            return ChangeRefused(moment, wish.client_id, "timeout", proven=False)
        return BrokerSaid(moment, self.word(wish.client_id, moment))

    def word(self, client_id: str, moment: datetime) -> OrderUpdate:
        """Return the last word on an order, with all its trades.

        The broker's clock goes on between two words, so that one told again is known to be older.
        """
        order = self.orders[client_id]
        self._words += 1
        return OrderUpdate(
            client_id=client_id,
            broker_id=order.broker_id,
            at=moment + timedelta(microseconds=self._words),
            state=order.state,
            filled_quantity=order.filled,
            fills=tuple(order.fills),
            request=order.request if order.changed else None,
        )

    def trade(self, client_id: str, quantity: int, price: float, moment: datetime) -> OrderUpdate:
        """Fill a part of an order."""
        order = self.orders[client_id]
        self._trades += 1
        order.fills.append(
            Fill(
                trade_id=f"T{self._trades}",
                client_id=client_id,
                broker_id=order.broker_id,
                instrument=order.request.instrument,
                side=order.request.side,
                quantity=quantity,
                price=Decimal(str(price)),
                at=moment,
            )
        )
        if order.state is not OrderState.CANCELLED:
            is_whole = order.filled == order.request.quantity
            order.state = OrderState.FILLED if is_whole else OrderState.PARTIAL
        return self.word(client_id, moment)


class Desk:
    """Feeds an engine; with `prompt` the broker's answers follow at once, as on paper."""

    def __init__(self, *, prompt: bool = True, **overrides: Any) -> None:
        self.engine = Engine(setup(**overrides))
        self.broker = Counterparty()
        self.prompt = prompt
        self.now = at(9, 15)
        self.said: list[Action] = list(self.engine.start())
        self.wire: deque[Wish] = deque()
        self.timers: dict[str, datetime] = {}
        self._frame = 0

    # what comes in ----------------------------------------------------------------------------

    def tell(self, *events: Event) -> list[Action]:
        """Hand events over, each with all that follows from it; return what was said."""
        start = len(self.said)
        for event in events:
            inbox, count = deque([event]), 0
            while inbox:
                count += 1
                if count > _MOST_EVENTS:
                    raise RecursionError(f"no end to what follows from {event}")
                inbox.extend(self._handle(inbox.popleft()))
            if self.prompt:
                check(self.engine)
        return self.said[start:]

    def _handle(self, event: Event) -> list[Event]:
        actions = self.engine.handle(event)
        self.said.extend(actions)
        for action in actions:
            if isinstance(action, SetTimer):
                self.timers[action.key] = action.due
        wishes = [a for a in actions if isinstance(a, PlaceOrder | ModifyOrder | CancelOrder)]
        if self.prompt:
            return [self.broker.carry_out(wish, self.now) for wish in wishes]
        self.wire.extend(wishes)
        return []

    def tick(self, column: int, last: float, **fields: float) -> list[Action]:
        """Tell a price of a column."""
        token = self.engine.setup.instrument(column).token
        return self._step(tick(token, last, self.now, **fields))

    def _step(self, ticks: Ticks) -> list[Action]:
        self._frame += 1
        return self.tell(MarketStep(self.now, self._frame, ticks))

    def quotes(self, **moved: float) -> list[Action]:
        """Tell the price of every column: where it stood, or as `c0=…` tells."""
        rows = [
            tick(self.engine.setup.instrument(c).token, moved.get(f"c{c}", float(p)), self.now)
            for c, p in BASE.items()
        ]
        return self._step(np.concatenate(rows))

    def bar(self) -> list[Action]:
        """Let the bars that end now close."""
        return self.tell(TimerFired(self.now, BAR))

    def wait(self, seconds: float) -> list[Action]:
        """Let time pass; the engine's own timers fire when they are due."""
        start, until = len(self.said), self.now + timedelta(seconds=seconds)
        while due := [item for item in self.timers.items() if item[1] <= until]:
            key, moment = min(due, key=lambda item: (item[1], item[0]))
            del self.timers[key]
            self.now = max(self.now, moment)
            self.tell(TimerFired(self.now, key))
        self.now = until
        return self.said[start:]

    def speak(self, minute: int = 14) -> list[Action]:
        """Let the bar of `minute` close on fresh quotes, so that the scripted strategy speaks."""
        start = len(self.said)
        self.now = at(9, 15) + timedelta(minutes=minute + 1)
        self.quotes()
        self.bar()
        return self.said[start:]

    def fill(self, client_id: str, quantity: int, price: float) -> list[Action]:
        """Let the broker fill a part of an order and say so."""
        update = self.broker.trade(client_id, quantity, price, self.now)
        return self.tell(BrokerSaid(self.now, update))

    def news(self, client_id: str, state: OrderState) -> list[Action]:
        """Let the broker bring an order into a state by itself."""
        self.broker.orders[client_id].state = state
        return self.tell(BrokerSaid(self.now, self.broker.word(client_id, self.now)))

    def enter(self, quantity: int = 130, price: float = 24_000.1) -> Trade:
        """Let the strategy speak and its entry fill; return the plan."""
        self.speak()
        self.fill(self.trade.entries[0], quantity, price)
        return self.trade

    # what is seen -----------------------------------------------------------------------------

    @property
    def trade(self) -> Trade:
        """Return the newest plan."""
        return list(self.engine.ledger.trades.values())[-1]

    def notes(self, kind: type[A]) -> list[A]:
        """Return everything of a kind that was said so far."""
        return [item for item in self.said if isinstance(item, kind)]

    def working(self, role: Role) -> list[Held]:
        """Return the broker's working orders of a role, oldest first."""
        return [o for o in self.broker.orders.values() if o.left and o.request.role is role]

    def later(self, seconds: float) -> datetime:
        """Move the clock without any timer and return the new time."""
        self.now += timedelta(seconds=seconds)
        return self.now


def of_kind(actions: list[Action], kind: type[A]) -> list[A]:
    """Return the actions of a kind."""
    return [action for action in actions if isinstance(action, kind)]


def as_absent(client_id: str, moment: datetime) -> BrokerSaid:
    """Return the proof that an order never reached the broker."""
    return BrokerSaid(moment, OrderUpdate(client_id, "", moment, OrderState.PLANNED))


def found_open(order: Held, moment: datetime) -> BrokerSaid:
    """Return the news that an order rests, as reconciliation finds it."""
    update = OrderUpdate(order.request.client_id, order.broker_id, moment, order.state)
    return BrokerSaid(moment, replace(update, fills=tuple(order.fills)))
