"""What entries of ours take that nobody tells yet: margin at the broker, units of the books.

What may be taken is the gate's to decide; what is at risk stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from risk.gate import Decision
from risk.proposal import Touch
from trading.engine.ledger import Ledger
from trading.engine.order_book import OrderBook
from trading.engine.proposals import side_of
from trading.engine.trades import Trade

_NOTHING = Decimal(0)


class _Promise(NamedTuple):
    """A plan that was opened, its margin in rupees and the units of each book that it takes."""

    at: datetime
    plan_id: str
    margin_inr: Decimal
    units: tuple[tuple[Touch, int], ...]


class Promises:
    """The plans of a run as promises, oldest first; one that is over promises no margin."""

    def __init__(self, ledger: Ledger, orders: OrderBook) -> None:
        self._ledger = ledger
        self._orders = orders
        self._made: list[_Promise] = []
        self._of_cycle = 0

    def begin_cycle(self) -> None:
        """Take the quotes from now on as newer than every entry that no longer works."""
        self._of_cycle = len(self._made)

    def make(self, at: datetime, plan_id: str, decision: Decision) -> None:
        """Remember a plan that was opened."""
        units = tuple(((leg.instrument.key, leg.side), leg.quantity) for leg in decision.legs)
        self._made.append(_Promise(at, plan_id, decision.margin_inr, units))

    def margin_since(self, at: datetime) -> Decimal:
        """Return the margin in rupees of the plans opened at `at` or later that are not over."""
        total = _NOTHING
        for promise in reversed(self._made):
            if promise.at < at:
                break
            plan = self._ledger.plan(promise.plan_id)
            if plan is not None and not plan.is_over:
                total += promise.margin_inr
        return total

    def taken(self, columns: Collection[int]) -> Mapping[Touch, int]:
        """Return the units that entries take of books and that the quotes may still show.

        Of a plan of this cycle all that was asked, as the quotes are older than its orders; of one
        of before, of the contracts in `columns`, what still works or is still to be sent.
        """
        found: dict[Touch, int] = {}
        for promise in self._made[self._of_cycle :]:
            for touch, units in promise.units:
                found[touch] = found.get(touch, 0) + units
        new = {promise.plan_id for promise in self._made[self._of_cycle :]}
        for trade in self._ledger.alive():
            if trade.column not in columns or {trade.plan_id, trade.combination} & new:
                continue
            if units := self._still_to_come(trade):
                touch = (trade.instrument.key, side_of(trade.direction))
                found[touch] = found.get(touch, 0) + units
        return found

    def _still_to_come(self, trade: Trade) -> int:
        if not trade.entries:
            return trade.planned_quantity
        return sum(self._orders.open_quantity(client_id) for client_id in trade.entries)
