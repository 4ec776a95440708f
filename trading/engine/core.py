"""The engine: one door in, one door out; exits come first in every cycle.

It reads no clock, does no I/O and draws no lots; the runner around it carries its wishes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from marketdata.bars import BarGrid, BarRow
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from risk.breakers import DAILY_LOSS, Breakers, TradingState, daily_loss_breached
from risk.exits import ExitReason, PriceBar
from trading.engine.actions import Action, RiskNoted, StateNoted
from trading.engine.commands import Commands
from trading.engine.dispatch import Dispatch
from trading.engine.entries import Entries
from trading.engine.events import (
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    ConditionChanged,
    DataFault,
    Event,
    MarketStep,
    TimerFired,
)
from trading.engine.guard import Guard
from trading.engine.ledger import Ledger
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.protection import Protection, Tools
from trading.engine.scan import Scan, new_panel
from trading.engine.settings import EngineSetup
from trading.engine.timeline import BAR
from trading.engine.trades import Trade


class Engine:
    """One run's decisions. Feed it events in order; do what it returns, in order."""

    def __init__(
        self, setup: EngineSetup, panel: Panel | None = None, scan: Scan | None = None
    ) -> None:
        """Begin a run; a backtest that has looked ahead brings its own panel and scan."""
        self.setup = setup
        self._outbox = Outbox(setup.run_code)
        self.orders = OrderBook()
        self.breakers = Breakers()
        self.panel = panel or new_panel(setup)
        self.ledger = Ledger(setup, self._outbox, self.orders)
        dispatch = Dispatch(self._outbox, self.orders, self.ledger, setup.execution)
        tools = Tools(self._outbox, self.orders, self.ledger, dispatch, self.panel, setup.execution)
        self.protection = Protection(tools)
        self._guard = Guard(tools, self.protection)
        self._scan = scan or Scan(setup, self.panel)
        self._entries = Entries(setup, tools)
        self._commands = Commands(self, self._outbox)
        self._judged_balance = self.ledger.balance

    def warm(self, history: Mapping[Timeframe, BarGrid]) -> None:
        """Bring the features up to date with the sessions before; called once, before `start`."""
        self._scan.warm(history)

    def carry(self, before: Engine) -> None:
        """Go on with the features of the session before instead of a history; before `start`."""
        self._scan.carry(before._scan)

    def start(self) -> tuple[Action, ...]:
        """Note the opening account; the first actions of a run."""
        at = self.setup.opens_at
        self.ledger.opened(at)
        self._outbox.emit(StateNoted(at, self.breakers.state, ()))
        return self._outbox.drain()

    def handle(self, event: Event) -> tuple[Action, ...]:
        """Take one event in and return what is wished and noted, in order.

        Raises what the rooms below raise for impossible news (`UnknownOrderError`,
        `IllegalTransitionError`, `IllegalMoveError`): the process then stops and recovers.
        """
        match event:
            case MarketStep():
                self._market(event)
            case BrokerSaid(at=at, update=update):
                self._guard.told(at, *self.orders.apply(update))
                self._watch_unknown(at)
            case ChangeRefused(at=at, client_id=client_id, reason=reason, proven=proven):
                self._guard.change_refused(at, client_id, reason, proven=proven)
            case TimerFired(at=at, key=key):
                self._timer(at, key)
            case CommandIssued():
                self._commands.obey(event)
            case DataFault(at=at, symbol=symbol, reason=reason, count=count):
                self._outbox.risk(at, "data-fault", f"{symbol}: {reason} x {count}")
            case ConditionChanged(at=at, name=name, good=good, detail=detail):
                self._condition(at, name, good=good, detail=detail)
        if self.breakers.state is TradingState.FLATTENING and not self.ledger.alive():
            self._become(event.at, self.breakers.halt())
        return self._outbox.drain()

    # prices -----------------------------------------------------------------------------------

    def _market(self, step: MarketStep) -> None:
        """Prices, then exits, then limits: always in this order."""
        touched = set(self.panel.apply(step.ticks).tolist())
        alive = self.ledger.alive()
        for trade in alive:
            if trade.column in touched:
                self._guard.look(step.at, trade, self._range(trade), self._scan.ranges(trade))
        if alive or self.ledger.balance != self._judged_balance:
            self._check_daily_loss(step.at)

    def _range(self, trade: Trade) -> PriceBar:
        panel, column = self.panel, trade.column
        return PriceBar(
            float(panel.step_open[column]),
            float(panel.step_high[column]),
            float(panel.step_low[column]),
            float(panel.last[column]),
        )

    def last_prices(self) -> list[float]:
        """Return the last price of every column in rupees, NaN where there is none."""
        return [float(price) for price in self.panel.last]

    def _check_daily_loss(self, at: datetime) -> None:
        self._judged_balance = self.ledger.balance
        if DAILY_LOSS in self.breakers.locked:
            return
        exposure = self.ledger.standing(self.last_prices())
        if daily_loss_breached(exposure, self.setup.limits):
            allowed = self.setup.limits.daily_loss_inr(exposure.day_start_equity_inr)
            measured = exposure.profit_of_day_inr
            text = "the day's loss has reached its limit"
            self._outbox.emit(
                RiskNoted(at, DAILY_LOSS, "CRITICAL", text, str(measured), str(-allowed))
            )
            self.flatten(at, DAILY_LOSS, ExitReason.DAILY_LOSS)

    # time ---------------------------------------------------------------------------------------

    def _timer(self, at: datetime, key: str) -> None:
        kind, _, subject = key.partition(":")
        if key == BAR:
            self._bar(at)
        elif kind == "stage":
            self._stage(at, subject)
        elif kind == "entry":
            self._entries.time_out(at, subject)
        elif kind == "exit":
            self._guard.chase(at, self.ledger.trades[subject])

    def _bar(self, at: datetime) -> None:
        """Exits on the newest bars first, then the scan, then the account's note."""
        rows = self.panel.close_bars(int(at.timestamp()))
        self._scan.take(rows)
        self._name_gaps(at, rows)
        for trade in self.ledger.alive():
            still = PriceBar.tick(float(self.panel.last[trade.column]))
            self._guard.look(at, trade, still, self._scan.ranges(trade))
        self._entries.begin_cycle()
        found = self._scan.look(at, rows)
        for text in found.rejected:
            self._outbox.risk(at, "opinion-rejected", text)
        for signal, reason in found.fallen:
            self._entries.pass_over(at, signal, reason)
        for opportunity in found.opportunities:
            strategy = opportunity.candidate.signal.strategy
            atr = self._scan.ranges_of(strategy, opportunity.candidate.column).slow
            self._entries.consider(at, opportunity, self.breakers, atr)
        if any(row.timeframe is Timeframe.MINUTE for row in rows):
            self.ledger.note_equity(at, self.last_prices())

    def _name_gaps(self, at: datetime, rows: Sequence[BarRow]) -> None:
        """Note every contract that has traded today and was not heard of for a whole minute."""
        for row in rows:
            if row.timeframe is not Timeframe.MINUTE:
                continue
            for column in np.flatnonzero(row.gap & ~np.isnan(row.close)):
                stages = self.setup.stages[column]
                if stages is not None and at <= stages.flat_by:
                    symbol = self.setup.instrument(int(column)).symbol
                    self._outbox.risk(at, "data-fault", f"{symbol}: missing-minute x 1")

    def _stage(self, at: datetime, subject: str) -> None:
        """A stage of the day has come for a segment: leave, or check that nothing is left."""
        stage, _, group = subject.partition(":")
        trades = [t for t in self.ledger.trades.values() if t.instrument.segment == group]
        alive = [trade for trade in trades if not trade.is_over]
        match stage:
            case "square_off":
                self._guard.flatten(at, trades, ExitReason.END_OF_DAY)
            case "flat_by" if alive:
                names = ", ".join(trade.plan_id for trade in alive)
                self._outbox.alert(at, "not-flat", f"still open at the deadline: {names}")
            case _:
                pass

    # the desk -----------------------------------------------------------------------------------

    def flatten(self, at: datetime, why: str, reason: ExitReason) -> None:
        """Close everything and lock the desk for `why`; the one way of doing so."""
        self._become(at, self.breakers.flatten(why))
        self._guard.flatten(at, self.ledger.trades.values(), reason)

    def close(self, at: datetime, plan_id: str) -> bool:
        """Close one position at an operator's wish; say whether there was one."""
        trade = self.ledger.trades.get(plan_id)
        if trade is None or trade.is_over:
            return False
        self._guard.close(at, trade, ExitReason.MANUAL)
        return True

    def cancel_entries(self, at: datetime) -> None:
        """Cancel entries that still work; positions stay protected."""
        for trade in self.ledger.alive():
            self._entries.cancel(at, trade, "entries stopped")

    def _condition(self, at: datetime, name: str, *, good: bool, detail: str) -> None:
        self._become(at, self.breakers.clear(name) if good else self.breakers.block(name))
        self._outbox.risk(at, "condition", f"{name} is {'good' if good else 'bad'}: {detail}")

    def _watch_unknown(self, at: datetime) -> None:
        """An order whose outcome isn't proven blocks entries until it is."""
        name = "unknown-order"
        if self.orders.any_unknown():
            self._become(at, self.breakers.block(name))
        elif name in self.breakers.blocked:
            self._become(at, self.breakers.clear(name))

    def become(self, at: datetime, breakers: Breakers) -> None:
        """Take on another trading state, noting it where it differs."""
        self._become(at, breakers)

    def _become(self, at: datetime, breakers: Breakers) -> None:
        if breakers != self.breakers:
            self.breakers = breakers
            self._outbox.emit(StateNoted(at, breakers.state, tuple(sorted(breakers.blocked))))
