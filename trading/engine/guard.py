"""The one authority over exits: when a position leaves, and how a plan's news is taken in.

When to leave is said by `risk.exits`; how orders are made to fit by `protection.py`. There is no
second path for the kill switch, the daily loss or the square-off: all end in `flatten`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from execution.discrepancies import POLICIES, DiscrepancyKind, told_kind
from execution.orders import Fill, Order, OrderState, Role
from risk.exits import ExitDecision, ExitReason, PriceBar, opened
from risk.exits import step as exit_step
from trading.engine.actions import PlanMoved, SetTimer
from trading.engine.asked_terms import ByOthers
from trading.engine.combination_guard import CombinationGuard
from trading.engine.events import ChangeRefused, TwinFound
from trading.engine.notes import order_note, position_note
from trading.engine.odd_lots import tell_of_odd_fills, whole_lots
from trading.engine.protection import Protection, Tools
from trading.engine.trades import PlanState, Trade
from trading.engine.twins import call_off_returned, tell_of_twin
from trading.engine.watch import Watch

_REJECTED, _CANCELLED = OrderState.REJECTED, OrderState.CANCELLED


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far the opinion's instrument moves a bar, in rupees: now, and smoothed over longer."""

    atr: float
    slow: float


_MOST_STOPS_TAKEN = 3


