"""The engine: one door in, one door out; exits come first in every cycle.

It reads no clock, does no I/O and draws no lots; the runner around it carries its wishes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from marketdata.bars import BarGrid
from marketdata.panel import Panel
from marketdata.timeframes import Timeframe
from risk.breakers import DAILY_LOSS, Breakers, LockedError, TradingState, daily_loss_breached
from risk.exits import ExitReason, PriceBar
from trading.engine.actions import Action, RiskNoted, StateNoted
from trading.engine.bar_faults import BarFaults
from trading.engine.combination_entry import LEGS
from trading.engine.combinations import Combination
from trading.engine.commands import KILL_SCOPE, Commands
from trading.engine.dispatch import Dispatch
from trading.engine.entries import Beside, Entries
from trading.engine.entry_chase import CHASE
from trading.engine.events import (
    BOOK,
    SESSION,
    UNREAD,
    BandsTold,
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    ConditionChanged,
    DataFault,
    Event,
    ForeignSeen,
    MarginTold,
    MarketStep,
    StrategyOverran,
    TimerFired,
    TwinFound,
)
from trading.engine.foreign import FOREIGN, foreign_risks, told
from trading.engine.guard import Guard
from trading.engine.kill_scopes import KillScope
from trading.engine.ledger import UNPRICED, Ledger
from trading.engine.moves_with import MovesWith
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.protection import Protection, Tools
from trading.engine.quarantine import QUARANTINED, RELEASED, Stopwatch
from trading.engine.scan import Scan, new_panel
from trading.engine.settings import EngineSetup
from trading.engine.timeline import BAR
from trading.engine.trades import Trade
from trading.engine.underlying_watch import UnderlyingWatch
from trading.engine.watch import Watch


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
        self.dispatch = Dispatch(self._outbox, self.orders, self.ledger, setup.execution)
        tools = Tools(
            outbox=self._outbox,
            orders=self.orders,
            ledger=self.ledger,
            dispatch=self.dispatch,
            panel=self.panel,
            settings=setup.execution,
            may_enter=self._may_enter,
        )
        self.protection = Protection(tools)
        self._scan = scan or Scan(setup, self.panel)
        self._watch = Watch(self.ledger, self.orders, self.panel, self._scan.slow_place)
        self._guard = Guard(tools, self.protection, self._watch)
        self._by_underlying = UnderlyingWatch(self.panel, self._outbox, self._close_plan)
        moves = MovesWith(setup, self.ledger, self._scan.correlation)
        beside = Beside(self._guard.combined, moves, self._by_underlying)
        self._entries = Entries(setup, tools, beside)
        self._commands = Commands(self, self._outbox)
        self._gaps = BarFaults(setup, self.panel, self._outbox)
        self._judged_balance = self.ledger.balance
        self.foreign = ForeignSeen(setup.opens_at, (), ())

    def _may_enter(self) -> bool:
        return self.breakers.may_enter

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
            case BrokerSaid(at=at, update=update, answers=answers):
                self._guard.told(at, *self.orders.apply(update, answers))
                self._watch_unknown(at)
            case TwinFound():
                self._guard.take_over_twin(event)
            case ChangeRefused():
                self._guard.change_refused(event)
            case TimerFired(at=at, key=key):
                self._timer(at, key)
            case CommandIssued():
                self._commands.obey(event)
            case DataFault(at=at, symbol=symbol, reason=reason, count=count):
                self._outbox.risk(at, "data-fault", f"{symbol}: {reason} x {count}")
            case ConditionChanged(at=at, name=name, good=good, detail=detail):
                self._condition(at, name, good=good, detail=detail)
            case StrategyOverran(at=at, strategy=strategy, detail=detail):
                self._put_aside(at, strategy, detail)
            case BandsTold(bands=bands):
                self.dispatch.bands_told(bands)
            case MarginTold():
                self._entries.margin_told(event, self.breakers)
            case ForeignSeen():
                self._see_foreign(event)
        if self.breakers.state is TradingState.FLATTENING and not self.ledger.alive():
            self._become(event.at, self.breakers.halt())
        return self._outbox.drain()

    # prices -----------------------------------------------------------------------------------

    def _market(self, step: MarketStep) -> None:
        """Prices, then exits, then limits: always in this order."""
        touched = self.panel.apply(step.ticks)
        alive = self.ledger.alive()
        self._by_underlying.stops(step.at, touched)
        for trade in self._watch.touched(step.at.timestamp(), self._scan.slow_ranges()):
            self._guard.look(step.at, trade, self._range(trade), self._scan.ranges(trade))
        if combinations := self.ledger.alive_combinations():
            columns = set(touched.tolist())
            for plan in combinations:
                if not plan.columns.isdisjoint(columns):
                    self._look_together(step.at, plan)
        self._by_underlying.targets(step.at, touched)
        is_judged = self.ledger.balance == self._judged_balance
        if alive or not is_judged or UNPRICED in self.breakers.blocked:
            self._check_daily_loss(step.at)

    def _look_together(self, at: datetime, plan: Combination) -> None:
        slow = self._scan.ranges_of(plan.strategy, plan.opinion_column).slow
        self._guard.combined.look(at, plan, slow)

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
        found: list[float] = self.panel.last.tolist()
        return found

    def _check_daily_loss(self, at: datetime) -> None:
        self._judged_balance = self.ledger.balance
        if self.breakers.has_lost_the_day:
            return
        last = self.last_prices()
        allowed = self.setup.limits.daily_loss_inr(self.ledger.start)
        may_have_lost = self.ledger.may_have_lost(allowed, last)
        if may_have_lost or UNPRICED in self.breakers.blocked:
            self._block_while(at, UNPRICED, self.ledger.is_unpriced(last))
        if not may_have_lost:
            return
        exposure = self.ledger.standing(last)
        if daily_loss_breached(exposure, self.setup.limits):
            measured = exposure.profit_of_day_inr
            text = "the day's loss has reached its limit"
            self._outbox.emit(
                RiskNoted(at, DAILY_LOSS, "CRITICAL", text, str(measured), str(-allowed))
            )
            self._end_for_today(at)

    def _end_for_today(self, at: datetime) -> None:
        if self.setup.limits.daily_loss_flattens:
            self.flatten(at, DAILY_LOSS, ExitReason.DAILY_LOSS)
        else:
            self._become(at, self.breakers.block_for_today())
            self.cancel_entries(at)

    # time ---------------------------------------------------------------------------------------

    def _timer(self, at: datetime, key: str) -> None:
        if self.ledger.balance != self._judged_balance:
            self._check_daily_loss(at)
        kind, _, subject = key.partition(":")
        if key == BAR:
            self._bar(at)
        elif kind == "stage":
            self._stage(at, subject)
        elif kind == "entry":
            self._entries.time_out(at, subject)
        elif kind == CHASE:
            self._entries.chase(at, subject)
        elif kind == "exit":
            self._guard.chase(at, self.ledger.trades[subject])
        elif kind == LEGS:
            self._guard.combined.time(at, self.ledger.combinations[subject])

    def _bar(self, at: datetime) -> None:
        """Exits on the newest bars first, then the scan, then the account's note."""
        studied = self.setup.universe.studied
        rows = [row.of_first(studied) for row in self.panel.close_bars(int(at.timestamp()))]
        self._scan.take(rows)
        self._gaps.name(at, rows)
        self._by_underlying.stops(at, None)
        for trade in self._watch.standing(at.timestamp(), self._scan.slow_ranges()):
            still = PriceBar.tick(float(self.panel.last[trade.column]))
            self._guard.look(at, trade, still, self._scan.ranges(trade))
        for plan in self.ledger.alive_combinations():
            self._look_together(at, plan)
        self._by_underlying.targets(at, None)
        self._entries.begin_cycle()
        found = self._scan.look(at, rows, self.ledger.stances)
        for strategy, reason in found.faults:
            self._put_aside(at, strategy, reason)
        for text in found.rejected:
            self._outbox.risk(at, "opinion-rejected", text)
        for signal, reason in found.fallen:
            self._entries.pass_over(at, signal, reason)
        for opportunity in found.opportunities:
            atr = float("nan")
            if opportunity.kept:
                strategy = opportunity.candidate.signal.strategy
                atr = self._scan.ranges_of(strategy, opportunity.candidate.column).slow
            self._entries.consider(at, opportunity, self.breakers, atr)
        if any(row.timeframe is Timeframe.MINUTE for row in rows):
            self.ledger.note_equity(at, self.last_prices())

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

    def flatten_scope(self, at: datetime, scope: KillScope) -> None:
        """Close everything of one strategy or underlying and enter nothing of it until unlocked."""
        self._entries.killed |= {scope}
        told = f"{scope} is closed by the kill switch"
        self._outbox.risk(at, KILL_SCOPE, told, severity="CRITICAL")
        self._outbox.alert(at, KILL_SCOPE, told)
        mine = [trade for trade in self.ledger.trades.values() if scope.holds(trade)]
        self._guard.flatten(at, mine, ExitReason.KILL)

    def unlock_scope(self, at: datetime, scope: KillScope, by: str) -> None:
        """Allow entries of a scope again. Raises `LockedError` for one not closed, or not flat."""
        if scope not in self._entries.killed:
            raise LockedError(f"{scope}: not closed by the kill switch")
        left = [trade.plan_id for trade in self.ledger.alive() if scope.holds(trade)]
        if left:
            raise LockedError(f"{scope}: not flat yet, {', '.join(left)} open")
        self._entries.killed -= {scope}
        self._outbox.risk(at, KILL_SCOPE, f"{scope} is unlocked by {by}", severity="INFO")

    def close(self, at: datetime, plan_id: str) -> bool:
        """Close one position at an operator's wish; say whether there was one.

        A plan of several legs is named by its own code or by that of any of its legs.
        """
        plan = self.ledger.plan(plan_id)
        if plan is None or plan.is_over:
            return False
        self._close_plan(at, plan, ExitReason.MANUAL)
        return True

    def _close_plan(self, at: datetime, plan: Trade | Combination, reason: ExitReason) -> None:
        if isinstance(plan, Combination):
            self._guard.combined.close(at, plan, reason)
        else:
            self._guard.close(at, plan, reason)

    def time_strategies(self, stopwatch: Stopwatch) -> None:
        """Tell `stopwatch` from now on when a strategy is asked and when it has answered."""
        self._scan.stopwatch = stopwatch

    def _put_aside(self, at: datetime, strategy: str, reason: str) -> None:
        """Listen to a strategy no more; its positions stay managed and the others go on."""
        if self._scan.quarantine.holds(strategy):
            return
        self._scan.quarantine = self._scan.quarantine.put(strategy, reason)
        text = f"{strategy} is put aside until a person releases it: {reason}"
        self._outbox.risk(at, QUARANTINED, text, severity="CRITICAL")
        self._outbox.alert(at, QUARANTINED, text)

    def release(self, at: datetime, strategy: str, by: str) -> None:
        """Listen to a strategy again. Raises `ValueError` for one that isn't put aside."""
        self._scan.quarantine = self._scan.quarantine.release(strategy)
        self._outbox.risk(at, RELEASED, f"{strategy} is released by {by}", severity="INFO")

    def cancel_entries(self, at: datetime) -> None:
        """Cancel entries that still work; positions stay protected."""
        for trade in self.ledger.alive():
            if not trade.combination:
                self._entries.cancel(at, trade, "entries stopped")
        for plan in self.ledger.alive_combinations():
            self._guard.combined.stop_entering(at, plan, "entries stopped")

    def _condition(self, at: datetime, name: str, *, good: bool, detail: str) -> None:
        if name == BOOK and not good and detail != UNREAD:
            self._outbox.alert(at, BOOK, f"no entries: {detail}")
        if name == BOOK and good:
            self._entries.account_seen(at)
            if name not in self.breakers.blocked:
                return
        self._become(at, self.breakers.clear(name) if good else self.breakers.block(name))
        text = f"{name} is {'good' if good else 'bad'}{detail and f': {detail}'}"
        self._outbox.risk(at, "condition", text, severity="INFO" if good else "WARNING")
        if name == SESSION and good:
            self._guard.session_is_back(at)

    def _see_foreign(self, seen: ForeignSeen) -> None:
        """Count what is somebody else's at risk, and tell of it once."""
        known = told(self.foreign)
        self.foreign = seen
        self.ledger.foreign = foreign_risks(seen, self.setup, self.ledger.balance)
        for name, text in told(seen).items():
            if name not in known:
                self._outbox.alert(seen.at, FOREIGN, text, severity="WARNING")
            if known.get(name) != text:
                self._outbox.risk(seen.at, FOREIGN, text)
        for name in known.keys() - told(seen).keys():
            self._outbox.risk(seen.at, FOREIGN, f"{known[name]}, now gone", severity="INFO")

    def _watch_unknown(self, at: datetime) -> None:
        """An order whose outcome isn't proven blocks entries until it is."""
        self._block_while(at, "unknown-order", self.orders.any_unknown())

    def _block_while(self, at: datetime, name: str, is_bad: bool) -> None:
        if is_bad:
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
