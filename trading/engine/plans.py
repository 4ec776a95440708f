"""From an approved decision to the plan the engine remembers: one trade, or one for each leg.

What is sent for a plan, and when it leaves, is decided elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from execution.positions import Position
from risk.exits import ExitPlan, ExitRules, opened
from risk.gate import ApprovedLeg, Decision
from risk.hours import Stages
from strategies.opportunities import Opportunity
from strategies.signals import Direction
from strategies.structures import Leg, Structure
from strategies.ways_out import DESK, WaysOut
from trading.engine.combinations import Combination, backstop
from trading.engine.proposals import bound_of
from trading.engine.settings import EngineSetup
from trading.engine.trades import Trade


@dataclass(frozen=True, slots=True)
class Approved:
    """An opportunity that the gate let through: its decision, and the opinion's slow range."""

    opportunity: Opportunity
    decision: Decision
    atr: float

    @property
    def structure(self) -> Structure:
        """Return what is to be traded."""
        return self.opportunity.candidate.structure

    @property
    def worst_entry(self) -> Decimal:
        """Return the traded price at which it may come to be entered. Raises `ValueError`."""
        if self.decision.entry_price is None:
            raise ValueError("entry_price: none, expected that of an approved decision")
        return self.decision.entry_price


def rules_for(rules: ExitRules, ways_out: WaysOut) -> ExitRules:
    """Return the desk's exits without those that a structure does without."""
    if ways_out == DESK:
        return rules
    first = ways_out.first_fraction
    return replace(
        rules,
        trail=rules.trail and ways_out.trail,
        break_even_after_target1=rules.break_even_after_target1 and ways_out.break_even,
        volatility=rules.volatility and ways_out.volatility,
        time_stop=rules.time_stop and ways_out.time_stop,
        first_fraction=rules.first_fraction if first is None else first,
    )


def stages_of(setup: EngineSetup, structure: Structure) -> Stages:
    """Return the stages of what is traded. Raises `ValueError` where it has none."""
    column = setup.universe.column_of(structure.legs[0].instrument.key)
    stages = setup.stages[column]
    if stages is None:
        raise ValueError(f"stages: none for column {column}, expected the session's")
    return stages


def alone(setup: EngineSetup, plan_id: str, approved: Approved) -> Trade:
    """Return the plan of a structure of one leg; its stop rests at the exchange."""
    structure, decision = approved.structure, approved.decision
    instrument = structure.legs[0].instrument
    exits = _exits(setup, approved, stop_rests=True)
    return Trade(
        plan_id=plan_id,
        strategy=structure.signal.strategy,
        underlying=structure.underlying,
        instrument=instrument,
        column=setup.universe.column_of(instrument.key),
        opinion_column=approved.opportunity.candidate.column,
        direction=structure.direction,
        view=structure.signal.direction,
        planned_quantity=decision.quantity,
        expected_entry=decision.legs[0].limit_price,
        margin_per_unit=decision.margin_inr / decision.quantity,
        exit_plan=exits,
        exit_state=opened(exits),
        position=Position(instrument),
    )


def together(setup: EngineSetup, codes: tuple[str, ...], approved: Approved) -> Combination:
    """Return the plan of several legs; `codes`: its own, then one for each leg."""
    structure, decision = approved.structure, approved.decision
    exits = _exits(setup, approved, stop_rests=False)
    return Combination(
        plan_id=codes[0],
        strategy=structure.signal.strategy,
        underlying=structure.underlying,
        kind=structure.kind,
        opinion_column=approved.opportunity.candidate.column,
        direction=structure.direction,
        view=structure.signal.direction,
        legs=_legs(setup, codes, approved),
        wanted=decision.quantity,
        margin_per_unit=decision.margin_inr / decision.quantity,
        max_loss=bound_of(structure),
        worst_entry=approved.worst_entry,
        exit_plan=exits,
        exit_state=opened(exits),
    )


def _exits(setup: EngineSetup, approved: Approved, *, stop_rests: bool) -> ExitPlan:
    structure, decision = approved.structure, approved.decision
    until = structure.ways_out.until
    desk = setup.exits.on_bars(setup.timeframe_of(structure.signal.strategy).seconds)
    return ExitPlan(
        direction=structure.direction,
        entry=structure.entry,
        stop=structure.stop,
        target1=structure.target1,
        target2=structure.target2,
        quantity=decision.quantity,
        lot_size=structure.legs[0].instrument.lot_size,
        opened_at_s=math.inf,
        entry_atr=approved.atr,
        costs_per_unit=float(decision.costs_inr) / decision.quantity,
        rules=rules_for(desk, structure.ways_out),
        tighten_at_s=stages_of(setup, structure).tighten_at.timestamp(),
        square_off_at_s=until.timestamp() if until else None,
        hard_stop_rests=stop_rests,
        trail_part=structure.ways_out.trail_part,
    )


def _legs(setup: EngineSetup, codes: tuple[str, ...], approved: Approved) -> tuple[Trade, ...]:
    return tuple(
        _leg(setup, (codes[0], code), approved, place) for place, code in enumerate(codes[1:])
    )


def _leg(setup: EngineSetup, codes: tuple[str, str], approved: Approved, place: int) -> Trade:
    structure = approved.structure
    leg, sent = structure.legs[place], approved.decision.legs[place]
    limits = [one.limit_price for one in approved.decision.legs]
    stops = backstops(structure, limits)
    exits = _leg_exits(leg, sent, stops.get(place))
    return Trade(
        plan_id=codes[1],
        strategy=structure.signal.strategy,
        underlying=structure.underlying,
        instrument=leg.instrument,
        column=setup.universe.column_of(leg.instrument.key),
        opinion_column=approved.opportunity.candidate.column,
        direction=leg.direction,
        view=structure.signal.direction,
        planned_quantity=sent.quantity,
        expected_entry=sent.limit_price,
        margin_per_unit=Decimal(0),
        exit_plan=exits,
        exit_state=opened(exits),
        position=Position(leg.instrument),
        combination=codes[0],
        ratio=leg.ratio,
        rests_stop=place in stops,
    )


def _leg_exits(leg: Leg, sent: ApprovedLeg, stop: float | None) -> ExitPlan:
    """Return the levels of one leg; only a stop that rests is ever acted on.

    The whole is left by its value, so that the others just lie where they are never in the way.
    """
    entry, is_long = float(sent.limit_price), leg.direction is Direction.LONG
    bound = 0.0 if is_long else 2 * entry
    target = 2 * entry if is_long else entry / 2
    return ExitPlan(
        direction=leg.direction,
        entry=entry,
        stop=bound if stop is None else stop,
        target1=target,
        target2=target,
        quantity=sent.quantity,
        lot_size=leg.instrument.lot_size,
        opened_at_s=math.inf,
        entry_atr=0.0,
        rules=ExitRules(),
        hard_stop_rests=True,
    )


def backstops(structure: Structure, limits: Sequence[Decimal]) -> dict[int, float]:
    """Return where the stop of each sold leg without a hedge is to rest, by its place.

    `limits`: where each leg's entry is sent, in rupees.
    """
    uncovered = structure.uncovered
    if not uncovered:
        return {}
    paid = math.fsum(
        leg.ratio * float(limit)
        for leg, limit in zip(structure.legs, limits, strict=True)
        if leg.direction is Direction.LONG
    )
    return {
        place: backstop(structure.direction, structure.stop, paid, leg.ratio)
        for place, leg in enumerate(structure.legs)
        if leg in uncovered
    }
