"""What the plans just opened come to together, held against every limit a second time.

The gate judges a plan before it is opened and by itself; here the ledger's own figures are asked,
which know nothing of how the gate worked it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from risk.exposure import Exposure, OpenRisk
from risk.limits import RiskLimits
from trading.engine.actions import Action, DecisionNoted
from trading.engine.combinations import Combination
from trading.engine.core import Engine
from trading.engine.invariants import InvariantBrokenError
from trading.engine.trades import Trade

_ROUNDING = Decimal("0.02")
"""Rupees a unit by which the ledger's risk may differ: levels and costs rounded to the paisa."""


def check_caps(engine: Engine, actions: Sequence[Action]) -> None:
    """Raise `InvariantBrokenError` where a plan opened by `actions` took a limit over its cap.

    Figures of the rest of the desk may be over theirs: equity falls while nothing is opened. Only
    what a new plan counts towards is asked.
    """
    opened = [
        engine.ledger.plan(action.plan_id)
        for action in actions
        if isinstance(action, DecisionNoted) and action.approved
    ]
    if not opened:
        return
    exposure = engine.ledger.exposure(engine.last_prices())
    limits = engine.setup.limits
    for plan in opened:
        if plan is None:
            raise InvariantBrokenError("an approved decision opened no plan")
        for name, measured, allowed in _figures(plan, exposure, limits):
            if measured > allowed:
                raise InvariantBrokenError(
                    f"{plan.plan_id}: {name} is {measured} with it, {allowed} allowed"
                )


def _figures(
    plan: Trade | Combination, exposure: Exposure, limits: RiskLimits
) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Return each figure that a plan counts towards, with what is allowed, room for rounding in."""
    open_, equity = exposure.open, exposure.equity_inr
    heat = limits.heat_budget_inr(equity)
    beside = [risk for risk in open_ if risk.direction * plan.view >= 0]
    alike = [risk for risk in beside if risk.underlying == plan.underlying]
    own = [risk for risk in open_ if risk.strategy == plan.strategy]
    same = exposure.on(plan.underlying)
    yield "heat", exposure.heat_inr, heat + _room(open_)
    yield "underlying-risk", _risk(alike), heat * limits.underlying_share + _room(alike)
    yield "direction-risk", _risk(beside), heat * limits.direction_share + _room(beside)
    yield "strategy-risk", _risk(own), heat * limits.share_of(plan.strategy) + _room(own)
    yield "margin", exposure.margin_inr, limits.margin_budget_inr(equity) + _room(open_)
    yield "max-positions", Decimal(exposure.count), Decimal(limits.max_positions)
    yield "underlying", Decimal(len(same)), Decimal(limits.max_positions_per_underlying)
    yield "strategy", Decimal(len(own)), Decimal(limits.max_positions_per_strategy)


def _risk(risks: Iterable[OpenRisk]) -> Decimal:
    return sum((risk.risk_inr for risk in risks), Decimal(0))


def _room(risks: Iterable[OpenRisk]) -> Decimal:
    return _ROUNDING * (1 + sum(risk.quantity for risk in risks))
