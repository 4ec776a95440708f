from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import structs

from execution.orders import OrderState, Role
from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from risk.breakers import TradingState
from strategies.base import Frame, Repeat, Strategy
from strategies.signals import Signals
from tests.unit.trading.engine.builders import (
    BASE,
    FUTURE_COLUMN,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    ROOMY,
    TCS_COLUMN,
    D,
    at,
)
from tests.unit.trading.engine.desk import Desk, Held, as_absent
from trading.engine.actions import FillNoted, LedgerNoted, PlaceOrder
from trading.engine.events import (
    BrokerSaid,
    CommandIssued,
    CommandKind,
    ConditionChanged,
    Event,
    TimerFired,
)
from trading.engine.invariants import check

FATES = st.sampled_from(("accept", "accept", "accept", "accept", "refuse", "lose", "lose-answer"))
KINDS = (CommandKind.PAUSE, CommandKind.RESUME, CommandKind.FLATTEN, CommandKind.UNLOCK)
_MOST_NEWS = 1_000
LIMITS = replace(ROOMY, daily_loss=D("0.002"), max_positions_per_underlying=2)
COLUMNS = {INDEX_COLUMN: 20.0, RELIANCE_COLUMN: 2.0, TCS_COLUMN: 4.0}


@dataclass(frozen=True, slots=True)
class Restless(Strategy):
    """Speaks of everything at every bar: long on even minutes, short on odd ones."""

    name: ClassVar[str] = "restless"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=False, gap_minutes=0)
    valid_minutes: ClassVar[int] = 1
    max_positions: ClassVar[int] = 3

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Frame) -> Signals:
        way = 1 if int(frame.minute) % 2 == 0 else -1
        side = np.zeros(len(frame.close), dtype=np.int8)
        far = np.full(len(frame.close), 1.0)
        for column, distance in COLUMNS.items():
            known = np.isfinite(frame.close[column])
            side[column], far[column] = way if known else 0, distance
        close = frame.close
        near, last = close + way * far, close + 2 * way * far
        return Signals(side, close, close - way * far, near, last, np.full(len(close), 0.5))


