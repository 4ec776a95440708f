"""How a plan of several legs is entered: hedges first, sold legs behind them, or nothing at all.

What is held afterwards, and how it is left, is `combination_guard.py`'s.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from execution.orders import OrderChange
from execution.slicing import slices
from marketdata.instruments import PriceDirection
from risk.exits import ExitReason
from strategies.signals import Direction
from trading.engine.actions import SetTimer
from trading.engine.combinations import Combination
from trading.engine.protection import Tools
from trading.engine.quotes import quote_of
from trading.engine.trades import Trade

LEGS = "legs"
"""Kind of the timers that come back to legs still entering; the subject is the plan."""


class CombinationEntry:
    """Sends the legs' entries in their order, prices them anew, and ends what fails.

    While anything blocks entries no leg is sent; the timer comes back to it, as often as a leg is
    given tries. Repairs, in this order: a leg that has not filled is priced anew; after the allowed
    tries, or where it was refused, all legs are cut down to the quantity that every one of them
    holds; where that is nothing, the whole is unwound.
    """

    def __init__(self, tools: Tools) -> None:
        self._outbox = tools.outbox
        self._orders = tools.orders
        self._dispatch = tools.dispatch
        self._panel = tools.panel
        self._settings = tools.settings
        self._may_enter = tools.may_enter

    def go_on(self, at: datetime, plan: Combination) -> None:
        """Do the next step of the entry as often as one is due; nothing once it is over."""
        while plan.is_entering and self._step(at, plan):
            pass

    def _step(self, at: datetime, plan: Combination) -> bool:
        """Take one step; say whether another may be due at once."""
        legs = plan.shorts if plan.hedges_in else plan.longs
        stops = plan.closing is not None or bool(plan.given_up)
        if not stops and legs and not legs[0].entries:
            if self._may_enter():
                self._send(at, plan, legs)
            return False
        if any(self._orders.most(c) for leg in plan.legs for c in leg.entries):
            return False
        if stops:
            self._end(at, plan)
        elif plan.complete_units(legs) < plan.wanted and legs:
            plan.given_up = f"not all legs filled: {_told(legs)}"
        elif plan.hedges_in:
            plan.is_entering = False
        else:
            plan.hedges_in, plan.tries = True, 0
        return True

    def _end(self, at: datetime, plan: Combination) -> None:
        """Settle for what is held once no entry works any more."""
        if plan.closing is None and not plan.hedges_in and not plan.is_stopped and plan.shorts:
            units = plan.complete_units(plan.longs)
            if units:
                self._shrink(at, plan, units)
                plan.given_up, plan.hedges_in, plan.tries = "", True, 0
                return
        plan.is_entering = False
        units = plan.complete_units(list(plan.legs))
        if plan.closing is None and units:
            self._shrink(at, plan, units)
        elif plan.closing is None:
            plan.wanted, plan.closing = 0, ExitReason.MANUAL
            plan.exit_reason = plan.given_up
            if plan.is_held:
                self._outbox.risk(at, "legs-unwound", f"{plan.plan_id}: {plan.given_up}")

    def _shrink(self, at: datetime, plan: Combination, units: int) -> None:
        if units < plan.wanted:
            text = f"{plan.plan_id}: {units} of {plan.wanted} units, {plan.given_up}"
            self._outbox.risk(at, "legs-shrunk", text)
            plan.wanted = units

    # orders ------------------------------------------------------------------------------------

    def _send(self, at: datetime, plan: Combination, legs: list[Trade]) -> None:
        for leg in legs:
            instrument, quantity = leg.instrument, plan.wanted * leg.ratio
            for part in slices(quantity, instrument.lot_size, instrument.freeze_quantity):
                request = self._dispatch.entry_order(leg, part)
                leg.entries.append(request.client_id)
                self._dispatch.place(at, leg, request)
        self._come_back(at, plan)

    def _come_back(self, at: datetime, plan: Combination) -> None:
        due = at + timedelta(seconds=self._settings.leg_retry_seconds)
        self._outbox.emit(SetTimer(at, due, f"{LEGS}:{plan.plan_id}"))

    def time(self, at: datetime, plan: Combination) -> None:
        """Price anew what has not filled in its time; after the allowed tries take it back."""
        if not plan.is_entering:
            return
        plan.tries += 1
        self._come_back(at, plan)
        if plan.closing is not None or plan.given_up:
            self.cancel(at, plan)
        elif plan.tries > self._settings.leg_attempts:
            self.give_up(at, plan, f"legs not filled after {plan.tries - 1} tries")
        else:
            for leg in plan.legs:
                self._chase(at, plan, leg)

    def _chase(self, at: datetime, plan: Combination, leg: Trade) -> None:
        """Follow the touch with a leg's limit, as far as the tries so far allow."""
        limit = self._limit(plan, leg)
        for client_id in self._orders.working(leg.entries):
            resting = self._orders.wanted(client_id)
            if limit is None or resting.price is None or not self._orders.is_free(client_id):
                continue
            if (limit - resting.price) * int(leg.direction) > 0:
                self._dispatch.change(at, client_id, OrderChange(price=limit))

    def _limit(self, plan: Combination, leg: Trade) -> Decimal | None:
        touch = quote_of(self._panel, leg.column).executable(leg.direction)
        if not touch > 0:
            return None
        is_long = leg.direction is Direction.LONG
        way = PriceDirection.UP if is_long else PriceDirection.DOWN
        allowed = plan.tries * self._settings.leg_chase_ticks * leg.instrument.tick_size
        furthest = leg.expected_entry + int(leg.direction) * allowed
        wanted = leg.instrument.on_grid(round(touch, 6), way)
        nearest = min(wanted, furthest) if is_long else max(wanted, furthest)
        return nearest if nearest > 0 else None

    def give_up(self, at: datetime, plan: Combination, why: str) -> None:
        """Want no more of the entry than has filled, for `why`, and take the rest back."""
        if plan.is_entering and not plan.given_up:
            plan.given_up = why
            self.cancel(at, plan)

    def cancel(self, at: datetime, plan: Combination) -> None:
        """Ask for the end of every entry that works."""
        for leg in plan.legs:
            for client_id in self._orders.working(leg.entries):
                self._dispatch.cancel(at, client_id)


def _told(legs: list[Trade]) -> str:
    return ", ".join(f"{leg.instrument.symbol} {leg.open_quantity}" for leg in legs)
