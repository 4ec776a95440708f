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


def results_of(ledger: Ledger) -> tuple[Result, ...]:
    """Return the closed plans that held something, by when they closed, then by their opening."""
    alone = (_alone(each) for each in ledger.trades.values() if not each.combination)
    together = (_together(each) for each in ledger.combinations.values())
    found = [result for result in (*alone, *together) if result is not None]
    return tuple(sorted(found, key=lambda result: result.closed_at))


def _alone(trade: Trade) -> Result | None:
    net = trade.booked_realised - trade.charges
    return _result(trade, [trade], net)


def _together(plan: Combination) -> Result | None:
    gross, charges = plan.money()
    return _result(plan, plan.legs, gross - charges)


def _result(plan: Trade | Combination, legs: Iterable[Trade], net: Decimal) -> Result | None:
    closed: list[datetime] = [leg.closed_at for leg in legs if leg.closed_at is not None]
    return Result(plan.strategy, max(closed), net) if plan.is_over and closed else None
