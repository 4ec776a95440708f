"""Money: fills booked once, charges by order, the balance, and what is at risk now.

Nothing here decides; the guard and the gate ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from execution.charges import charges_for_order
from execution.orders import Fill, Order, Role
from execution.positions import apply as fold
from risk.exposure import Exposure, Held, OpenRisk, risk_at_stop
from strategies.opportunities import Stance
from trading.engine.actions import EquityNoted, LedgerNoted
from trading.engine.combinations import Combination
from trading.engine.marks import Marks, exact
from trading.engine.notes import fill_note
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.settings import EngineSetup
from trading.engine.trades import Trade

_ZERO = Decimal(0)
_TO_BE_SURE = 1.0
UNPRICED = "unpriced"
"""Blocks entries while nobody knows what something held is worth."""


class Ledger:
    """The account of one run: every plan, the balance in rupees, every booking noted.

    `trades` holds plans of one leg and the legs of `combinations`, each under its own code;
    `fills` counts the fills booked; `foreign` is what others put at risk in the same account.
    """

    def __init__(self, setup: EngineSetup, outbox: Outbox, orders: OrderBook) -> None:
        self.start = setup.capital
        self.balance = setup.capital
        self.trades: dict[str, Trade] = {}
        self.combinations: dict[str, Combination] = {}
        self.fills = 0
        self.foreign: tuple[OpenRisk, ...] = ()
        self._living: dict[str, Trade] = {}
        self._alive: tuple[Trade, ...] | None = ()
        self._by_order: dict[str, Trade] = {}
        self._stances: dict[str, Stance] = {}
        self._stood_for: tuple[Trade, ...] = ()
        self._standing: tuple[Stance, ...] = ()
        self._day = setup.day
        self._limits = setup.limits
        self._outbox = outbox
        self._marks = Marks(orders, setup.limits)
        self._stirred = self._marks.stirred
        self._with_charges = setup.execution.with_charges

    def opened(self, at: datetime) -> None:
        """Note the opening balance."""
        code = self._outbox.code("L")
        self._outbox.emit(
            LedgerNoted(at, code, "START", "", "", self.start, self.balance, "opening balance")
        )

    def own(self, client_id: str, trade: Trade) -> None:
        """Remember which plan an order belongs to."""
        self._by_order[client_id] = trade
        self._stirred.append(trade)

    @property
    def stirred(self) -> Sequence[Trade]:
        """Return the plans that something has happened to, one entry each time; it only grows."""
        return self._stirred

    def stir(self, trade: Trade) -> None:
        """Take note that a plan, its orders or where its stop lies has changed, or is to."""
        self._stirred.append(trade)

    def trade_of(self, client_id: str) -> Trade:
        """Return the plan an order belongs to."""
        return self._by_order[client_id]

    def add(self, trade: Trade) -> None:
        """Take in a new plan, or the leg of one."""
        self.trades[trade.plan_id] = trade
        self.moved(trade)

    def moved(self, trade: Trade) -> None:
        """Take note that a plan has changed its state."""
        if trade.is_over:
            self._living.pop(trade.plan_id, None)
        elif trade.plan_id not in self._living:
            self._living[trade.plan_id] = trade
            if trade.plan_id != next(reversed(self.trades)):
                alive = (each for each in self.trades.values() if not each.is_over)
                self._living = {each.plan_id: each for each in alive}
        self._alive = None
        self.stir(trade)

    def alive(self) -> tuple[Trade, ...]:
        """Return the plans that hold or may come to hold something, oldest first."""
        if self._alive is None:
            self._alive = tuple(self._living.values())
        return self._alive

    def alive_combinations(self) -> list[Combination]:
        """Return the plans of several legs that hold or may come to hold something."""
        if not self.combinations:
            return []
        return [plan for plan in self.combinations.values() if not plan.is_over]

    def stances(self) -> tuple[Stance, ...]:
        """Return the opinions behind every plan that is not over, oldest first."""
        alive = self.alive()
        if alive is self._stood_for and not self.combinations:
            return self._standing
        known, found = self._stances, []
        for trade in alive:
            if not trade.combination:
                if (stance := known.get(trade.plan_id)) is None:
                    stance = known[trade.plan_id] = _stance_of(trade)
                found.append(stance)
        found += [_stance_of(plan) for plan in self.alive_combinations()]
        self._stood_for, self._standing = alive, tuple(found)
        return self._standing

    def plan(self, plan_id: str) -> Trade | Combination | None:
        """Return the plan of a code, of a leg the plan it belongs to; None where there is none."""
        trade = self.trades.get(plan_id)
        together = trade.combination if trade is not None else plan_id
        return self.combinations.get(together, trade)

    def book(self, trade: Trade, order: Order, fill: Fill) -> None:
        """Take one new fill into the position and book what it realised and cost."""
        is_entry = order.request.role is Role.ENTRY
        expected = trade.expected_entry if is_entry else None
        self._outbox.emit(fill_note(fill, trade.plan_id, expected))
        self.fills += 1
        self.stir(trade)
        trade.hold(fold(trade.position, fill))
        if is_entry:
            trade.opened_quantity += fill.quantity
        realised = trade.position.realised - trade.booked_realised
        if realised:
            trade.booked_realised += realised
            self._note(fill.at, "REALISED", realised, fill, trade.plan_id)
        if self._with_charges:
            self._charge(trade, order, fill)

    def _charge(self, trade: Trade, order: Order, fill: Fill) -> None:
        request = order.request
        total = charges_for_order(
            instrument=request.instrument,
            side=request.side,
            quantity=order.filled_quantity,
            value=order.filled_value,
            product=request.product,
            on=self._day,
        ).total
        due = total - trade.order_charges.get(request.client_id, _ZERO)
        trade.order_charges[request.client_id] = total
        trade.charges += due
        if due:
            self._note(fill.at, "CHARGES", -due, fill, trade.plan_id)

    def _note(self, at: datetime, kind: str, amount: Decimal, fill: Fill, plan_id: str) -> None:
        self.balance += amount
        code = self._outbox.code("L")
        self._outbox.emit(
            LedgerNoted(
                at, code, kind, plan_id, fill.client_id, amount, self.balance, fill.trade_id
            )
        )

    def exposure(self, last: Sequence[float]) -> Exposure:
        """Return the account as the gate sees it; working entries count as filled."""
        open_ = self._marks.risks(self.alive())
        open_ += [self._risk_together(plan) for plan in self.alive_combinations()]
        open_ += self.foreign
        return self._exposure(last, tuple(open_))

    def at_risk(self) -> list[str]:
        """Return whose the open risks of `exposure` are, in their order; foreign ones follow."""
        alone = [trade.plan_id for trade in self.alive() if not trade.combination]
        return alone + [plan.plan_id for plan in self.alive_combinations()]

    def may_have_lost(self, allowed: Decimal, last: Sequence[float]) -> bool:
        """Say whether the day's loss, net of charges, could be as much as `allowed` rupees.

        Wrongly yes at times, never wrongly no; far from it this is the cheaper question.
        """
        lowest = float(self.balance - self.start) + self._marks.at_least(last)
        return not lowest > _TO_BE_SURE - float(allowed)

    def is_unpriced(self, last: Sequence[float]) -> bool:
        """Say whether there is no price of something held: then its profit isn't known."""
        return self._marks.is_unpriced(last)

    def standing(self, last: Sequence[float]) -> Exposure:
        """Return the account's money alone, without what is at risk."""
        return self._exposure(last, ())

    def _exposure(self, last: Sequence[float], open_: tuple[OpenRisk, ...]) -> Exposure:
        profit = self._marks.profit(last)
        return Exposure(
            equity_inr=self.balance + profit,
            day_start_equity_inr=self.start,
            realised_inr=self.balance - self.start,
            unrealised_inr=profit,
            open=open_,
        )

    def _risk_together(self, plan: Combination) -> OpenRisk:
        """Return the risk of all legs as one position; what is not held yet counts as filled.

        Of an entry that is being taken back what it holds counts until it is out.
        """
        quantity = max(plan.wanted if plan.is_entering else 0, plan.most_held)
        exits, stop = plan.exit_plan, exact(plan.exit_state.stop)
        ticks = sum((leg.instrument.tick_size * leg.ratio for leg in plan.legs), _ZERO)
        costs = exact(exits.costs_per_unit) * quantity
        measured = exact(exits.entry)
        entry = plan.worst_entry if plan.is_entering else measured
        distance = (entry - stop) * plan.direction
        risk = risk_at_stop(
            Held(plan.direction, quantity, entry),
            stop,
            exit_costs_inr=costs,
            slippage=self._limits.beyond_stop_inr(stop, ticks, distance),
        )
        if plan.max_loss is not None:
            most = plan.max_loss + (entry - measured) * plan.direction
            risk = min(risk, most * quantity + costs)
        return OpenRisk(
            key=plan.plan_id,
            underlying=plan.underlying,
            strategy=plan.strategy,
            direction=plan.view,
            quantity=quantity,
            margin_inr=plan.margin_per_unit * quantity,
            risk_inr=risk if quantity else _ZERO,
            working=not plan.is_held,
        )

    def note_equity(self, at: datetime, last: Sequence[float]) -> None:
        """Note the account as it stands."""
        exposure = self.exposure(last)
        self._outbox.emit(
            EquityNoted(
                at=at,
                balance=self.balance,
                unrealised=exposure.unrealised_inr,
                equity=exposure.equity_inr,
                heat=exposure.heat_inr,
                open_positions=self._positions(),
            )
        )

    def _positions(self) -> int:
        """Return how many positions are open, one for all legs of a plan."""
        alone = [each for each in self.alive() if each.open_quantity and not each.combination]
        return len(alone) + sum([plan.is_held for plan in self.alive_combinations()])


def _stance_of(plan: Trade | Combination) -> Stance:
    return Stance(plan.underlying, plan.opinion_column, plan.view)
