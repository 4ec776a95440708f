"""The guard's hand over plans of several legs: when the whole leaves, and which leg goes first.

How one leg's orders are made to fit is `protection.py`'s, how the legs get in is
`combination_entry.py`'s. Sold legs leave before the bought ones that hedge them, whatever the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from risk.exits import ExitReason, PriceBar, opened
from risk.exits import step as exit_step
from trading.engine.actions import PlanMoved
from trading.engine.combination_entry import CombinationEntry
from trading.engine.combinations import Combination, backstop
from trading.engine.plan_notes import measured_note
from trading.engine.protection import Protection, Tools
from trading.engine.quotes import quote_of, worth
from trading.engine.trades import PlanState, Trade

SendOut = Callable[[datetime, Trade, ExitReason], None]
"""How the guard sends one leg out whole."""


class CombinationGuard:
    """Watches every plan of several legs that is alive."""

    def __init__(self, tools: Tools, protection: Protection, send_out: SendOut) -> None:
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._ledger = tools.ledger
        self._panel = tools.panel
        self._settings = tools.settings
        self._protection = protection
        self._send_out = send_out
        self._entry = CombinationEntry(tools)

    # prices ----------------------------------------------------------------------------------

    def look(self, at: datetime, plan: Combination, slow_atr: float) -> None:
        """Let the exit rules look at the value of all legs and act on it.

        `slow_atr`: of the opinion's instrument, for the volatility exit. The range of the value
        itself nobody knows: without a part of the entry to keep, the trail stands still.
        """
        atr = plan.exit_plan.trail_range(math.nan)
        price = PriceBar.tick(plan.value(self._panel))
        while plan.wanted and not plan.is_entering and plan.closing is None:
            before = replace(plan.exit_state, open_quantity=plan.wanted)
            plan.exit_state, decision = exit_step(
                plan.exit_plan, before, price, atr=atr, now_s=at.timestamp(), slow_atr=slow_atr
            )
            if plan.exit_state.stop != before.stop:
                self._move_backstops(at, plan)
                self._outbox.emit(measured_note(at, plan))
            if decision is None:
                self._watch_backstops(at, plan)
                return
            if plan.exit_state.open_quantity:
                plan.wanted = plan.exit_state.open_quantity
                self._move(at, plan, PlanState.PARTLY_CLOSED, decision.reason)
                self.settle(at, plan)
            else:
                self.close(at, plan, decision.reason)

    def _move_backstops(self, at: datetime, plan: Combination) -> None:
        paid = _longs_paid(plan)
        for leg in plan.shorts:
            if leg.rests_stop and leg.open_quantity and not math.isnan(paid):
                stop = backstop(plan.direction, plan.exit_state.stop, paid, leg.ratio)
                leg.exit_state = replace(leg.exit_state, stop=stop)
                self._protection.move_stops(at, leg)

    def _watch_backstops(self, at: datetime, plan: Combination) -> None:
        """Leave at once where a leg's price has been through its own stop, which does not fill."""
        now_s = at.timestamp()
        for leg in plan.shorts:
            if not (leg.rests_stop and leg.open_quantity):
                continue
            through = worth(quote_of(self._panel, leg.column)) >= leg.exit_state.stop
            since = (leg.exit_state.through_since_s or now_s) if through else None
            leg.exit_state = replace(leg.exit_state, through_since_s=since)
            if since is not None and now_s - since >= self._settings.stop_watchdog_seconds:
                self._outbox.risk(at, "stop-unfilled", f"{leg.plan_id}: price through the stop")
                self.close(at, plan, ExitReason.HARD_STOP)
                return

    # leaving -----------------------------------------------------------------------------------

    def close(self, at: datetime, plan: Combination, reason: ExitReason) -> None:
        """Send all legs out, the sold ones first; a second call changes nothing."""
        if plan.closing is not None:
            return
        plan.closing, plan.wanted = reason, 0
        if not plan.is_over:
            plan.exit_reason = reason
            self._entry.cancel(at, plan)
        self.settle(at, plan)

    def stop_entering(self, at: datetime, plan: Combination, reason: str) -> None:
        """Send no more entries; keep what is complete and unwind the rest."""
        if plan.is_entering:
            plan.is_stopped = True
            self._entry.give_up(at, plan, reason)
            self.settle(at, plan)

    # what happens ------------------------------------------------------------------------------

    def follow(self, at: datetime, leg: Trade) -> None:
        """Take in that something happened to a leg."""
        plan = self._ledger.combinations[leg.combination]
        reason = leg.closing
        if any(self._orders[client_id].filled_quantity for client_id in leg.stops):
            reason = ExitReason.HARD_STOP
        if reason is not None and plan.closing is None:
            self.close(at, plan, reason)
        else:
            self.settle(at, plan)

    def time(self, at: datetime, plan: Combination) -> None:
        """Come back to an entry that has had its time."""
        self._entry.time(at, plan)
        self.settle(at, plan)

    def settle(self, at: datetime, plan: Combination) -> None:
        """Do whatever is due for the plan as it stands; changes nothing where nothing is."""
        was_entering = plan.is_entering
        self._entry.go_on(at, plan)
        if was_entering and not plan.is_entering and plan.wanted:
            self._entered(at, plan)
        if plan.unhedged() and plan.closing is None:
            text = f"{plan.plan_id}: {plan.unhedged()} units sold without their hedge"
            self._outbox.alert(at, "hedge-missing", text)
            self._outbox.risk(at, "hedge-missing", text, severity="CRITICAL")
            self.close(at, plan, ExitReason.MANUAL)
            return
        self._bring_down(at, plan)
        self._tell_state(at, plan)

    def _entered(self, at: datetime, plan: Combination) -> None:
        """Measure the way out from what was really paid, where that lies inside of it."""
        exits, paid = plan.exit_plan, plan.paid()
        inside = min(exits.stop, exits.target1) < paid < max(exits.stop, exits.target1)
        entry = paid if inside else exits.entry
        if plan.max_loss is not None:
            moved = Decimal(repr(round((entry - exits.entry) * int(plan.direction), 6)))
            plan.max_loss = max(plan.max_loss + moved, Decimal(0))
        plan.exit_plan = replace(
            exits, entry=entry, quantity=plan.wanted, opened_at_s=at.timestamp()
        )
        plan.exit_state = opened(plan.exit_plan)
        self._move(at, plan, PlanState.OPEN, plan.given_up)
        plan.given_up = ""
        self._move_backstops(at, plan)

    def _bring_down(self, at: datetime, plan: Combination) -> None:
        """Take out what is held beyond the wanted units; hedges once the sold legs are down."""
        for leg in plan.shorts:
            self._fit(at, plan, leg)
        if all(self._is_down(plan, leg) for leg in plan.shorts):
            for leg in plan.longs:
                self._fit(at, plan, leg)

    def _is_down(self, plan: Combination, leg: Trade) -> bool:
        may_come = not plan.wanted and any(self._orders.most(c) for c in leg.entries)
        return leg.open_quantity <= plan.wanted * leg.ratio and not may_come

    def _fit(self, at: datetime, plan: Combination, leg: Trade) -> None:
        if plan.closing is not None and not plan.wanted:
            self._leave(at, leg, plan.closing, plan.exit_reason)
        elif leg.closing is None and not self._waits(at, leg):
            surplus = self._protection.state_now(leg).open_quantity - plan.wanted * leg.ratio
            if surplus > 0:
                self._protection.take_part(at, leg, surplus)
                if leg.state is PlanState.OPEN and leg.move(PlanState.PARTLY_CLOSED):
                    note = PlanMoved(at, leg.plan_id, leg.state, plan.exit_reason)
                    self._outbox.emit(note)

    def _waits(self, at: datetime, leg: Trade) -> bool:
        """Say whether an exit of the leg is being changed, or was refused and waits."""
        held = leg.exits_held_until is not None and at < leg.exits_held_until
        return held or self._orders.is_changing(leg.exits)

    def _leave(self, at: datetime, leg: Trade, reason: ExitReason, why: str) -> None:
        if not leg.entries and leg.move(PlanState.ENTRY_CANCELLED):
            self._ledger.moved(leg)
            self._outbox.emit(PlanMoved(at, leg.plan_id, leg.state, why))
        if leg.is_over:
            leg.closing = leg.closing or reason
        elif leg.closing is None:
            self._send_out(at, leg, reason)
            leg.exit_reason = why or leg.exit_reason

    def _tell_state(self, at: datetime, plan: Combination) -> None:
        if plan.is_held:
            if plan.closing is not None:
                self._move(at, plan, PlanState.CLOSING, plan.exit_reason or "late fill")
        elif all(leg.is_over for leg in plan.legs):
            traded = any(leg.opened_quantity for leg in plan.legs)
            state = PlanState.CLOSED if traded else PlanState.ENTRY_CANCELLED
            self._move(at, plan, state, plan.exit_reason or plan.given_up)

    def _move(self, at: datetime, plan: Combination, state: PlanState, reason: str) -> None:
        if plan.move(state):
            self._outbox.emit(PlanMoved(at, plan.plan_id, state, reason))
            if state in (PlanState.OPEN, PlanState.CLOSED):
                self._outbox.emit(measured_note(at, plan))


def _longs_paid(plan: Combination) -> float:
    """Return what a unit's bought legs cost, in rupees; NaN where one holds nothing."""
    return math.fsum(
        leg.ratio * float(leg.position.average_price or math.nan) for leg in plan.longs
    )
