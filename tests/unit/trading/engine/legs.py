"""A desk that trades several legs: four options beside the small market, and a rule of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

import numpy as np

from execution.orders import OrderState, Role
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.universe import Column, Universe
from strategies.outlook import Outlook
from strategies.signals import Direction, Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import Leg, NotPossible, Structure, StructureKind
from strategies.ways_out import DESK, WaysOut
from tests.unit.trading.engine.builders import (
    BASE,
    INDEX_COLUMN,
    ROOMY,
    SEGMENT_STAGES,
    D,
    Say,
    Scripted,
    at,
    setup,
)
from tests.unit.trading.engine.desk import Desk, Held, tick
from trading.engine.actions import Action, PlanMoved
from trading.engine.combinations import Combination
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.trades import Trade

EXPIRY = date(2026, 10, 13)
LOW_PUT, HIGH_PUT, LOW_CALL, HIGH_CALL = 4, 5, 6, 7
PRICES = {LOW_PUT: 20.0, HIGH_PUT: 50.0, LOW_CALL: 55.0, HIGH_CALL: 25.0}
"""Where the options stand before anything happens, by column."""
_LISTED = {
    LOW_PUT: (23_800, Kind.PUT),
    HIGH_PUT: (23_900, Kind.PUT),
    LOW_CALL: (24_100, Kind.CALL),
    HIGH_CALL: (24_200, Kind.CALL),
}


def option(column: int, freeze: int | None = 1_800) -> Instrument:
    strike, kind = _LISTED[column]
    return Instrument(
        token=column + 1,
        exchange=Exchange.NFO,
        symbol=f"NIFTY26O13{strike}{kind}",
        name="NIFTY",
        kind=kind,
        lot_size=65,
        tick_size=D("0.05"),
        expiry=EXPIRY,
        strike=D(strike),
        freeze_quantity=freeze,
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """Legs by column with their signed ratios, and how far stop and targets lie from the entry."""

    legs: tuple[tuple[int, int], ...]
    direction: int
    stop: float
    target1: float
    target2: float
    max_loss: float = float("inf")
    ways_out: WaysOut = DESK
    freeze: int | None = 1_800

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the structure at the prices it can be entered at now."""
        legs = tuple(
            Leg(option(column, self.freeze), Direction(int(np.sign(ratio))), abs(ratio))
            for column, ratio in self.legs
        )
        paid = sum(
            leg.sign * market.quote(leg.instrument).executable(leg.direction) for leg in legs
        )
        way, entry = Direction(self.direction), self.direction * paid
        return Structure(
            StructureKind.IRON_CONDOR,
            legs,
            way,
            entry,
            entry - way * self.stop,
            entry + way * self.target1,
            entry + way * self.target2,
            signal,
            Outlook(max_loss=self.max_loss),
            self.ways_out,
        )


CONDOR = Shape(
    ((HIGH_PUT, -1), (LOW_PUT, 1), (LOW_CALL, -1), (HIGH_CALL, 1)), -1, 30.0, 20.0, 40.0, 40.5
)
"""Sold for 59.6 at the touch; its wings are 100 wide."""
STRANGLE = Shape(((HIGH_PUT, -1), (LOW_CALL, -1)), -1, 40.0, 30.0, 60.0)
"""Sold for 104.8 at the touch, without hedges."""
LONG_STRANGLE = Shape(((HIGH_PUT, 1), (LOW_CALL, 1)), 1, 40.0, 40.0, 80.0, 105.2)
DEBIT_SPREAD = Shape(((LOW_CALL, 1), (HIGH_CALL, -1)), 1, 15.0, 20.0, 40.0, 30.2)


class Together(Scripted):
    """Says what it was told to say, and trades it in a shape."""

    __slots__ = ("shape",)
    name: ClassVar[str] = "together"

    def __init__(self, says: Mapping[int, Mapping[int, Say]], shape: Shape) -> None:
        super().__init__(says)
        object.__setattr__(self, "shape", shape)

    @property
    def structure(self) -> Shape:
        return self.shape


