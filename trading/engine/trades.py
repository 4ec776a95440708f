"""One plan's life from approval to flat: its orders, its position, and the table of its states.

What should be done next is decided by the guard; what its fills are worth by the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from execution.orders import Role
from execution.positions import Position
from marketdata.instruments import Instrument
from risk.exits import ExitPlan, ExitReason, ExitState
from strategies.signals import Direction


class PlanState(StrEnum):
    """Where a plan stands."""

    PENDING_ENTRY = "PENDING_ENTRY"
    OPEN = "OPEN"
    PARTLY_CLOSED = "PARTLY_CLOSED"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    ENTRY_CANCELLED = "ENTRY_CANCELLED"


_P = PlanState
_CLOSED, _ENTRY_CANCELLED = _P.CLOSED, _P.ENTRY_CANCELLED
PLAN_MOVES: dict[PlanState, frozenset[PlanState]] = {
    _P.PENDING_ENTRY: frozenset({_P.OPEN, _P.CLOSING, _P.ENTRY_CANCELLED}),
    _P.OPEN: frozenset({_P.PARTLY_CLOSED, _P.CLOSING, _P.CLOSED}),
    _P.PARTLY_CLOSED: frozenset({_P.CLOSING, _P.CLOSED}),
    _P.CLOSING: frozenset({_P.CLOSED}),
    _P.CLOSED: frozenset({_P.CLOSING}),
    _P.ENTRY_CANCELLED: frozenset({_P.OPEN, _P.CLOSING}),
}
"""Allowed moves; staying is always allowed.

ENTRY_CANCELLED and CLOSED can come back: an entry's fill may overtake its cancel, and what it
brings is managed, not lost.
"""


class IllegalMoveError(Exception):
    """A plan was told to move in a way the table does not allow."""


def check_move(plan_id: str, state: PlanState, to: PlanState) -> bool:
    """Say whether going from `state` to `to` changes anything. Raises `IllegalMoveError`."""
    if to is state:
        return False
    if to not in PLAN_MOVES[state]:
        raise IllegalMoveError(f"{plan_id}: {state} -> {to} is not allowed")
    return True


@dataclass(slots=True, eq=False)
class Trade:
    """The engine's memory of one plan; lists hold client ids in the order of sending.

    `closing` is why the whole position is on its way out, None while it is not; `leaving` the
    units that are to leave as soon as their stop has given them up. `expected_entry`
    is the price the decision was made on. Prices of `exit_plan` and `exit_state` are rupees of the
    traded contract. `view` is the opinion on the underlying. One leg of a plan of several names
    that plan in `combination`, trades `ratio` units for each of its units, and rests a stop only
    where nothing else bounds its loss (`rests_stop`). Refusals of exits are counted after the first
    `exits_before` of them; `stops_taken` counts the stops that somebody else cancelled.

    `open_quantity`: the units held, without sign; `is_reversed`: more has been taken out than was
    held. Both follow from `position`, which only `hold` replaces.
    """

    plan_id: str
    strategy: str
    underlying: str
    instrument: Instrument
    column: int
    opinion_column: int
    direction: Direction
    view: Direction
    planned_quantity: int
    expected_entry: Decimal
    margin_per_unit: Decimal
    exit_plan: ExitPlan
    exit_state: ExitState
    position: Position
    state: PlanState = PlanState.PENDING_ENTRY
    entries: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)
    closing: ExitReason | None = None
    leaving: int = 0
    exit_reason: str = ""
    exit_tries: int = 0
    exit_priced_at: datetime | None = None
    exits_held_until: datetime | None = None
    exits_before: int = 0
    stops_taken: int = 0
    booked_realised: Decimal = Decimal(0)
    charges: Decimal = Decimal(0)
    order_charges: dict[str, Decimal] = field(default_factory=dict)
    opened_quantity: int = 0
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    combination: str = ""
    ratio: int = 1
    rests_stop: bool = True
    open_quantity: int = 0
    is_reversed: bool = False

    def hold(self, position: Position) -> None:
        """Hold `position` from now on."""
        quantity = position.bought_quantity - position.sold_quantity
        self.position = position
        self.open_quantity = abs(quantity)
        self.is_reversed = quantity * self.direction < 0

    def in_r(self, price: float) -> float:
        """Return how far `price` lies from the entry, in units of the first risk, signed."""
        plan = self.exit_plan
        return (price - plan.entry) * self.direction / plan.risk

    @property
    def is_over(self) -> bool:
        """Say whether nothing is held and nothing more is expected."""
        state = self.state
        return state is _CLOSED or state is _ENTRY_CANCELLED

    def orders_of(self, role: Role) -> list[str]:
        """Return the list that orders of a role stand in."""
        match role:
            case Role.ENTRY:
                return self.entries
            case Role.STOP:
                return self.stops
            case Role.TARGET:
                return self.targets
            case Role.EXIT:
                return self.exits

    def move(self, state: PlanState) -> bool:
        """Go to `state`; say whether that changed anything. Raises `IllegalMoveError`."""
        if not check_move(self.plan_id, self.state, state):
            return False
        self.state = state
        return True
