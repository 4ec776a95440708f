"""What must hold after every event; the running engine checks it, not only the tests.

A breach means a bug: the process stops and is restarted into recovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from trading.engine.actions import (
    Action,
    CancelOrder,
    CombinationMeasured,
    CombinationNoted,
    DecisionNoted,
    FillNoted,
    LedgerNoted,
    ModifyOrder,
    OrderNoted,
    PlaceOrder,
    PlanMoved,
    PlanNoted,
    PositionNoted,
    SetTimer,
)
from trading.engine.combinations import Combination
from trading.engine.core import Engine
from trading.engine.events import BrokerSaid, ChangeRefused, Event, TwinFound
from trading.engine.trades import Trade

_OF_PLANS = (
    OrderNoted,
    LedgerNoted,
    PositionNoted,
    FillNoted,
    PlanMoved,
    DecisionNoted,
    PlanNoted,
    CombinationNoted,
    CombinationMeasured,
)
"""Notes that tell the plan they are about."""
_WISHES = (PlaceOrder, SetTimer, CancelOrder, ModifyOrder)
_NOTHING = Decimal(0)


class InvariantBrokenError(Exception):
    """The engine's own books contradict each other."""


def check(engine: Engine) -> None:
    """Raise `InvariantBrokenError` unless books, orders and money fit together.

    Exit orders can never take out more than is held, whatever becomes of changes on their way (a
    target joined to its stop aside, and an order that rests larger than was asked), and cover all
    of it but for what is said to be filled already, unless such a change is on its way or a
    refused exit waits to be sent again; a plan that is over holds nothing and has no working
    order; of a plan of several legs, nothing is sold that is neither hedged nor stopped nor on its
    way out, and its legs are in their ratio once nothing of it is on its way; the balance is the
    start plus everything booked.
    """
    Invariants(engine).check(engine.ledger.trades)


class Invariants:
    """Checks the books of an engine event by event; only a plan that was touched can differ."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._booked: dict[str, Decimal] = {}
        self._total = Decimal(0)

    def check(self, plan_ids: Iterable[str]) -> None:
        """Raise as `check` does, after something happened to these plans and legs, no others."""
        ledger = self._engine.ledger
        together: dict[str, None] = {}
        for plan_id in plan_ids:
            trade = ledger.trades.get(plan_id)
            if trade is None:
                together[plan_id] = None
                continue
            if trade.combination:
                together[trade.combination] = None
            if trade.is_over:
                _check_over(self._engine, trade)
            else:
                _check_covered(self._engine, trade)
            self._count(trade)
        for plan_id in together:
            _check_together(self._engine, ledger.combinations[plan_id])
        self._check_money()

    def _count(self, trade: Trade) -> None:
        booked = trade.booked_realised - trade.charges
        known = self._booked.get(trade.plan_id, _NOTHING)
        if booked != known:
            self._total += booked - known
            self._booked[trade.plan_id] = booked

    def _check_money(self) -> None:
        ledger = self._engine.ledger
        if ledger.start + self._total != ledger.balance:
            raise InvariantBrokenError(
                f"balance: {ledger.balance}, expected {ledger.start + self._total}"
            )


class Effects(NamedTuple):
    """What an event and its answer did: the plans they may have changed, decisions approved."""

    plans: dict[str, None]
    approved: list[DecisionNoted]


def effects_of(engine: Engine, event: Event, actions: Sequence[Action]) -> Effects:
    """Return the plans that an event and its answer may have changed, and what was approved.

    News of an order changes its plan; every other change of a plan shows in an action.
    """
    ledger = engine.ledger
    trades, combinations = ledger.trades, ledger.combinations
    found: dict[str, None] = {}
    approved: list[DecisionNoted] = []
    if isinstance(event, BrokerSaid):
        found[ledger.trade_of(event.update.client_id).plan_id] = None
    elif isinstance(event, (ChangeRefused, TwinFound)):
        found[ledger.trade_of(event.client_id).plan_id] = None
    last = ""
    for action in actions:
        if isinstance(action, _OF_PLANS):
            plan_id = action.plan_id
        elif isinstance(action, _WISHES):
            plan_id = _plan_of(engine, action)
        else:
            continue
        if plan_id != last and (plan_id in trades or plan_id in combinations):
            found[plan_id] = None
        last = plan_id
        if isinstance(action, DecisionNoted) and action.approved:
            approved.append(action)
    return Effects(found, approved)


def _plan_of(engine: Engine, wish: PlaceOrder | ModifyOrder | CancelOrder | SetTimer) -> str:
    if isinstance(wish, PlaceOrder):
        return wish.request.plan_id
    if isinstance(wish, SetTimer):
        return wish.key.partition(":")[2]
    return engine.ledger.trade_of(wish.client_id).plan_id


def _check_over(engine: Engine, trade: Trade) -> None:
    ids = trade.entries + trade.stops + trade.targets + trade.exits
    works = engine.orders.unfinished(ids) and not engine.orders.is_surprised(ids)
    if trade.open_quantity or works:
        raise InvariantBrokenError(f"{trade.plan_id}: over, but holds or works something")


def _check_covered(engine: Engine, trade: Trade) -> None:
    protection = engine.protection
    held = trade.open_quantity
    if not trade.targets:
        most = protection.at_most(trade)
        if most > held and not engine.orders.is_surprised(trade.stops + trade.exits):
            raise InvariantBrokenError(
                f"{trade.plan_id}: exits could take {most} of {held} units held"
            )
    if not held or (not trade.rests_stop and trade.closing is None):
        return
    covered = protection.covered(trade)
    if covered >= held or trade.exits_held_until is not None or protection.is_changing(trade):
        return
    if covered + protection.claimed(trade) < held:
        raise InvariantBrokenError(f"{trade.plan_id}: exits cover {covered} of {held} units held")


def _check_together(engine: Engine, plan: Combination) -> None:
    """What is sold is hedged unless it is on its way out; in ratio once nothing is on its way."""
    if plan.is_over:
        if not all(leg.is_over for leg in plan.legs):
            raise InvariantBrokenError(f"{plan.plan_id}: over, but a leg of it is not")
        return
    if plan.closing is not None:
        return
    if plan.unhedged():
        raise InvariantBrokenError(f"{plan.plan_id}: {plan.unhedged()} units sold without a hedge")
    if plan.is_entering or any(_is_leaving(engine, leg) for leg in plan.legs):
        return
    for leg in plan.legs:
        if leg.open_quantity != plan.wanted * leg.ratio:
            raise InvariantBrokenError(
                f"{leg.plan_id}: {leg.open_quantity} units, expected {plan.wanted * leg.ratio}"
            )


def _is_leaving(engine: Engine, leg: Trade) -> bool:
    waits = leg.leaving or leg.exits_held_until is not None
    return bool(waits) or any(engine.orders.most(client_id) for client_id in leg.exits)
