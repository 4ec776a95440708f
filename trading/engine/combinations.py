"""A plan of several legs: the trades it consists of, its way out over the net value, its state.

What is done with the legs is decided by `combination_guard.py`; each leg's orders are its trade's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from marketdata.panel import Panel
from risk.exits import ExitPlan, ExitReason, ExitState
from strategies.signals import Direction
from trading.engine.quotes import quote_of, worth
from trading.engine.trades import PlanState, Trade, check_move


@dataclass(slots=True)
class Combination:
    """The engine's memory of one plan of several legs; prices are of its net value.

    The value is the sum of bought less sold prices a unit, turned by `direction`: LONG paid a
    debit, SHORT took a credit. `wanted`: the units of it that should be held, each leg `ratio`
    times as many. `is_entering` until every leg's entry has come to its end; `hedges_in` once the
    bought legs' have; `tries`: times the legs now entering were priced anew; `given_up` is why no
    more of the entry is wanted, empty while it is; `is_stopped` once no new entry order may go out.
    `max_loss`: rupees a unit from `exit_plan.entry`
    on, None without a bound; `worst_entry`: the value at which it may come to be entered. `closing`
    as in `Trade`.
    """

    plan_id: str
    strategy: str
    underlying: str
    kind: str
    opinion_column: int
    direction: Direction
    view: Direction
    legs: tuple[Trade, ...]
    wanted: int
    margin_per_unit: Decimal
    max_loss: Decimal | None
    worst_entry: Decimal
    exit_plan: ExitPlan
    exit_state: ExitState
    state: PlanState = PlanState.PENDING_ENTRY
    is_entering: bool = True
    hedges_in: bool = False
    tries: int = 0
    given_up: str = ""
    is_stopped: bool = False
    closing: ExitReason | None = None
    exit_reason: str = ""

    @property
    def longs(self) -> list[Trade]:
        """Return the bought legs, which hedge the others, in the order of the structure."""
        return [leg for leg in self.legs if leg.direction is Direction.LONG]

    @property
    def shorts(self) -> list[Trade]:
        """Return the sold legs, in the order of the structure."""
        return [leg for leg in self.legs if leg.direction is Direction.SHORT]

    @property
    def columns(self) -> frozenset[int]:
        """Return the columns whose prices make the value."""
        return frozenset(leg.column for leg in self.legs)

    @property
    def is_over(self) -> bool:
        """Say whether nothing is held and nothing more is expected."""
        return self.state in (PlanState.CLOSED, PlanState.ENTRY_CANCELLED)

    @property
    def is_held(self) -> bool:
        """Say whether any leg holds anything."""
        return any(leg.open_quantity for leg in self.legs)

    @property
    def most_held(self) -> int:
        """Return the units of the combination that its largest leg stands for, rounded up."""
        return max(-(-leg.open_quantity // leg.ratio) for leg in self.legs)

    def complete_units(self, legs: list[Trade]) -> int:
        """Return the units all of `legs` hold together, in whole lots; 0 for no legs."""
        lot = self.exit_plan.lot_size
        return min((leg.open_quantity // leg.ratio // lot * lot for leg in legs), default=0)

    def paid(self) -> float:
        """Return the value a unit by the mean prices paid, NaN where a leg holds nothing."""
        total = math.fsum(
            int(leg.direction) * leg.ratio * float(leg.position.average_price or math.nan)
            for leg in self.legs
        )
        return int(self.direction) * total

    def value(self, panel: Panel) -> float:
        """Return the value a unit now, NaN where a leg has no price.

        Of each leg what its book tells (`worth`): an option trades too seldom for its last price
        to tell a stop.
        """
        total = math.fsum(
            int(leg.direction) * leg.ratio * worth(quote_of(panel, leg.column)) for leg in self.legs
        )
        return int(self.direction) * total

    def in_r(self, value: float) -> float:
        """Return how far a value a unit lies from the entry, in units of the first risk, signed."""
        return (value - self.exit_plan.entry) * int(self.direction) / self.exit_plan.risk

    def unhedged(self) -> int:
        """Return the units of sold legs held that rest no stop and that no bought unit covers."""
        return sum(self._short_of_hedge(leg) for leg in self.shorts if not leg.rests_stop)

    def _short_of_hedge(self, short: Trade) -> int:
        kind = short.instrument.kind
        hedges = sum(leg.open_quantity for leg in self.longs if leg.instrument.kind is kind)
        sold = sum(leg.open_quantity for leg in self.shorts if leg.instrument.kind is kind)
        return min(max(sold - hedges, 0), short.open_quantity)

    def move(self, state: PlanState) -> bool:
        """Go to `state`; say whether that changed anything. Raises `IllegalMoveError`."""
        if not check_move(self.plan_id, self.state, state):
            return False
        self.state = state
        return True

    def money(self) -> tuple[Decimal, Decimal]:
        """Return realised profit before charges and charges of all legs, in rupees."""
        gross = sum((leg.booked_realised for leg in self.legs), Decimal(0))
        return gross, sum((leg.charges for leg in self.legs), Decimal(0))


def backstop(direction: Direction, stop: float, longs_paid: float, ratio: int) -> float:
    """Return where the resting stop of a sold leg without a hedge lies, in rupees of that leg.

    It is the price at which this leg alone brings the combination's value to `stop`, the other
    sold legs worth nothing and the bought ones what was paid (`longs_paid`, a unit): while the
    desk lives, the stop on the whole value comes first.
    """
    return (longs_paid - int(direction) * stop) / ratio
