"""What plans of one contract are worth and put at risk now, kept from event to event.

Only what something has happened to is worked out anew; the account around it is `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan

from execution.positions import Position, unrealised
from risk.exposure import Held, OpenRisk, risk_at_stop
from risk.limits import RiskLimits
from strategies.direction import Direction
from strategies.structures import OPTIONS
from trading.engine.order_book import OrderBook
from trading.engine.trades import Trade

_ZERO = Decimal(0)
_HALF_A_PAISA = 0.0051
"""More than a price can move when it is taken to the paisa."""
_ROUNDING = 1e-9
"""More than sums of floats can lose, as a part of what is summed."""


def money(price: float) -> Decimal:
    """Return a column's price as Decimal rupees, to the paisa."""
    return Decimal(f"{price:.2f}")


def exact(rupees: float) -> Decimal:
    """Return rupees a unit as the gate reckons with them, to the sixth place.

    To the paisa, thousands of units would be off by tens of rupees.
    """
    return Decimal(repr(round(rupees, 6)))


@dataclass(slots=True)
class _Held:
    """What a plan holds, and its open profit in rupees at the price it was last marked at.

    `quantity` and `cost` as of `position`, in floats; `slack`: how far their profit may be off.
    """

    column: int
    position: Position
    quantity: float
    cost: float
    slack: float
    price: float | None = None
    profit: Decimal = _ZERO

    @classmethod
    def of(cls, trade: Trade) -> _Held:
        position = trade.position
        quantity, cost = float(position.quantity), float(position.cost)
        slack = abs(quantity) * _HALF_A_PAISA + abs(cost) * _ROUNDING
        return cls(trade.column, position, quantity, cost, slack)


class Marks:
    """The open profit and the open risk of every plan and leg of a run.

    `stirred`: the plans that something has happened to, in order, one entry each time; it only
    grows, so that whoever keeps something about plans reads on from where it stood. Risks stand
    in the order of their plans' opening; those of `_unsure` are worked out when they are asked for.
    """

    def __init__(self, orders: OrderBook, limits: RiskLimits) -> None:
        self.stirred: list[Trade] = []
        self._orders = orders
        self._limits = limits
        self._read = 0
        self._held: dict[str, _Held] = {}
        self._risks: dict[str, OpenRisk] = {}
        self._unsure: dict[str, Trade] = {}
        self._left: set[str] = set()
        self._in_order = True

    def _read_on(self) -> None:
        if self._read == len(self.stirred):
            return
        for trade in dict.fromkeys(self.stirred[self._read :]):
            plan_id, is_over = trade.plan_id, trade.is_over
            self._doubt(plan_id, None if is_over or trade.combination else trade)
            if is_over or not trade.open_quantity:
                self._held.pop(plan_id, None)
                continue
            known = self._held.get(plan_id)
            if known is None or known.position is not trade.position:
                self._held[plan_id] = _Held.of(trade)
        self._read = len(self.stirred)

    def _doubt(self, plan_id: str, trade: Trade | None) -> None:
        """Have the risk of a plan worked out anew; None where it has none any more."""
        if trade is not None:
            self._unsure[plan_id] = trade
            self._in_order = self._in_order and plan_id not in self._left
        else:
            self._risks.pop(plan_id, None)
            self._unsure.pop(plan_id, None)
            self._left.add(plan_id)

    def profit(self, last: Sequence[float]) -> Decimal:
        """Return the open profit at the last prices (by column), in rupees before charges.

        What has no price (NaN) counts as it was last marked, 0 before that: see `is_unpriced`.
        """
        self._read_on()
        total = _ZERO
        for held in self._held.values():
            price = last[held.column]
            if price != held.price and not isnan(price):
                held.price, held.profit = price, unrealised(held.position, money(price))
            total += held.profit
        return total

    def is_unpriced(self, last: Sequence[float]) -> bool:
        """Say whether something held has no price, so that its profit isn't known."""
        self._read_on()
        return any(isnan(last[held.column]) for held in self._held.values())

    def at_least(self, last: Sequence[float]) -> float:
        """Return rupees that `profit` isn't below, a little less than it is; NaN for no price."""
        self._read_on()
        total = 0.0
        for held in self._held.values():
            total += held.quantity * last[held.column] - held.cost - held.slack
        return total

    def risks(self, alive: Sequence[Trade]) -> list[OpenRisk]:
        """Return what each plan of one contract has at risk, with what still works of its entry.

        `alive`: every plan and leg that isn't over, in the order of their opening.
        """
        self._read_on()
        known = self._risks
        if self._unsure:
            for plan_id, trade in self._unsure.items():
                known[plan_id] = self._risk(trade, self._orders.most_of(trade.entries))
            self._unsure.clear()
        if not self._in_order:
            known = {t.plan_id: known[t.plan_id] for t in alive if not t.combination}
            self._risks, self._in_order = known, True
            self._left.difference_update(known)
        return list(known.values())

    def _risk(self, trade: Trade, coming: int) -> OpenRisk:
        """Return the risk of what a plan holds and of the units that may still come."""
        quantity, entry = trade.open_quantity + coming, _entry(trade, coming)
        stop = exact(trade.exit_state.stop)
        costs = exact(trade.exit_plan.costs_per_unit) * quantity
        distance = (entry - stop) * trade.direction
        risk = risk_at_stop(
            Held(trade.direction, quantity, entry),
            stop,
            exit_costs_inr=costs,
            slippage=self._limits.beyond_stop_inr(stop, trade.instrument.tick_size, distance),
        )
        if trade.direction is Direction.LONG and trade.instrument.kind in OPTIONS:
            risk = min(risk, entry * quantity + costs)
        return OpenRisk(
            key=trade.instrument.key,
            underlying=trade.underlying,
            strategy=trade.strategy,
            direction=trade.view,
            quantity=quantity,
            margin_inr=trade.margin_per_unit * quantity,
            risk_inr=risk if quantity else _ZERO,
            working=trade.open_quantity == 0,
        )


def _entry(trade: Trade, coming: int) -> Decimal:
    """Return the mean price of all units: of those to come, the dearest they may be had at."""
    average, worst, held = trade.position.average_price, trade.expected_entry, trade.open_quantity
    if average is None or not coming:
        return worst if average is None else average
    return (average * held + worst * coming) / (held + coming)
