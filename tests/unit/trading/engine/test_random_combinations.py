"""Random days on which the broker is as unreliable as it likes, with plans of several legs."""

from __future__ import annotations

import os
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from execution.charges import charges_for_order
from execution.orders import Side
from strategies.outright import Outright
from strategies.signals import Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import NotPossible, Structure
from tests.unit.trading.engine.builders import INDEX, TODAY, D
from tests.unit.trading.engine.desk import Desk, Held
from tests.unit.trading.engine.legs import (
    CONDOR,
    DEBIT_SPREAD,
    HIGH_CALL,
    HIGH_PUT,
    LONG_STRANGLE,
    LOW_CALL,
    LOW_PUT,
    PRICES,
    STRANGLE,
    LegsDesk,
    legs_setup,
)
from tests.unit.trading.engine.test_random_days import LIMITS, RandomDay, Restless
from trading.engine.settings import ExecutionSettings

SHAPES = (CONDOR, STRANGLE, DEBIT_SPREAD, LONG_STRANGLE)
_MOVES = {LOW_PUT: -0.2, HIGH_PUT: -0.5, LOW_CALL: 0.5, HIGH_CALL: 0.25}
"""Rupees of an option for each point of the index."""


class InTurn:
    """Trades the index in one shape after the other, shares outright."""

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        if signal.instrument.key != INDEX.key:
            return Outright().build(signal, market)
        return SHAPES[market.at.minute % len(SHAPES)].build(signal, market)


class RestlessLegs(Restless):
    __slots__ = ()
    name: ClassVar[str] = "restless"

    @property
    def structure(self) -> InTurn:
        return InTurn()


class RandomLegs(RandomDay):
    """The same market, operator and broker; the index is traded in several legs, shares too."""

    def _desk(self, freeze: int | None) -> Desk:
        limits = LIMITS.__class__(
            **{name: getattr(LIMITS, name) for name in LIMITS.__slots__}
            | {"max_spread": D("0.1"), "max_positions_per_strategy": 5}
        )
        told = legs_setup(CONDOR) | {
            "strategies": (RestlessLegs(),),
            "limits": limits,
            "execution": ExecutionSettings(with_charges=True),
        }
        return LegsDesk(prompt=False, **{k: v for k, v in told.items() if k != "shape"})

    def _quotes(self) -> None:
        for column in PRICES:
            self.desk.prices[column] = self._price_of(column)
        super()._quotes()

    def _price_of(self, column: int) -> float:
        if column not in PRICES:
            return super()._price_of(column)
        index = self.offset / 10
        return max(0.5, round(PRICES[column] + _MOVES[column] * index, 1))

    @rule(whole=st.booleans())
    def enter(self, whole: bool) -> None:
        """Let hedges fill, and the sold legs behind them."""
        for _ in range(2):
            self.go_smoothly()
            self.trade_entries(whole)
        self.go_smoothly()

    @invariant()
    def nothing_is_sold_beyond_its_hedge(self) -> None:
        """By the broker's own fills: what a hedged plan has sold, its bought legs cover."""
        if not hasattr(self, "desk"):
            return
        for plan in self.desk.engine.ledger.combinations.values():
            if plan.closing is not None or any(leg.rests_stop for leg in plan.legs):
                continue
            for kind in {leg.instrument.kind for leg in plan.shorts}:
                assert (
                    sum(self._held(leg.plan_id) for leg in plan.legs if leg.instrument.kind is kind)
                    >= 0
                )

    def _money_agrees(self) -> None:
        """The account is what the broker's trades and the charges of its orders make it."""
        traded = [order for order in self.desk.broker.orders.values() if order.fills]
        fills = [fill for order in traded for fill in order.fills]
        cash = sum((-fill.side.sign * fill.quantity * fill.price for fill in fills), D(0))
        charged = sum((_charges(order) for order in traded), D(0))
        ledger = self.desk.engine.ledger
        assert ledger.balance == ledger.start + cash - charged
        together = [plan.money() for plan in ledger.combinations.values()]
        alone = [trade for trade in ledger.trades.values() if not trade.combination]
        together += [(trade.booked_realised, trade.charges) for trade in alone]
        assert sum((gross for gross, _ in together), D(0)) == cash
        assert sum((charges for _, charges in together), D(0)) == charged
        for plan in ledger.combinations.values():
            assert [self._held(leg.plan_id) for leg in plan.legs] == [0] * len(plan.legs)

    def _held(self, plan_id: str) -> int:
        return sum(
            fill.quantity * (1 if fill.side is Side.BUY else -1)
            for order in self.desk.broker.orders.values()
            if order.request.plan_id == plan_id
            for fill in order.fills
        )


def _charges(order: Held) -> D:
    return charges_for_order(
        instrument=order.request.instrument,
        side=order.request.side,
        quantity=order.filled,
        value=sum((fill.quantity * fill.price for fill in order.fills), D(0)),
        product=order.request.product,
        on=TODAY,
    ).total


RandomLegs.TestCase.settings = settings(
    max_examples=int(os.environ.get("RANDOM_DAYS", "40")),
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRandomLegs = RandomLegs.TestCase