class RandomDay(RuleBasedStateMachine):
    """A market, an operator and a broker whose answers are late, lost, repeated and shuffled."""

    @initialize(freeze=st.sampled_from((None, 65, 130)))
    def begin(self, freeze: int | None) -> None:
        self.desk = self._desk(freeze)
        self.mail: list[Event] = []
        self.told: list[BrokerSaid] = []
        self.offset = 0
        self.commands = 0
        self.desk.now = at(9, 25)
        self.desk.quotes()
        self._bar()

    def _desk(self, freeze: int | None) -> Desk:
        return Desk(prompt=False, freeze=freeze, limits=LIMITS, strategies=(Restless(),))

    # the market -------------------------------------------------------------------------------

    @rule(ticks=st.integers(-120, 120))
    def price(self, ticks: int) -> None:
        self.desk.now += timedelta(seconds=1)
        self.offset = max(-600, min(600, self.offset + ticks))
        self._quotes()

    def _quotes(self) -> None:
        share = self.offset / 100
        self.desk.quotes(
            c0=BASE[INDEX_COLUMN] + round(self.offset / 10, 1),
            c1=BASE[FUTURE_COLUMN] + round(self.offset / 10, 1),
            c2=BASE[RELIANCE_COLUMN] + round(share, 1),
            c3=BASE[TCS_COLUMN] + round(2 * share, 1),
        )

    @rule(enters=st.booleans(), whole=st.booleans())
    def bar(self, enters: bool, whole: bool) -> None:
        self._bar()
        if enters:
            self.go_smoothly()
            self.trade_entries(whole)

    def _bar(self) -> None:
        gone = (self.desk.now - at(9, 15)).seconds
        self.desk.wait(60 - gone % 60)
        self._quotes()
        self.desk.bar()

    @rule(seconds=st.sampled_from((3, 11, 31)))
    def wait(self, seconds: int) -> None:
        self.desk.wait(seconds)

    # the broker -------------------------------------------------------------------------------

    @precondition(lambda self: self.desk.wire)
    @rule(fates=st.lists(FATES, min_size=1, max_size=6))
    def carry_out(self, fates: list[str]) -> None:
        for fate in fates[: len(self.desk.wire)]:
            self._carry_out(fate)

    def _carry_out(self, fate: str) -> None:
        wish = self.desk.wire.popleft()
        kinds = {"ModifyOrder": "modify", "CancelOrder": "cancel"}
        name = type(wish).__name__
        key = wish.request.role if isinstance(wish, PlaceOrder) else kinds[name]
        self.desk.broker.next(key, fate)
        event = self.desk.broker.carry_out(wish, self.desk.now)
        self.desk.broker.will.clear()
        if isinstance(event, BrokerSaid) and event.update.state is not OrderState.UNKNOWN:
            self.mail.append(event)
        else:
            self.desk.tell(event)

    @precondition(lambda self: self.mail)
    @rule(picks=st.lists(st.integers(0, 5), min_size=1, max_size=6), bare=st.booleans())
    def deliver(self, picks: list[int], bare: bool) -> None:
        for pick in picks[: len(self.mail)]:
            self._deliver(pick, bare=bare)

    def _deliver(self, pick: int, *, bare: bool) -> None:
        event = self.mail.pop(pick % len(self.mail))
        if isinstance(event, BrokerSaid):
            self.told.append(event)
            if bare and event.update.fills:
                self.mail.append(event)
                event = structs.replace(event, update=replace(event.update, fills=()))
        self.desk.tell(event)

    @rule()
    def go_smoothly(self) -> None:
        for _ in range(_MOST_NEWS):
            if self.desk.wire:
                self._carry_out("accept")
            elif self.mail:
                self._deliver(0, bare=False)
            else:
                return
        raise RecursionError("wishes and answers go round without an end")

    @precondition(lambda self: self.told)
    @rule(pick=st.integers(0, 30))
    def repeat(self, pick: int) -> None:
        self.desk.tell(self.told[pick % len(self.told)])

    def _alive(self) -> list[Held]:
        return [order for order in self.desk.broker.orders.values() if order.left]

    @precondition(lambda self: self._alive())
    @rule(pick=st.integers(0, 10), whole=st.booleans())
    def trade(self, pick: int, whole: bool) -> None:
        alive = self._alive()
        self._trade(alive[pick % len(alive)], whole=whole)

    @rule(whole=st.booleans())
    def trade_entries(self, whole: bool) -> None:
        for order in self._alive():
            if order.request.role is Role.ENTRY:
                self._trade(order, whole=whole)

    def _trade(self, order: Held, *, whole: bool) -> None:
        lot = order.request.instrument.lot_size
        quantity = order.left if whole else max(lot, order.left // 2 // lot * lot)
        price = self._price_of(order.request.instrument.token - 1)
        client_id = order.request.client_id
        update = self.desk.broker.trade(client_id, quantity, price, self.desk.now)
        self.mail.append(BrokerSaid(self.desk.now, update))

    def _price_of(self, column: int) -> float:
        return round(float(BASE[column]) + self.offset / 100, 1)

    @rule()
    def reconcile(self) -> None:
        for order in self.desk.engine.orders.all():
            client_id = order.request.client_id
            if client_id in self.desk.broker.orders:
                word = self.desk.broker.word(client_id, self.desk.now)
                self.desk.tell(BrokerSaid(self.desk.now, word))
            elif order.state is OrderState.UNKNOWN:
                self.desk.tell(as_absent(client_id, self.desk.now))

    # from outside -----------------------------------------------------------------------------

    @rule(what=st.integers(0, 16), pick=st.integers(0, 10))
    def disturb(self, what: int, pick: int) -> None:
        """Let the operator, a condition, the clock or the broker's own hand do something rare."""
        plans, alive, now = list(self.desk.engine.ledger.trades), self._alive(), self.desk.now
        match what:
            case 0 | 1 | 2 | 3:
                self._command(KINDS[what], "")
            case 4 | 5 if plans:
                self._command(CommandKind.CLOSE_POSITION, plans[pick % len(plans)])
            case 6 | 7:
                self.desk.tell(ConditionChanged(now, "data", good=what == 7))
            case 8:
                segment = ("FUTURES", "CASH")[pick % 2]
                self.desk.tell(TimerFired(now, f"stage:square_off:{segment}"))
            case 9 | 10 if alive:
                order = alive[pick % len(alive)]
                order.state = OrderState.CANCELLED
                self.mail.append(
                    BrokerSaid(now, self.desk.broker.word(order.request.client_id, now))
                )
            case _:
                self.go_smoothly()

    def _command(self, kind: CommandKind, subject: str) -> None:
        self.commands += 1
        self.desk.tell(CommandIssued(self.desk.now, self.commands, kind, "ann", "", subject))

    # what must hold ---------------------------------------------------------------------------

    @invariant()
    def books_fit(self) -> None:
        if hasattr(self, "desk"):
            check(self.desk.engine)

    @invariant()
    def no_position_can_be_reversed(self) -> None:
        if not hasattr(self, "desk"):
            return
        sent = {
            wish.request.client_id: wish.request
            for wish in self.desk.wire
            if isinstance(wish, PlaceOrder)
        }
        for trade in self.desk.engine.ledger.trades.values():
            bought = self._filled(trade.entries)
            sold = self._filled(trade.stops + trade.exits)
            orders = self.desk.broker.orders
            working = sum(orders[c].left for c in trade.stops + trade.exits if c in orders)
            coming = sum(sent[c].quantity for c in trade.stops + trade.exits if c in sent)
            assert sold + working + coming <= bought

    def _filled(self, client_ids: list[str]) -> int:
        orders = self.desk.broker.orders
        return sum(orders[c].filled for c in client_ids if c in orders)

    def teardown(self) -> None:
        """From wherever the day stands, the kill switch must end in a flat desk."""
        if not hasattr(self, "desk"):
            return
        self._command(CommandKind.FLATTEN, "")
        for _ in range(40):
            self._settle()
            self.books_fit()
            self.no_position_can_be_reversed()
            if not self.desk.engine.ledger.alive() and not self.desk.wire:
                break
        assert not self.desk.engine.ledger.alive()
        assert self._alive() == []
        assert self.desk.engine.breakers.state is TradingState.HALTED
        self._money_agrees()

    def _settle(self) -> None:
        self.go_smoothly()
        self.reconcile()
        for order in self._alive():
            if order.request.role is not Role.ENTRY:
                self._trade(order, whole=True)
        self.desk.wait(10)
        self._quotes()

    def _money_agrees(self) -> None:
        fills = self.desk.notes(FillNoted)
        traded = [fill for order in self.desk.broker.orders.values() for fill in order.fills]
        assert {fill.trade_id for fill in fills} == {fill.trade_id for fill in traded}
        assert len(fills) == len(traded)
        cash = sum((-fill.side.sign * fill.quantity * fill.price for fill in traded), D(0))
        assert self.desk.engine.ledger.balance == self.desk.engine.ledger.start + cash
        booked = sum((note.amount for note in self.desk.notes(LedgerNoted)[1:]), D(0))
        assert booked == cash


RandomDay.TestCase.settings = settings(
    max_examples=int(os.environ.get("RANDOM_DAYS", "40")),
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRandomDay = RandomDay.TestCase
