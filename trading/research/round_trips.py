"""The trades of a backtest as rows: what was opened, when and why it was closed, what it earned.

The notes they are made from are kept by `collector.py`; figures over them are `statistics.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.engine.actions import FillNoted, PlanNoted
from trading.engine.core import Engine
from trading.engine.trades import Trade
from trading.research.collector import Collector

_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One plan that held something, from its signal to flat; prices are means over its fills.

    `column`: of the traded instrument. Money in rupees; `net` = `gross` - `charges`.
    """

    strategy: str
    symbol: str
    column: int
    direction: str
    quantity: int
    signal_at: datetime
    entry_at: datetime
    entry_price: Decimal
    exit_at: datetime
    exit_price: Decimal
    exit_reason: str
    gross: Decimal
    charges: Decimal

    @property
    def net(self) -> Decimal:
        """Return what is left after charges."""
        return self.gross - self.charges


def round_trips(engine: Engine, notes: Collector, since: int) -> tuple[RoundTrip, ...]:
    """Return the trades of a session that has ended, in the order of their signals.

    `since`: how many plans the collector held before the session.
    """
    plans = {plan.plan_id: plan for plan in notes.plans[since:]}
    day = engine.setup.day
    fills: dict[str, list[FillNoted]] = {}
    for fill in reversed(notes.fills):
        if fill.at.date() != day:
            break
        fills.setdefault(fill.plan_id, []).append(fill)
    return tuple(
        _row(trade, plans, fills[trade.plan_id])
        for trade in engine.ledger.trades.values()
        if trade.opened_quantity
    )


def _row(trade: Trade, plans: Mapping[str, PlanNoted], fills: Sequence[FillNoted]) -> RoundTrip:
    if trade.opened_at is None or trade.closed_at is None:
        raise ValueError(f"{trade.plan_id}: expected a plan that has opened and closed")
    entry_side = "BUY" if trade.direction > 0 else "SELL"
    return RoundTrip(
        strategy=trade.strategy,
        symbol=trade.instrument.symbol,
        column=trade.column,
        direction=trade.direction.name,
        quantity=trade.opened_quantity,
        signal_at=plans[trade.plan_id].at,
        entry_at=trade.opened_at,
        entry_price=_mean([fill for fill in fills if fill.side == entry_side]),
        exit_at=trade.closed_at,
        exit_price=_mean([fill for fill in fills if fill.side != entry_side]),
        exit_reason=str(trade.exit_reason),
        gross=trade.booked_realised.quantize(_PLACES).normalize(),
        charges=trade.charges,
    )


def _mean(fills: Sequence[FillNoted]) -> Decimal:
    units = sum(fill.quantity for fill in fills)
    value = sum((fill.price * fill.quantity for fill in fills), Decimal(0))
    return (value / units).quantize(_PLACES).normalize()
