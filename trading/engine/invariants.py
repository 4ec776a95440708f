"""What must hold after every event; the running engine checks it, not only the tests.

A breach means a bug: the process stops and is restarted into recovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trading.engine.actions import Action, CancelOrder, ModifyOrder, PlaceOrder, SetTimer
from trading.engine.combinations import Combination
from trading.engine.core import Engine
from trading.engine.events import BrokerSaid, ChangeRefused, Event, TwinFound
from trading.engine.trades import Trade


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
        self._total += booked - self._booked.get(trade.plan_id, Decimal(0))
        self._booked[trade.plan_id] = booked

    def _check_money(self) -> None:
        ledger = self._engine.ledger
        if ledger.start + self._total != ledger.balance:
            raise InvariantBrokenError(
                f"balance: {ledger.balance}, expected {ledger.start + self._total}"
            )


def touched(engine: Engine, event: Event, actions: Sequence[Action]) -> list[str]:
    """Return the plans that an event and its answer may have changed, some more than once.

    News of an order changes its plan; every other change of a plan shows in an action.
    """
    ledger = engine.ledger
    found: list[str] = []
    if isinstance(event, BrokerSaid):
        found.append(ledger.trade_of(event.update.client_id).plan_id)
    elif isinstance(event, (ChangeRefused, TwinFound)):
        found.append(ledger.trade_of(event.client_id).plan_id)
    for action in actions:
        plan_id = _plan_of(engine, action)
        if plan_id in ledger.trades or plan_id in ledger.combinations:
            found.append(plan_id)
    return found


def _plan_of(engine: Engine, action: Action) -> str:
    if isinstance(action, PlaceOrder):
        return action.request.plan_id
    if isinstance(action, (ModifyOrder, CancelOrder)):
        return engine.ledger.trade_of(action.client_id).plan_id
    if isinstance(action, SetTimer):
        return action.key.partition(":")[2]
    return str(getattr(action, "plan_id", ""))


def _check_over(engine: Engine, trade: Trade) -> None:
    ids = trade.entries + trade.stops + trade.targets + trade.exits
    works = engine.orders.unfinished(ids) and not engine.orders.is_surprised(ids)
    if trade.open_quantity or works:
        raise InvariantBrokenError(f"{trade.plan_id}: over, but holds or works something")


def _check_covered(engine: Engine, trade: Trade) -> None:
    protection = engine.protection
    covered, most = protection.covered(trade), protection.at_most(trade)
    is_surprised = engine.orders.is_surprised(trade.stops + trade.exits)
    if most > trade.open_quantity and not trade.targets and not is_surprised:
        raise InvariantBrokenError(
            f"{trade.plan_id}: exits could take {most} of {trade.open_quantity} units held"
        )
    waits = trade.exits_held_until is not None or protection.is_changing(trade)
    if not trade.rests_stop and trade.closing is None:
        return
    if covered + protection.claimed(trade) < trade.open_quantity and not waits:
        raise InvariantBrokenError(
            f"{trade.plan_id}: exits cover {covered} of {trade.open_quantity} units held"
        )


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
