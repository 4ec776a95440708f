"""What the day has come to so far, as the gate's rules that look back want it.

Plans and orders are the ledger's and the dispatch's; nothing is decided or changed here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from risk.results import Result
from trading.engine.combinations import Combination
from trading.engine.ledger import Ledger
from trading.engine.trades import Trade

_Rank = tuple[datetime, bool, int]
"""When a plan closed, whether it is of several legs, and how many were opened before it."""


class LookingBack:
    """The closed plans of a run; only those that something has happened to are looked at anew."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = 0
        self._place_of: dict[str, int] = {}
        self._closed: dict[str, _Rank] = {}
        self._ranks: list[_Rank] = []
        self._results: list[Result] = []

    def results(self) -> tuple[Result, ...]:
        """Return the closed plans that held something, by when they closed, then by their opening.

        Of those closed at one moment the plans of several legs come last.
        """
        stirred = self._ledger.stirred
        for trade in dict.fromkeys(stirred[self._read :]):
            self._look_at(trade)
        self._read = len(stirred)
        return tuple(self._results)

    def _look_at(self, trade: Trade) -> None:
        plan_id = trade.combination or trade.plan_id
        opened = self._place_of.setdefault(plan_id, len(self._place_of))
        together = self._ledger.combinations.get(plan_id)
        found = _alone(trade) if together is None else _together(together)
        known = self._closed.pop(plan_id, None)
        if known is not None:
            place = bisect_left(self._ranks, known)
            del self._ranks[place], self._results[place]
        if found is not None:
            rank = found.closed_at, together is not None, opened
            place = bisect_left(self._ranks, rank)
            self._ranks.insert(place, rank)
            self._results.insert(place, found)
            self._closed[plan_id] = rank


def _alone(trade: Trade) -> Result | None:
    if not trade.is_over:
        return None
    return _result(trade, [trade], trade.booked_realised - trade.charges)


def _together(plan: Combination) -> Result | None:
    if not plan.is_over:
        return None
    gross, charges = plan.money()
    return _result(plan, plan.legs, gross - charges)


def _result(plan: Trade | Combination, legs: Iterable[Trade], net: Decimal) -> Result | None:
    closed: list[datetime] = [leg.closed_at for leg in legs if leg.closed_at is not None]
    return Result(plan.strategy, max(closed), net) if closed else None
