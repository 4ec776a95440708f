"""What the plans just opened come to together, held against every limit a second time.

The gate judges a plan before it is opened and by itself; here the ledger's own figures are asked,
which know nothing of how the gate worked it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from risk.exposure import Exposure, OpenRisk
from risk.limits import RiskLimits
from trading.engine.actions import Action, DecisionNoted
from trading.engine.combinations import Combination
from trading.engine.core import Engine
from trading.engine.invariants import InvariantBrokenError
from trading.engine.trades import Trade

_NOTHING = Decimal(0)
_ROUNDING = Decimal("0.02")
"""Rupees a unit by which the ledger's risk may differ: levels and costs rounded to the paisa."""


def check_caps(engine: Engine, actions: Sequence[Action]) -> None:
    """Raise `InvariantBrokenError` where a plan opened by `actions` took a limit over its cap.

    Figures of the rest of the desk may be over theirs: equity falls while nothing is opened. Only
    what a new plan counts towards is asked; of what moves together, what was opened before it and
    stands in a group with it: a measured correlation is the gate's alone.
    """
    opened = [
        engine.ledger.plan(action.plan_id)
        for action in actions
        if isinstance(action, DecisionNoted) and action.approved
    ]
    if not opened:
        return
    desk = _Desk.of(engine.ledger.exposure(engine.last_prices()), engine.setup.limits)
    codes = engine.ledger.at_risk()
    foreign = list(desk.open[len(codes) :])
    later = {plan.plan_id for plan in opened if plan is not None}
    for plan in opened:
        if plan is None:
            raise InvariantBrokenError("an approved decision opened no plan")
        later.discard(plan.plan_id)
        known = zip(codes, desk.open, strict=False)
        earlier = [risk for code, risk in known if code not in later] + foreign
        own = desk.open[codes.index(plan.plan_id)] if plan.plan_id in codes else None
        alone = _Alone(own, earlier, _expires_on(plan, engine.setup.day))
        for name, measured, allowed in (*_figures(plan, desk), *_own_figures(plan, desk, alone)):
            if measured > allowed:
                raise InvariantBrokenError(
                    f"{plan.plan_id}: {name} is {measured} with it, {allowed} allowed"
                )


class _Desk(NamedTuple):
    """The figures that every new plan counts towards: the whole desk's, worked out once."""

    open: tuple[OpenRisk, ...]
    equity: Decimal
    heat: Decimal
    margin: Decimal
    room: Decimal
    limits: RiskLimits

    @classmethod
    def of(cls, exposure: Exposure, limits: RiskLimits) -> _Desk:
        open_, equity = exposure.open, exposure.equity_inr
        return cls(open_, equity, exposure.heat_inr, exposure.margin_inr, _room(open_), limits)


def _figures(
    plan: Trade | Combination, desk: _Desk
) -> Iterator[tuple[str, Decimal | int, Decimal | int]]:
    """Return each figure that a plan counts towards, with what is allowed, room for rounding in."""
    limits, view = desk.limits, int(plan.view)
    heat = limits.heat_budget_inr(desk.equity)
    beside = [risk for risk in desk.open if risk.direction * view >= 0]
    same = [risk for risk in desk.open if risk.underlying == plan.underlying]
    alike = [risk for risk in same if risk.direction * view >= 0]
    own = [risk for risk in desk.open if risk.strategy == plan.strategy]
    yield "heat", desk.heat, heat + desk.room
    yield "underlying-risk", _risk(alike), heat * limits.underlying_share + _room(alike)
    yield "direction-risk", _risk(beside), heat * limits.direction_share + _room(beside)
    yield "strategy-risk", _risk(own), heat * limits.share_of(plan.strategy) + _room(own)
    yield "margin", desk.margin, limits.margin_budget_inr(desk.equity) + desk.room
    yield "max-positions", len(desk.open), limits.max_positions
    yield "underlying", len(same), limits.max_positions_per_underlying
    yield "strategy", len(own), limits.max_positions_per_strategy


class _Alone(NamedTuple):
    """What a plan has at risk, None once it is over, and what was opened up to it."""

    own: OpenRisk | None
    earlier: Sequence[OpenRisk]
    expires_today: bool


def _own_figures(
    plan: Trade | Combination, desk: _Desk, alone: _Alone
) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Return the figures of a plan itself, and of what was opened before it and falls with it."""
    limits, view, name = desk.limits, int(plan.view), plan.underlying
    mine = [] if alone.own is None else [alone.own]
    budget = limits.trade_budget_inr(desk.equity)
    yield "per-trade-risk", _risk(mine), budget + _room(mine)
    if alone.expires_today:
        yield "expiry-day-risk", _risk(mine), budget * limits.expiry_day_risk + _room(mine)
    falls = [
        risk
        for risk in alone.earlier
        if risk.direction * view >= 0
        and (risk.underlying == name or limits.group_of(risk.underlying, name))
    ]
    allowed = limits.heat_budget_inr(desk.equity) * limits.correlated_share
    yield "correlated-risk", _risk(falls), allowed + _room(falls)


def _expires_on(plan: Trade | Combination, day: date) -> bool:
    legs = plan.legs if isinstance(plan, Combination) else (plan,)
    return day in [leg.instrument.expiry for leg in legs]


def _risk(risks: Iterable[OpenRisk]) -> Decimal:
    return sum([risk.risk_inr for risk in risks], _NOTHING)


def _room(risks: Iterable[OpenRisk]) -> Decimal:
    return _ROUNDING * (1 + sum([risk.quantity for risk in risks]))
