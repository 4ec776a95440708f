"""What the living plans of a session wait for, and the frames in which it may come next.

Which frames are told for that is decided in `skipping.py`; when a plan is left by `risk.exits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from math import inf

import numpy as np

from marketdata.bars import Ints
from marketdata.timeframes import Timeframe
from risk.exits import ExitRules
from risk.exits.kernel import ENTRY_ATR, VOLATILITY, Beside, first_hit
from risk.exits.stepping import plan_vector, state_vector
from risk.exits.watching import WATCHED
from strategies.direction import Direction
from trading.engine.core import Engine
from trading.engine.scan import SLOW_ATR
from trading.engine.trades import PlanState, Trade
from trading.engine.watch import mode_of
from trading.research.lookahead import Lookahead
from trading.research.merging import Stretches

_TO_BE_SURE = 1.01
_HALF_A_PAISA = 0.0051
"""More than prices can move when they are taken to the paisa."""
_HELD = (PlanState.OPEN, PlanState.PARTLY_CLOSED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that only waits: for its orders at the exchange, for its exit rules, for a moment.

    `version`: how many orders and units it had when this was read. `beside`: what matters beside
    its rules. `is_watched`: its rules decide something, else only its orders do. `risk`: the
    rupees its stop would cost.
    """

    trade: Trade
    version: tuple[int, int]
    beside: Beside
    is_watched: bool
    risk: float


@dataclass(frozen=True, slots=True)
class _Rested:
    """Since which frame a stop has rested at a trigger."""

    client_id: str
    trigger: Decimal
    since: int


