"""What a cycle approves comes to no more than any limit, worked out by itself and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from execution.charges import round_trip
from execution.orders import Product
from risk.limits import RiskLimits
from tests.unit.trading.engine.builders import (
    BASE,
    INDEX_COLUMN,
    RELIANCE_COLUMN,
    TCS_COLUMN,
    TODAY,
    D,
    Say,
    Scripted,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.settings import ExecutionSettings
from trading.engine.trades import Trade

COLUMNS = (INDEX_COLUMN, RELIANCE_COLUMN, TCS_COLUMN)
A_PAISA = Fraction(1, 100)
SIDES = st.sampled_from((1, -1))
SHARES = st.integers(1, 100)


def desk_of(limits: RiskLimits, stops: Sequence[int], sides: Sequence[int], lakhs: int) -> Desk:
    """Return a desk whose strategy has spoken of everything at once."""
    says = {
        column: Say(side, float(away), float(away), 2.0 * away, float(BASE[column]))
        for column, away, side in zip(COLUMNS, stops, sides, strict=True)
    }
    desk = Desk(
        limits=limits,
        capital=D(100_000 * lakhs),
        strategies=(Scripted({14: says}),),
        execution=ExecutionSettings(),
    )
    desk.speak()
    return desk


def risk_of(trade: Trade, limit: Decimal) -> Fraction:
    """Return what a plan entered at its limit loses two ticks and a gap beyond its stop."""
    plan, units = trade.exit_plan, trade.planned_quantity
    entry, stop = Decimal(repr(plan.entry)), Decimal(repr(plan.stop))
    away = (Fraction(limit) - Fraction(stop)) * int(trade.direction)
    slippage = max(2 * Fraction(trade.instrument.tick_size), Fraction(stop) / 10_000)
    bought, sold = (entry, stop) if trade.direction > 0 else (stop, entry)
    charges = round_trip(trade.instrument, units, bought, sold, Product.MIS, TODAY)
    return (away * Fraction(21, 20) + slippage) * units + Fraction(charges.total)


@given(
    heat=st.integers(10, 400),
    trade=st.integers(10, 400),
    shares=st.tuples(SHARES, SHARES, SHARES),
    stops=st.tuples(st.integers(5, 300), st.integers(1, 50), st.integers(1, 50)),
    sides=st.tuples(SIDES, SIDES, SIDES),
    lakhs=st.integers(5, 100),
)
@settings(max_examples=100, deadline=None)
def test_plans_of_one_cycle_are_within_every_budget_to_the_paisa(
    heat: int,
    trade: int,
    shares: tuple[int, int, int],
    stops: tuple[int, int, int],
    sides: tuple[int, int, int],
    lakhs: int,
) -> None:
    strategy, underlying, way = (D(share) / 100 for share in shares)
    limits = RiskLimits(
        heat=D(heat) / 10_000,
        risk_per_trade=D(min(trade, heat)) / 10_000,
        strategy_share=strategy,
        underlying_share=underlying,
        direction_share=way,
        max_lots=20,
    )
    desk = desk_of(replace(limits, correlated_share=D(1)), stops, sides, lakhs)

    plans = [each for each in desk.engine.ledger.trades.values() if not each.is_over]
    sent = desk.broker.orders
    risks = [risk_of(each, sent[each.entries[0]].request.price or D(0)) for each in plans]

    equity = Fraction(100_000 * lakhs)
    all_heat = equity * Fraction(limits.heat) + A_PAISA
    most = min(equity * Fraction(limits.risk_per_trade), all_heat * Fraction(underlying))
    assert max(risks, default=Fraction(0)) <= most + A_PAISA
    assert sum(risks) <= all_heat * Fraction(strategy) + A_PAISA
    for side in (1, -1):
        mine = [risk for risk, plan in zip(risks, plans, strict=True) if plan.direction == side]
        assert sum(mine) <= all_heat * Fraction(way) + A_PAISA
