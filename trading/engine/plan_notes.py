"""How plans are told in notes: of one leg, of several, and of each of the several.

Orders and positions are told by `notes.py`, opinions by `opinion_notes.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from risk.gate import ApprovedLeg
from strategies.outlook import LegReading
from strategies.structures import Structure
from trading.engine.actions import (
    CombinationMeasured,
    CombinationNoted,
    LegNote,
    LegReadingNote,
    PlanNoted,
)
from trading.engine.combinations import Combination
from trading.engine.proposals import side_of
from trading.engine.trades import Trade


@dataclass(frozen=True, slots=True)
class NotedUnder:
    """When a plan was made, its code, and the decision it came of."""

    at: datetime
    plan_id: str
    decision_id: str


def plan_note(noted: NotedUnder, structure: Structure, sent: Sequence[ApprovedLeg]) -> PlanNoted:
    """Tell a plan with all its legs; `sent`: the legs as the gate approved them."""
    return PlanNoted(
        at=noted.at,
        plan_id=noted.plan_id,
        decision_id=noted.decision_id,
        strategy=structure.signal.strategy,
        direction=int(structure.direction),
        legs=tuple(
            LegNote(leg.instrument.key, leg.side, leg.quantity, leg.limit_price) for leg in sent
        ),
        entry=structure.entry,
        stop=structure.stop,
        target1=structure.target1,
        target2=structure.target2,
    )


def leg_note(noted: NotedUnder, leg: Trade) -> PlanNoted:
    """Tell one of several legs as the plan it is by itself; `noted`: of the plan of all legs."""
    quantity, limit = leg.planned_quantity, leg.expected_entry
    return PlanNoted(
        at=noted.at,
        plan_id=leg.plan_id,
        decision_id=noted.decision_id,
        strategy=leg.strategy,
        direction=int(leg.direction),
        legs=(LegNote(leg.instrument.key, side_of(leg.direction), quantity, limit),),
        entry=leg.exit_plan.entry,
        stop=leg.exit_plan.stop if leg.rests_stop else None,
        target1=None,
        target2=None,
    )


def combination_note(at: datetime, plan: Combination, structure: Structure) -> CombinationNoted:
    """Tell which plans are the legs of a plan, and what it can come to."""
    outlook = structure.outlook
    return CombinationNoted(
        at=at,
        plan_id=plan.plan_id,
        kind=plan.kind,
        legs=tuple(leg.plan_id for leg in plan.legs),
        max_loss=_known(outlook.max_loss),
        max_profit=_known(outlook.max_profit),
        break_evens=outlook.break_evens,
        probability_of_profit=_known(outlook.probability_of_profit),
        delta=_known(outlook.greeks.delta),
        gamma=_known(outlook.greeks.gamma),
        theta=_known(outlook.greeks.theta),
        vega=_known(outlook.greeks.vega),
        readings=tuple(_reading_note(leg) for leg in outlook.legs),
    )


def _reading_note(leg: LegReading) -> LegReadingNote:
    return LegReadingNote(
        mid=_known(leg.mid),
        touch=_known(leg.touch),
        volatility=_known(leg.volatility),
        delta=_known(leg.greeks.delta),
        gamma=_known(leg.greeks.gamma),
        theta=_known(leg.greeks.theta),
        vega=_known(leg.greeks.vega),
    )


def measured_note(at: datetime, plan: Combination) -> CombinationMeasured:
    """Tell where a plan of several legs is measured from and how far its value has been."""
    return CombinationMeasured(
        at=at,
        plan_id=plan.plan_id,
        entry=plan.exit_plan.entry,
        stop=plan.exit_state.stop,
        mae_r=plan.in_r(plan.exit_state.worst),
        mfe_r=plan.in_r(plan.exit_state.best),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
