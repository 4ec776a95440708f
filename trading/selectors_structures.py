"""Plans of several legs as round trips: what each came to, and what each of its legs did.

A plan of one leg is its position, and is read in `selectors.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.models import Plan, Position, Run

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LegTrip:
    """One leg: prices are means over its fills, rupees; None where nothing was left yet."""

    code: str
    instrument: str
    direction: int
    quantity: int
    entry: Decimal | None
    exit: Decimal | None
    gross: Decimal
    charges: Decimal


@dataclass(frozen=True, slots=True)
class StructureTrip:
    """A plan of several legs that held something; money in rupees over all legs.

    `quantity`: units of its smallest leg. `entry`, `exit`: the value of the whole for each of
    these, turned by `direction`, None until every leg has one. `closed_at`: None while a leg is
    open.
    """

    code: str
    strategy: str
    kind: str
    direction: int
    quantity: int
    opened_at: datetime | None
    closed_at: datetime | None
    entry: Decimal | None
    exit: Decimal | None
    gross: Decimal
    charges: Decimal
    exit_reason: str
    legs: tuple[LegTrip, ...]

    @property
    def net(self) -> Decimal:
        """Return what is left after the charges of all legs."""
        return self.gross - self.charges

    @property
    def told(self) -> str:
        """Return it in one line: what, how many, at which values, and what it came to."""
        way = "bought" if self.direction > 0 else "sold"
        legs = ", ".join(
            f"{'+' if leg.direction > 0 else '-'}{leg.quantity} {leg.instrument} "
            f"{_price(leg.entry)} to {_price(leg.exit)}"
            for leg in self.legs
        )
        return (
            f"{self.code} {self.strategy} {self.kind} x {self.quantity}: {way} at "
            f"{_price(self.entry)}, out at {_price(self.exit)} ({self.exit_reason or 'open'}), "
            f"gross {self.gross:,.2f}, charges {self.charges:,.2f}, net {self.net:,.2f} INR "
            f"[{legs}]"
        )


def structure_trips(run: Run) -> tuple[StructureTrip, ...]:
    """Return the plans of several legs of a run that held something, by their codes."""
    plans = Plan.objects.filter(run=run).exclude(kind="").order_by("code")
    held = Position.objects.filter(run=run, opened_quantity__gt=0, plan__combination__in=plans)
    legs: dict[str, list[Position]] = {}
    for row in held.select_related("instrument", "plan__combination").order_by("code"):
        if row.plan and row.plan.combination:
            legs.setdefault(row.plan.combination.code, []).append(row)
    return tuple(trip_of(plan, legs[plan.code]) for plan in plans if plan.code in legs)


def trip_of(plan: Plan, legs: Sequence[Position]) -> StructureTrip:
    """Return a plan of several legs as a round trip; `legs`: those that held anything."""
    quantity = min(leg.opened_quantity for leg in legs)
    closed = [leg.closed_at for leg in legs if leg.closed_at is not None]
    return StructureTrip(
        code=plan.code,
        strategy=plan.strategy,
        kind=plan.kind,
        direction=plan.direction,
        quantity=quantity,
        opened_at=min((leg.opened_at for leg in legs if leg.opened_at), default=None),
        closed_at=max(closed) if len(closed) == len(legs) else None,
        entry=_value(plan, legs, [leg.average_entry for leg in legs], quantity),
        exit=_value(plan, legs, [leg.average_exit for leg in legs], quantity),
        gross=sum((leg.gross for leg in legs), _ZERO),
        charges=sum((leg.charges for leg in legs), _ZERO),
        exit_reason=plan.reason,
        legs=tuple(_leg(leg) for leg in legs),
    )


def _leg(row: Position) -> LegTrip:
    return LegTrip(
        code=row.code,
        instrument=row.instrument.key,
        direction=row.direction,
        quantity=row.opened_quantity,
        entry=row.average_entry,
        exit=row.average_exit,
        gross=row.gross,
        charges=row.charges,
    )


def _value(
    plan: Plan, legs: Sequence[Position], prices: Sequence[Decimal | None], quantity: int
) -> Decimal | None:
    total = _ZERO
    for leg, price in zip(legs, prices, strict=True):
        if price is None:
            return None
        total += price * leg.direction * leg.opened_quantity
    return (total * plan.direction / quantity).quantize(Decimal("0.0001"))


def _price(value: Decimal | None) -> str:
    return "nothing yet" if value is None else f"{value:,.2f}"