def legs_setup(shape: Shape = CONDOR, **overrides: Any) -> dict[str, Any]:
    """Return what differs in the set-up of a desk that trades `shape`."""
    plain = setup()
    columns = [
        Column(place, option(place, shape.freeze), False, None, place, "option") for place in PRICES
    ]
    return {
        "universe": Universe((*plain.universe.columns, *columns), (), plain.universe.blocked),
        "stages": (*plain.stages, *[SEGMENT_STAGES[Kind.FUTURE]] * len(columns)),
        "previous_close": (*plain.previous_close, *[float("nan")] * len(columns)),
        "limits": replace(ROOMY, max_spread=D("0.02")),
        "strategies": (Together({14: {INDEX_COLUMN: Say()}}, shape),),
    } | overrides


class LegsDesk(Desk):
    """A desk on which the options are quoted as well."""

    def __init__(self, shape: Shape = CONDOR, *, prompt: bool = True, **overrides: Any) -> None:
        self.prices = dict(PRICES)
        super().__init__(prompt=prompt, **legs_setup(shape, **overrides))

    def quotes(self, **moved: float) -> list[Action]:
        """Tell the price of every column: the options where they stand."""
        for name, price in moved.items():
            if int(name[1:]) in self.prices:
                self.prices[int(name[1:])] = price
        stand = {**{c: float(p) for c, p in BASE.items()}, **self.prices}
        rows = [
            tick(self.engine.setup.instrument(c).token, moved.get(f"c{c}", p), self.now)
            for c, p in stand.items()
        ]
        return self._step(np.concatenate(rows))

    def move(self, column: int, price: float) -> list[Action]:
        """Tell a new price of one option."""
        self.prices[column] = price
        return self.tick(column, price)

    @property
    def plan(self) -> Combination:
        """Return the newest plan of several legs."""
        return list(self.engine.ledger.combinations.values())[-1]

    def leg(self, column: int) -> Trade:
        """Return the leg in a column."""
        return next(leg for leg in self.plan.legs if leg.column == column)

    def alive(self) -> list[Held]:
        """Return the broker's working orders, oldest first."""
        return [order for order in self.broker.orders.values() if order.left]

    def fill_all(self, *roles: Role) -> None:
        """Fill what works of some roles, at its price or where the option stands."""
        for order in self.alive():
            if order.request.role in roles and order.left:
                column = order.request.instrument.token - 1
                self.fill(order.request.client_id, order.left, self.prices[column])

    def enter_legs(self) -> Combination:
        """Let the strategy speak and every leg fill; return the plan."""
        self.speak()
        self.fill_all(Role.ENTRY)
        self.fill_all(Role.ENTRY)
        return self.plan

    def sent(self, role: Role) -> list[tuple[int, int]]:
        """Return column and signed quantity of every order of a role, in the order of sending."""
        return [
            (o.request.instrument.token - 1, o.request.side.sign * o.request.quantity)
            for o in self.broker.orders.values()
            if o.request.role is role
        ]

    def cancelled(self) -> list[int]:
        """Return the columns of entries that were cancelled, in the order of sending."""
        return [
            o.request.instrument.token - 1
            for o in self.broker.orders.values()
            if o.state is OrderState.CANCELLED and o.request.role is Role.ENTRY
        ]


MORNING = at(9, 30)
"""When the strategy has spoken."""


def states(desk: LegsDesk) -> list[tuple[str, str]]:
    """Return what became of the plan of all legs."""
    code = desk.plan.plan_id
    return [(move.state, move.reason) for move in desk.notes(PlanMoved) if move.plan_id == code]


def command(desk: LegsDesk, kind: CommandKind, subject: str = "", number: int = 1) -> None:
    desk.tell(CommandIssued(desk.now, number, kind, "ann", "", subject))


def leave(desk: LegsDesk) -> None:
    """Let every exit fill, those that come behind another's fill as well."""
    for _ in range(3):
        desk.fill_all(Role.EXIT)
        desk.fill_all(Role.STOP)