class Waits:
    """Reads what happens to the plans of a session, and looks ahead for those that only wait.

    Frame 2 m begins minute m, 2 m + 1 ends it. A plan of which anything else may come is busy.
    """

    def __init__(self, engine: Engine, stretches: Stretches, ahead: Lookahead) -> None:
        self._engine, self._stretches = engine, stretches
        self._ranges = _ranges_of(engine, ahead)
        self._read = 0
        self._shown = 0
        self._place = 0
        self._busy: set[str] = set()
        self._waiting: dict[str, Waiting] = {}
        self._unseen: list[Waiting] = []
        self._reached: list[tuple[int, int, Waiting]] = []
        self._rested: dict[str, _Rested] = {}
        self._pushed = 0
        self._risk = 0.0
        limits = engine.setup.limits
        self._allowed = float(limits.daily_loss_inr(engine.ledger.start))

    def look(self, place: int, shown: int) -> None:
        """Go on to frame `place`; `shown` is the last that was told by itself."""
        self._place, self._shown = place, shown
        self._read_on()
        unseen, self._unseen = self._unseen, []
        for waiting in unseen:
            if self._is_current(waiting):
                self._await(waiting, place // 2)
        while self._reached:
            minute, _, waiting = self._reached[0]
            if not self._is_current(waiting):
                heappop(self._reached)
            elif minute < place // 2:
                heappop(self._reached)
                self._await(waiting, place // 2)
            else:
                return

    def is_busy(self) -> bool:
        """Say whether a plan may do more than wait, or the day's loss may reach its limit."""
        self._read_on()
        return bool(self._busy) or (bool(self._waiting) and self._loss_is_near())

    def next_reached(self, until: int) -> tuple[int, tuple[Waiting, ...]]:
        """Return the next frame, at most `until`, in which something may come, and to which plans.

        Asked after `look` only, while nothing is busy.
        """
        found: list[tuple[int, int, Waiting]] = []
        while self._reached and max(self._place, 2 * self._reached[0][0]) <= until:
            entry = heappop(self._reached)
            if self._is_current(entry[2]):
                until = max(self._place, 2 * entry[0])
                found.append(entry)
        for entry in found:
            heappush(self._reached, entry)
        return until, tuple(waiting for _, _, waiting in found)

    def _is_current(self, waiting: Waiting) -> bool:
        """Say whether a plan still waits as it did when this was read."""
        return self._waiting.get(waiting.trade.plan_id) is waiting

    def _await(self, waiting: Waiting, minute: int) -> None:
        """Find the minute from `minute` on in which a plan may be reached."""
        trade = waiting.trade
        if waiting.is_watched and self._has_been_touched(trade):
            del self._waiting[trade.plan_id]
            self._busy.add(trade.plan_id)
            return
        path = self._stretches.path(trade.column)
        bars = minute, len(path.start_s)
        plan, state = plan_vector(trade.exit_plan), state_vector(trade.exit_state).copy()
        found = first_hit(plan, state, path, bars, waiting.beside)
        if found < len(path.start_s) - 1:
            self._pushed += 1
            heappush(self._reached, (found, self._pushed, waiting))

    def _read_on(self) -> None:
        """Look anew at the plans that something has happened to."""
        ledger = self._engine.ledger
        if len(ledger.stirred) == self._read:
            return
        for plan_id in dict.fromkeys([trade.plan_id for trade in ledger.stirred[self._read :]]):
            trade = ledger.trades[plan_id]
            if not trade.is_over and self._waits(trade):
                self._busy.discard(plan_id)
                continue
            self._waiting.pop(plan_id, None)
            if trade.is_over:
                self._busy.discard(plan_id)
            else:
                self._busy.add(plan_id)
        self._read = len(ledger.stirred)
        self._risk = sum([waiting.risk for waiting in self._waiting.values()])

    def _waits(self, trade: Trade) -> bool:
        """Say whether a plan only waits, and remember for what."""
        is_watched = _decides(trade.exit_plan.rules)
        if is_watched:
            self._note_rest(trade)
        if trade.state not in _HELD or trade.closing is not None:
            return False
        version = len(trade.stops) + len(trade.targets), trade.open_quantity
        known = self._waiting.get(trade.plan_id)
        if known is not None and known.version == version and not is_watched:
            return True
        orders = self._engine.orders
        stops, targets = orders.working(trade.stops), orders.working(trade.targets)
        is_plain = mode_of(trade, orders) == WATCHED and not orders.unfinished(trade.entries)
        if not is_plain or len(stops) != 1 or len(targets) > 1:
            return False
        trigger = orders.wanted(stops[0]).trigger_price
        target = orders.wanted(targets[0]).price if targets else None
        if trigger is None or (targets and target is None) or orders.is_changing(stops):
            return False
        if is_watched and self._has_been_touched(trade):
            return False
        beside = self._beside(trade, float(trigger), None if target is None else float(target))
        risk = abs(float(trade.position.average_price or 0) - float(trigger)) * trade.open_quantity
        waiting = Waiting(trade, version, beside, is_watched, risk)
        self._waiting[trade.plan_id] = waiting
        self._unseen.append(waiting)
        return True

    def _note_rest(self, trade: Trade) -> None:
        """Remember since when a plan's newest stop rests where it does."""
        orders = self._engine.orders
        for client_id in orders.working(trade.stops)[-1:]:
            trigger = orders.wanted(client_id).trigger_price
            known = self._rested.get(trade.plan_id)
            if trigger is not None and (
                known is None or (known.client_id, known.trigger) != (client_id, trigger)
            ):
                self._rested[trade.plan_id] = _Rested(client_id, trigger, self._shown)

    def _has_been_touched(self, trade: Trade) -> bool:
        """Say whether a price may have reached a plan's stop since it rests: it may be filling."""
        rested, path = self._rested[trade.plan_id], self._stretches.path(trade.column)
        since = slice(rested.since // 2, (self._place + 1) // 2)
        trigger = float(rested.trigger)
        if trade.direction is Direction.LONG:
            return bool((path.low[since] <= trigger + _HALF_A_PAISA).any())
        return bool((path.high[since] >= trigger - _HALF_A_PAISA).any())

    def _beside(self, trade: Trade, trigger: float, target: float | None) -> Beside:
        beyond = inf * int(trade.direction) if target is None else target
        lower, upper = sorted((trigger, beyond))
        vector = plan_vector(trade.exit_plan)
        wild = float(vector[VOLATILITY] * vector[ENTRY_ATR])
        now_s = self._stretches.starts_s(self._place // 2)
        until = self._ranges[trade.strategy].reached_at(trade.opinion_column, wild, now_s)
        return Beside(lower + _HALF_A_PAISA, upper - _HALF_A_PAISA, until)

    def _loss_is_near(self) -> bool:
        """Say whether the day's loss could reach its limit before any stop is touched."""
        ledger = self._engine.ledger
        lost = float(ledger.start - ledger.balance)
        return (self._risk + lost) * _TO_BE_SURE >= self._allowed


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The smoothed ranges of one session's bars of one length, `(T, N)`, and when each ended."""

    slow: np.ndarray
    ended_s: Ints

    def reached_at(self, column: int, level: float, now_s: int) -> float:
        """Return from when on a column's is at `level` or above, infinity for never or no level.

        What it is at `now_s` and later is looked at.
        """
        if not level < inf:
            return inf
        newest = max(int(np.searchsorted(self.ended_s, now_s, side="right")) - 1, 0)
        places = np.flatnonzero(self.slow[newest:, column] >= level)
        return float(self.ended_s[newest + places[0]]) if len(places) else inf


def _ranges_of(engine: Engine, ahead: Lookahead) -> Mapping[str, _Ranges]:
    """Return the smoothed ranges of the session by strategy."""
    session = engine.setup.day.toordinal()
    known: dict[Timeframe, _Ranges] = {}
    for timeframe, grid in ahead.grids.items():
        rows = slice(*np.searchsorted(grid.session, [session, session + 1]).tolist())
        slow = ahead.outputs[timeframe][SLOW_ATR]["atr"][rows]
        known[timeframe] = _Ranges(slow, grid.start[rows] + timeframe.seconds)
    return {each.name: known[each.timeframe] for each in engine.setup.strategies}


def _decides(rules: ExitRules) -> bool:
    """Say whether any exit is decided by prices or time instead of resting at the exchange."""
    return (
        rules.trail
        or rules.target1
        or rules.target2
        or rules.break_even_after_target1
        or rules.time_stop
        or rules.volatility
        or rules.mae
    )