class Guard:
    """Watches every plan that is alive."""

    def __init__(self, tools: Tools, protection: Protection, watch: Watch) -> None:
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._ledger = tools.ledger
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._settings = tools.settings
        self._protection = protection
        self._watch = watch
        self.combined = CombinationGuard(tools, protection, self._send_out)

    # prices ----------------------------------------------------------------------------------

    def look(self, at: datetime, trade: Trade, bar: PriceBar, ranges: Ranges) -> None:
        """Let the exit rules look at a price range of the plan's contract and act on it."""
        self._watch.fold(trade)
        while trade.open_quantity and trade.closing is None:
            before = self._protection.state_now(trade)
            if before.open_quantity == 0:
                return
            known = trade.exit_state
            trade.exit_state, decision = exit_step(
                trade.exit_plan,
                before,
                bar,
                atr=trade.exit_plan.trail_range(ranges.atr),
                now_s=at.timestamp(),
                slow_atr=ranges.slow,
            )
            if trade.exit_state is not known:
                self._ledger.stir(trade)
            if trade.exit_state.stop != before.stop:
                self._protection.move_stops(at, trade)
                self._note_position(at, trade)
            if decision is None:
                self._watch_stop(at, trade)
                return
            self._act(at, trade, decision)

    def _act(self, at: datetime, trade: Trade, decision: ExitDecision) -> None:
        if trade.exit_state.open_quantity:
            self._protection.take_part(at, trade, decision.quantity)
            self._move(at, trade, PlanState.PARTLY_CLOSED, decision.reason)
        else:
            self.close(at, trade, decision.reason)

    def _watch_stop(self, at: datetime, trade: Trade) -> None:
        """Leave at once where the price has been through a stop that does not fill."""
        since = trade.exit_state.through_since_s
        if since is not None and at.timestamp() - since >= self._settings.stop_watchdog_seconds:
            self._outbox.risk(at, "stop-unfilled", f"{trade.plan_id}: price through the stop")
            self.close(at, trade, trade.exit_state.stop_reason)

    # leaving -----------------------------------------------------------------------------------

    def close(self, at: datetime, trade: Trade, reason: ExitReason) -> None:
        """Send the whole plan out, with one leg all of them; a second call changes nothing."""
        if trade.combination:
            self.combined.close(at, self._ledger.combinations[trade.combination], reason)
        else:
            self._send_out(at, trade, reason)

    def _send_out(self, at: datetime, trade: Trade, reason: ExitReason) -> None:
        if trade.closing is not None or trade.is_over:
            return
        self._ledger.stir(trade)
        trade.closing = reason
        trade.exit_reason = reason
        trade.exit_tries = 0
        if trade.open_quantity:
            self._move(at, trade, PlanState.CLOSING, reason)
        self._protection.settle(at, trade)

    def flatten(self, at: datetime, trades: Iterable[Trade], reason: ExitReason) -> None:
        """Cancel what would enter and close what is held, in the order of opening.

        A plan that is over is marked too, so that an entry's late fill is sent out at once.
        """
        for trade in trades:
            if trade.is_over and not trade.combination:
                trade.closing = trade.closing or reason
            self.close(at, trade, reason)

    def chase(self, at: datetime, trade: Trade) -> None:
        """Price exits anew that have not filled in the time allowed, and send what is missing."""
        self._chase(at, trade)
        self._follow(at, trade)

    def session_is_back(self, at: datetime) -> None:
        """Send out at once what waits because the broker refused it."""
        for trade in self._ledger.alive():
            self._protection.hold_no_longer(at, trade)
            self._follow(at, trade)

    def _follow(self, at: datetime, trade: Trade) -> None:
        if trade.combination:
            self.combined.follow(at, trade)

    def _chase(self, at: datetime, trade: Trade) -> None:
        if trade.exit_priced_at is None or not trade.open_quantity:
            return
        if trade.exits_held_until is not None and at >= trade.exits_held_until:
            trade.exits_held_until = None
            self._protection.settle(at, trade)
            self._protection.look_again(at, trade)
            return
        waited = (at - trade.exit_priced_at).total_seconds()
        if waited >= self._settings.exit_retry_seconds:
            self._protection.replace_doubtful(at, trade)
        if trade.closing is None and not self._orders.unfinished(trade.exits):
            if waited >= self._settings.exit_retry_seconds:
                self._protection.move_stops(at, trade)
                self._protection.settle(at, trade)
            return
        if waited >= self._settings.exit_retry_seconds:
            self._protection.chase(at, trade)
            self._protection.settle(at, trade)

    # news of orders ----------------------------------------------------------------------------

    def told(self, at: datetime, before: Order, after: Order, fills: tuple[Fill, ...]) -> None:
        """Take in what happened to one order of a plan and make its orders fit again."""
        client_id = after.request.client_id
        trade = self._ledger.trade_of(client_id)
        self._ledger.stir(trade)
        for fill in fills:
            self._ledger.book(trade, after, fill)
        state = after.state
        if fills or after != before:
            self._outbox.emit(order_note(at, after, trade.plan_id, state))
        if fills:
            tell_of_odd_fills(self._outbox, at, trade, fills)
            self._filled(at, trade, after)
            self._give_back(trade, after, fills)
            self._stop_entering_when_out(at, trade)
            self._leave_when_reversed(at, trade)
        if state is _REJECTED and state is not before.state:
            self._rejected(at, trade, after)
        elif state is _CANCELLED and state is not before.state and self._is_wanted(after):
            trade.leaving += after.request.quantity - after.filled_quantity
        if hand := self._orders.by_others(client_id):
            self._put_back(at, trade, after, hand)
        if self._orders.was_undone(client_id):
            self._protection.redo(at, trade, client_id)
        self._fit(at, trade)
        if fills:
            self._note_position(at, trade)
        if trade.combination:
            self._follow(at, trade)

    def _fit(self, at: datetime, trade: Trade) -> None:
        """Make a plan's orders fit what it holds, and end it once nothing is left to be done."""
        if trade.open_quantity and self._protection.is_too_late(trade):
            self.close(at, trade, trade.exit_state.stop_reason)
        self._protection.settle(at, trade)
        if not trade.open_quantity:
            self._finish(at, trade)

    def _put_back(self, at: datetime, trade: Trade, order: Order, hand: ByOthers) -> None:
        """Tell that somebody else changed an order of ours, and ask for what the plan wants.

        An entry ends with what it holds; a stop is brought to the plan's stop, its quantity, and a
        stop instead of a cancelled one, by what follows on any news; an exit by its timer. After
        `_MOST_STOPS_TAKEN` of these the plan is sent out.
        """
        role, client_id = order.request.role, order.request.client_id
        is_cancelled = hand.kind is DiscrepancyKind.ORDER_CANCELLED
        if self._orders.is_twin(client_id) or (is_cancelled and role is not Role.STOP):
            return
        kind, (policy, why) = told_kind(hand.kind), POLICIES[hand.kind]
        now = f"cancelled {order.reason}".rstrip() if is_cancelled else f"now {hand.now}"
        text = f"{kind} {client_id}: was {hand.before}, {now} ({policy.lower()}: {why})"
        self._outbox.alert(at, kind, text)
        self._outbox.risk(at, kind, text, severity="CRITICAL")
        if role is Role.ENTRY:
            for working in self._orders.working([client_id]):
                self._dispatch.cancel(at, working)
            return
        trade.stops_taken += is_cancelled
        if trade.stops_taken >= _MOST_STOPS_TAKEN:
            self.close(at, trade, trade.exit_state.stop_reason)
        elif trade.closing is None:
            self._protection.move_stops(at, trade)

    def _is_wanted(self, order: Order) -> bool:
        """Say whether what a cancelled order has not filled is still wanted out: that of exits."""
        is_exit = order.request.role is Role.EXIT
        return is_exit and not self._orders.is_twin(order.request.client_id)

    def _give_back(self, trade: Trade, order: Order, fills: tuple[Fill, ...]) -> None:
        """Have sent out again what entries filled beyond the plan: the broker made one twice."""
        beyond = trade.opened_quantity - trade.planned_quantity
        if order.request.role is Role.ENTRY and beyond > 0 and not trade.combination:
            trade.leaving += min(beyond, sum(fill.quantity for fill in fills))

    def take_over_twin(self, found: TwinFound) -> None:
        """Manage an order that we didn't send as an order of the plan that it belongs to.

        What still works of it is cancelled. What it has filled is held by the plan like anything
        else: protected at once, and sent out again as far as it goes beyond the planned quantity.
        What somebody else took out of the plan is out: its stops and targets are taken off. One
        that we know, and that is over in our books, is called off.
        """
        at, client_id, told = found.at, found.client_id, found.update
        if self._orders.knows(told.broker_id):
            call_off_returned(self._outbox, self._orders, self._dispatch, found)
            return
        trade = self._ledger.trade_of(client_id)
        update = self._dispatch.adopt(at, trade, client_id, told)
        trade.orders_of(self._orders[update.client_id].request.role).append(update.client_id)
        tell_of_twin(self._outbox, found, trade.plan_id, update.client_id)
        before, after, fills = self._orders.apply(update)
        if after.state.is_final and not after.claimed_quantity:
            self._outbox.emit(order_note(at, after, trade.plan_id, after.state))
            return
        self.told(at, before, after, fills)
        for working in self._orders.working([update.client_id]):
            self._dispatch.cancel(at, working)

    def _filled(self, at: datetime, trade: Trade, order: Order) -> None:
        if order.request.role is Role.ENTRY:
            if trade.opened_at is None:
                trade.opened_at = at
            self._enter(trade)
            if trade.state is PlanState.CLOSED and trade.closing is None:
                trade.closing = ExitReason.MANUAL
            if trade.closing is not None:
                self._move(at, trade, PlanState.CLOSING, "late fill")
            elif trade.state in (PlanState.PENDING_ENTRY, PlanState.ENTRY_CANCELLED):
                trade.exit_reason = ""
                self._move(at, trade, PlanState.OPEN, "")
        elif trade.closing is None and not trade.exit_reason:
            trade.exit_reason = self._reason_of(trade, order)

    def _enter(self, trade: Trade) -> None:
        """Measure the plan from what was really paid, where that lies between stop and target."""
        plan, average = trade.exit_plan, trade.position.average_price
        if trade.opened_at is None or average is None:
            return
        self._watch.fold(trade)
        entry = float(average)
        inside = min(plan.stop, plan.target1) < entry < max(plan.stop, plan.target1)
        trade.exit_plan = replace(
            plan,
            entry=entry if inside else plan.entry,
            quantity=whole_lots(min(trade.open_quantity, trade.planned_quantity), plan.lot_size),
            opened_at_s=trade.opened_at.timestamp(),
        )
        if trade.state in (PlanState.PENDING_ENTRY, PlanState.ENTRY_CANCELLED):
            trade.exit_state = opened(trade.exit_plan)

    def _stop_entering_when_out(self, at: datetime, trade: Trade) -> None:
        """Cancel what is left of an entry once its first part has been stopped out."""
        if not trade.open_quantity:
            for client_id in self._orders.working(trade.entries):
                self._dispatch.cancel(at, client_id)

    def _leave_when_reversed(self, at: datetime, trade: Trade) -> None:
        """Bring back at once what exits took out beyond what was held, and what came after all."""
        if trade.is_reversed and trade.open_quantity:
            text = f"{trade.plan_id}: {trade.position.quantity} units after its exits"
            self._outbox.alert(at, "position-reversed", text)
            self._outbox.risk(at, "position-reversed", text, severity="CRITICAL")
            trade.closing = trade.closing or ExitReason.MANUAL
            self._move(at, trade, PlanState.CLOSING, "reversed")
        elif trade.state is PlanState.CLOSED and trade.open_quantity:
            trade.closing = trade.closing or ExitReason.MANUAL
            self._move(at, trade, PlanState.CLOSING, "late fill")

    def _reason_of(self, trade: Trade, order: Order) -> str:
        if order.request.role is Role.TARGET:
            return ExitReason.TARGET2
        if order.request.role is Role.STOP:
            return trade.exit_state.stop_reason
        return ""

    def _rejected(self, at: datetime, trade: Trade, order: Order) -> None:
        """A refused entry ends the plan; a refused stop sends the position out at once."""
        request = order.request
        self._outbox.risk(at, "order-rejected", f"{request.client_id}: {order.reason}")
        if request.role is Role.STOP and trade.open_quantity and trade.closing is None:
            self._outbox.alert(at, "stop-refused", f"{trade.plan_id}: {order.reason}")
            self.close(at, trade, trade.exit_state.stop_reason)
        elif request.role is Role.EXIT or (request.role is Role.STOP and trade.open_quantity):
            self._outbox.alert(at, "exit-refused", f"{trade.plan_id}: {order.reason}")
            if not order.claimed_quantity:
                self._protection.hold_exits(at, trade)
        elif request.role is Role.ENTRY and trade.state is PlanState.PENDING_ENTRY:
            trade.exit_reason = trade.exit_reason or "entry refused"

    def change_refused(self, refused: ChangeRefused) -> None:
        """A change did not happen: an order that cannot be changed is replaced.

        While nothing is proven the order goes on resting; the broker's book tells how, and the
        change is asked for again then. One that was never sent is asked for again in a moment.
        A cancellation that failed is not asked for again at once: the order's own news is on its
        way, or the timer comes back to it.
        """
        at, client_id = refused.at, refused.client_id
        trade = self._ledger.trade_of(client_id)
        self._ledger.stir(trade)
        was_cancel = self._orders.change_refused(
            client_id, refused.number, proven=refused.proven, later=refused.later
        )
        self._outbox.risk(at, "change-refused", f"{client_id}: {refused.reason}")
        if was_cancel:
            self._cancel_later(at, trade, client_id)
        elif self._orders.is_doubtful(client_id) and not self._orders.is_rigid(client_id):
            self._protection.look_again(at, trade)
        elif refused.later:
            self._protection.wait_a_turn(at, trade)
        elif self._orders.working([client_id]) and (
            trade.closing is not None or self._orders.is_changing([client_id])
        ):
            self._dispatch.cancel(at, client_id)
        elif trade.closing is None:
            self._protection.move_stops(at, trade)
            self._protection.settle(at, trade)
        self._follow(at, trade)

    def _cancel_later(self, at: datetime, trade: Trade, client_id: str) -> None:
        if client_id in trade.entries:
            due = at + timedelta(seconds=self._settings.entry_timeout_seconds)
            self._outbox.emit(SetTimer(at, due, f"entry:{trade.plan_id}"))
        elif trade.closing is not None:
            self._protection.look_again(at, trade)
        elif trade.open_quantity:
            self._protection.make_up(at, trade)

    def _finish(self, at: datetime, trade: Trade) -> None:
        """End the plan once nothing is held and nothing can fill or is said to have filled."""
        orders = self._orders
        if trade.open_quantity or orders.most_of(trade.entries):
            return
        if trade.opened_quantity:
            if any(map(orders.unfinished, (trade.stops, trade.exits, trade.targets))):
                return
            if trade.state is not PlanState.CLOSED:
                trade.closed_at = at
                self._move(at, trade, PlanState.CLOSED, trade.exit_reason)
                self._note_position(at, trade)
        elif trade.state is not PlanState.ENTRY_CANCELLED:
            self._move(at, trade, PlanState.ENTRY_CANCELLED, trade.exit_reason)

    def _move(self, at: datetime, trade: Trade, state: PlanState, reason: str) -> None:
        if trade.move(state):
            self._ledger.moved(trade)
            self._outbox.emit(PlanMoved(at, trade.plan_id, state, reason))

    def _note_position(self, at: datetime, trade: Trade) -> None:
        self._watch.fold(trade)
        trigger = self._dispatch.stop_prices(trade)[0] if trade.rests_stop else None
        held = trade.open_quantity
        resting = min(self._protection.at_most(trade), held) if held else 0
        self._outbox.emit(position_note(at, trade, trigger, resting))
