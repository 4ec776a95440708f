"""Keeps the exit orders of a plan equal to what it holds: never less, never more.

When a position should leave is the guard's to say; this module only makes the orders fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from execution.orders import OrderChange, OrderRequest, OrderState, OrderType
from execution.slicing import parts
from marketdata.panel import Panel
from risk.exits import ExitState
from trading.engine.actions import SetTimer
from trading.engine.dispatch import Dispatch, Touch, exit_side
from trading.engine.ledger import Ledger
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.refusals import pause_seconds
from trading.engine.settings import ExecutionSettings, TargetStyle
from trading.engine.trades import Trade

_REJECTED = OrderState.REJECTED
_A_TURN = timedelta(seconds=1)
"""Between two tries of a change that the rate budget had no room for."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the guard and the protection work with; `may_enter` says whether nothing blocks now."""

    outbox: Outbox
    orders: OrderBook
    ledger: Ledger
    dispatch: Dispatch
    panel: Panel
    settings: ExecutionSettings
    may_enter: Callable[[], bool]


class Protection:
    """Fits resting stops, targets and exits of a plan to its open quantity."""

    def __init__(self, tools: Tools) -> None:
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._ledger = tools.ledger
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._settings = tools.settings
        self._rests_targets = tools.settings.target_style is TargetStyle.REST
        self._idle: dict[str, tuple[datetime, int]] = {}

    def covered(self, trade: Trade) -> int:
        """Return the units that stops and exits cover, changes on their way included."""
        return self._open(self._out(trade))

    def at_most(self, trade: Trade) -> int:
        """Return the units that stops and exits could take out if everything went against us."""
        return self._orders.most_of(self._out(trade))

    def _out(self, trade: Trade) -> list[str]:
        """Return the stops and exits on the side that reduces what is held."""
        asked = trade.stops + trade.exits if trade.exits else trade.stops
        return self._orders.on_side(asked, exit_side(trade)) if asked else asked

    def claimed(self, trade: Trade) -> int:
        """Return the units that ended stops and exits are said to have filled without a trade."""
        ended = [c for c in self._out(trade) if not self._orders.unfinished([c])]
        return sum(self._orders.most(client_id) for client_id in ended)

    def is_changing(self, trade: Trade) -> bool:
        """Say whether a change or a cancellation of a stop or an exit is on its way."""
        return self._orders.is_changing(trade.stops + trade.exits)

    def _room(self, trade: Trade) -> int:
        """Return the units that another exit may take out without any risk of a reversal."""
        room = trade.open_quantity - self.at_most(trade)
        return room if room > 0 else 0

    def _open(self, client_ids: list[str]) -> int:
        return self._orders.resting(client_ids) if client_ids else 0

    def state_now(self, trade: Trade) -> ExitState:
        """Return the exit state with the units held that no exit order is taking out already."""
        staying = self._staying(trade)
        if staying == trade.exit_state.open_quantity:
            return trade.exit_state
        return replace(trade.exit_state, open_quantity=staying)

    def _staying(self, trade: Trade) -> int:
        """Return the units held that are not on their way out, and cut down those to be sent."""
        left = trade.open_quantity
        if trade.exits:
            left = max(left - self._open(trade.exits), 0)
        if trade.leaving:
            trade.leaving = min(trade.leaving, left)
            left -= trade.leaving
        return left

    def _to_protect(self, trade: Trade) -> int:
        """Return the units a stop must rest for: none where other legs bound the loss."""
        return self._staying(trade) if trade.rests_stop else 0

    def is_too_late(self, trade: Trade) -> bool:
        """Say whether a stop is missing that can't rest: the price is at its trigger or through.

        No broker takes such a stop; what it was for is to be sent out instead.
        """
        if trade.closing is not None or self._to_protect(trade) <= self._open(trade.stops):
            return False
        last, trigger = float(self._panel.last[trade.column]), self._dispatch.stop_prices(trade)[0]
        beyond = (float(trigger) - last) * int(trade.direction)
        return last > 0 and beyond >= 0

    def settle(self, at: datetime, trade: Trade) -> None:
        """Make exit orders match what is held; does nothing where they do already."""
        if trade.exits:
            self._trim_exits(at, trade)
        if trade.closing is not None:
            self._leave(at, trade)
            return
        self._fit_stops(at, trade, self._to_protect(trade))
        if trade.leaving:
            self._send_part(at, trade)
        if self._rests_targets and trade.open_quantity and not trade.combination:
            self._rest_target(at, trade)

    def _trim_exits(self, at: datetime, trade: Trade) -> None:
        """Take off exits beyond what is held: another order filled what they were sent for."""
        working = self._orders.working([c for c in self._out(trade) if c in trade.exits])
        surplus = sum(self._orders.open_quantity(c) for c in working) - trade.open_quantity
        for client_id in reversed(working):
            if surplus <= 0:
                return
            surplus -= self._take_off(at, client_id, surplus)

    def make_up(self, at: datetime, trade: Trade) -> None:
        """Send what is missing now; whatever should be taken off waits for the exits' timer."""
        missing = self._to_protect(trade) - self._open(trade.stops)
        if missing > 0:
            self._add_stops(at, trade, min(missing, self._room(trade)))
        self._send_part(at, trade)
        self.look_again(at, trade)

    def _fit_stops(self, at: datetime, trade: Trade, wanted: int) -> None:
        surplus = self._open(trade.stops) - wanted
        if surplus < 0:
            self._add_stops(at, trade, min(-surplus, self._room(trade)))
        if surplus <= 0:
            return
        for client_id in reversed(self._orders.working(trade.stops)):
            if surplus <= 0:
                return
            surplus -= self._take_off(at, client_id, surplus)

    def _take_off(self, at: datetime, client_id: str, surplus: int) -> int:
        """Reduce or cancel one stop; return the units it gave up."""
        resting = self._orders.open_quantity(client_id)
        if resting <= surplus or self._orders.is_rigid(client_id):
            self._dispatch.cancel(at, client_id)
            return resting
        total = self._orders.wanted(client_id).quantity
        self._dispatch.change(at, client_id, OrderChange(quantity=total - surplus))
        return surplus

    def _add_stops(self, at: datetime, trade: Trade, missing: int) -> None:
        lot_size, freeze = trade.instrument.lot_size, trade.instrument.freeze_quantity
        working = self._orders.working(trade.stops) if missing else []
        for client_id in [c for c in working if self._orders.may_grow(c)][-1:]:
            total = self._orders.wanted(client_id).quantity + missing
            if not total % lot_size and parts(total, lot_size, freeze) == (total,):
                self._dispatch.change(at, client_id, OrderChange(quantity=total))
                return
        for quantity in parts(missing, lot_size, freeze):
            request = self._dispatch.stop_order(trade, quantity)
            trade.stops.append(request.client_id)
            self._dispatch.place(at, trade, request)

    def _rest_target(self, at: datetime, trade: Trade) -> None:
        """Let the target rest beside the stop, joined to it (the simulated exchange only).

        A target that was refused is left to the exit rules, which watch the price as well. One
        that can't be changed is cancelled, and another rests once it is gone. Once the position
        is gone the exchange has taken the other of the pair out by itself.
        """
        if _REJECTED in [self._orders[client_id].state for client_id in trade.targets]:
            return
        working = self._orders.working(trade.targets)
        if working:
            staying = self._staying(trade)
            missing = staying - self._open(trade.targets)
            if missing and staying and self._orders.is_rigid(working[0]):
                self._dispatch.cancel(at, working[0])
            elif missing and staying:
                total = self._orders.wanted(working[0]).quantity + missing
                self._dispatch.change(at, working[0], OrderChange(quantity=total))
        elif not self._orders.unfinished(trade.targets):
            request = self._dispatch.target_order(trade)
            trade.targets.append(request.client_id)
            self._dispatch.place(at, trade, request)

    def move_stops(self, at: datetime, trade: Trade) -> None:
        """Bring every resting stop to the plan's current stop.

        One whose changes are spent rests where it is and the exit rules decide at the plan's stop:
        to cancel it first would leave nothing at the broker, another beside it could turn over.
        """
        trigger, limit = self._dispatch.stop_prices(trade)
        for client_id in self._orders.working(trade.stops):
            resting = self._orders.wanted(client_id)
            if resting.trigger_price is None or _is_at(resting, trigger, limit):
                continue
            if self._orders.is_rigid(client_id):
                self._dispatch.cancel(at, client_id)
                continue
            if self._orders.is_spent(client_id):
                self._decide_here(at, trade, resting)
                continue
            price = None if resting.price is None else limit
            self._dispatch.change(at, client_id, OrderChange(price=price, trigger_price=trigger))

    def _decide_here(self, at: datetime, trade: Trade, resting: OrderRequest) -> None:
        """Let the exit rules decide at a plan's stop: the one at the broker stays behind."""
        if trade.exit_plan.hard_stop_rests:
            trade.exit_plan = replace(trade.exit_plan, hard_stop_rests=False)
            self._ledger.stir(trade)
            text = f"{resting.client_id} goes on resting at {resting.trigger_price}"
            self._outbox.risk(at, "stop-spent", f"{trade.plan_id}: {text}, its changes are spent")

    def redo(self, at: datetime, trade: Trade, client_id: str) -> None:
        """Ask again for a change of an order that was found not to have happened.

        The quantity, and the way out of a plan that leaves, are made good by `settle`.
        """
        if trade.closing is None:
            self.move_stops(at, trade)
        elif client_id in trade.exits and self._orders[client_id].request.trigger_price is not None:
            trade.exits.remove(client_id)
            trade.stops.append(client_id)

    def replace_doubtful(self, at: datetime, trade: Trade) -> None:
        """Cancel the stops and exits of which the broker's book has not told how they rest."""
        for client_id in self._orders.working(trade.stops + trade.exits):
            if self._orders.is_doubtful(client_id):
                self._idle.pop(client_id, None)
                self._dispatch.cancel(at, client_id)

    # leaving -------------------------------------------------------------------------------

    def touch(self, trade: Trade) -> Touch:
        """Return the contract's best quote, or the last price where there is none.

        Of a contract without either it is one tick for a sale, the mean entry for a purchase.
        """
        bid, ask = float(self._panel.bid[trade.column]), float(self._panel.ask[trade.column])
        last = float(self._panel.last[trade.column])
        tick = float(trade.instrument.tick_size)
        paid = float(trade.position.average_price or tick)
        return Touch(
            bid if bid > 0 else last if last > 0 else tick,
            ask if ask > 0 else last if last > 0 else paid,
        )

    def take_part(self, at: datetime, trade: Trade, quantity: int) -> None:
        """Send `quantity` units out, once the stop has given them up, and leave the rest."""
        trade.leaving += quantity
        self.settle(at, trade)

    def _send_part(self, at: datetime, trade: Trade) -> None:
        ready = min(trade.leaving, self._room(trade))
        if ready:
            trade.leaving -= ready
            self._send_exit(at, trade, ready)

    def _leave(self, at: datetime, trade: Trade) -> None:
        """Turn what rests into exits and send out what nothing covers."""
        trade.leaving = 0
        for client_id in self._orders.working(trade.entries + trade.targets):
            self._dispatch.cancel(at, client_id)
        self._call_back(at, trade)
        if not trade.is_reversed:
            for client_id in self._orders.working(trade.stops):
                self._convert(at, trade, client_id)
        missing = self._room(trade)
        if missing and (trade.exits_held_until is None or at >= trade.exits_held_until):
            self._send_exit(at, trade, missing)

    def _call_back(self, at: datetime, trade: Trade) -> None:
        """Cancel stops and exits that would add to the position, or turn over one that is flat."""
        useful = set(self._out(trade))
        for client_id in self._orders.working(trade.stops + trade.exits):
            if client_id not in useful:
                self._dispatch.cancel(at, client_id)

    def hold_exits(self, at: datetime, trade: Trade) -> None:
        """Wait before sending another exit: the last one was refused."""
        counted = reversed(trade.exits[trade.exits_before :])
        states = (self._orders[client_id].state for client_id in counted)
        seconds = pause_seconds(states, self._settings.refusal_pause_seconds)
        trade.exits_held_until = at + timedelta(seconds=seconds)
        trade.exit_priced_at = at
        self._outbox.emit(SetTimer(at, trade.exits_held_until, f"exit:{trade.plan_id}"))

    def hold_no_longer(self, at: datetime, trade: Trade) -> None:
        """Send refused exits at once and count refusals anew: the broker takes orders again."""
        trade.exits_before = len(trade.exits)
        if trade.exits_held_until is not None:
            trade.exits_held_until = None
            self.settle(at, trade)
            self.look_again(at, trade)

    def _convert(self, at: datetime, trade: Trade, client_id: str) -> None:
        if self._orders.is_rigid(client_id):
            self._dispatch.cancel(at, client_id)
            return
        at_market = self._settings.exit_is_market
        change = self._dispatch.exit_change(trade, self.touch(trade), at_market=at_market)
        trade.stops.remove(client_id)
        trade.exits.append(client_id)
        self._dispatch.change(at, client_id, change)
        self.look_again(at, trade)

    def _send_exit(self, at: datetime, trade: Trade, quantity: int) -> None:
        trade.exits_held_until = None
        instrument, at_market = trade.instrument, self._settings.exit_is_market
        for part in parts(quantity, instrument.lot_size, instrument.freeze_quantity):
            request = self._dispatch.exit_order(trade, part, self.touch(trade), at_market=at_market)
            trade.exits.append(request.client_id)
            self._dispatch.place(at, trade, request)
        self.look_again(at, trade)

    def look_again(self, at: datetime, trade: Trade) -> None:
        """Come back to the plan's exits after the time they are given to fill.

        What waits after a refusal is come back to when it may be sent.
        """
        trade.exit_priced_at = at
        due = at + timedelta(seconds=self._settings.exit_retry_seconds)
        held = trade.exits_held_until
        due = due if held is None or held <= at else min(due, held)
        self._outbox.emit(SetTimer(at, due, f"exit:{trade.plan_id}"))

    def wait_a_turn(self, at: datetime, trade: Trade) -> None:
        """Come back to the plan's orders in a moment: there was no turn for a change of one."""
        due = at + _A_TURN
        trade.exit_priced_at = due - timedelta(seconds=self._settings.exit_retry_seconds)
        self._outbox.emit(SetTimer(at, due, f"exit:{trade.plan_id}"))

    def chase(self, at: datetime, trade: Trade) -> None:
        """Price working exits anew; after the allowed tries go to the market.

        A market order that the price has run away from rests at a limit: it is asked for anew. One
        that is stuck is cancelled, and another sent once the broker tells that it is gone.
        """
        working = self._orders.working(trade.exits)
        self._cancel_again(at, trade)
        trade.exit_tries += 1
        at_market = trade.exit_tries > self._settings.exit_attempts
        for client_id in working:
            resting = self._orders.wanted(client_id)
            if self._is_stuck(at, client_id) or self._orders.is_rigid(client_id):
                self._dispatch.cancel(at, client_id)
                continue
            was_market = resting.order_type is OrderType.MARKET
            if was_market and not self._orders.is_free(client_id):
                continue
            ends = at_market or was_market
            change = self._dispatch.exit_change(trade, self.touch(trade), at_market=ends)
            if ends or change.price != resting.price:
                self._dispatch.change(at, client_id, change)
        self.look_again(at, trade)

    def _cancel_again(self, at: datetime, trade: Trade) -> None:
        """Ask once more for cancellations that were accepted and never came to be."""
        for client_id in trade.stops + trade.exits:
            if self._orders.is_cancelling(client_id) and self._is_stuck(at, client_id):
                del self._idle[client_id]
                self._dispatch.cancel(at, client_id)

    def _is_stuck(self, at: datetime, client_id: str) -> bool:
        """Say whether nothing of an order has filled for as long as one may wait for it."""
        filled = self._orders[client_id].claimed_quantity
        since, before = self._idle.get(client_id, (at, filled))
        if filled != before or client_id not in self._idle:
            since = at
            self._idle[client_id] = (at, filled)
        idle_seconds = (at - since).total_seconds()
        if idle_seconds < self._settings.exit_replace_seconds:
            return False
        self._outbox.alert(at, "exit-stuck", f"{client_id}: nothing fills for {idle_seconds:.0f} s")
        return True


def _is_at(stop: OrderRequest, trigger: Decimal, limit: Decimal) -> bool:
    """Say whether a stop rests where it should; one that ends at the market has no limit."""
    return stop.trigger_price == trigger and stop.price in (None, limit)
