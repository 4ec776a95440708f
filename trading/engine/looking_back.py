"""What the day has come to so far, as the gate's rules that look back want it.

Plans and orders are the ledger's and the dispatch's; nothing is decided or changed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from risk.results import Result
from trading.engine.combinations import Combination
from trading.engine.ledger import Ledger
from trading.engine.trades import Trade


class LookingBack:
    """The closed plans of a run; only those that something has happened to are looked at anew."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = 0
        self._closed: dict[str, Result] = {}
        self._told: tuple[Result, ...] | None = ()

    def results(self) -> tuple[Result, ...]:
        """Return the closed plans that held something, by when they closed, then by their opening.

        Of those closed at one moment the plans of several legs come last.
        """
        stirred = self._ledger.stirred
        for plan_id in dict.fromkeys(_plan_of(trade) for trade in stirred[self._read :]):
            self._look_at(plan_id)
        self._read = len(stirred)
        if self._told is None:
            self._told = self._in_order()
        return self._told

    def _look_at(self, plan_id: str) -> None:
        together = self._ledger.combinations.get(plan_id)
        found = _alone(self._ledger.trades[plan_id]) if together is None else _together(together)
        if found is not None:
            self._closed[plan_id] = found
            self._told = None
        elif self._closed.pop(plan_id, None) is not None:
            self._told = None

    def _in_order(self) -> tuple[Result, ...]:
        known = self._closed
        plans = (*self._ledger.trades, *self._ledger.combinations)
        found = (known[plan_id] for plan_id in plans if plan_id in known)
        return tuple(sorted(found, key=lambda result: result.closed_at))


def _plan_of(trade: Trade) -> str:
    return trade.combination or trade.plan_id


def _alone(trade: Trade) -> Result | None:
    net = trade.booked_realised - trade.charges
    return _result(trade, [trade], net)


def _together(plan: Combination) -> Result | None:
    gross, charges = plan.money()
    return _result(plan, plan.legs, gross - charges)


def _result(plan: Trade | Combination, legs: Iterable[Trade], net: Decimal) -> Result | None:
    if not plan.is_over:
        return None
    closed: list[datetime] = [leg.closed_at for leg in legs if leg.closed_at is not None]
    return Result(plan.strategy, max(closed), net) if closed else None
