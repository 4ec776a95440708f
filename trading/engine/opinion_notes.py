"""How opinions and the gate's answers are told in notes; orders and positions: `notes.py`."""

from __future__ import annotations

import math
from datetime import datetime

from risk.gate import Decision
from strategies.opportunities import Opportunity
from strategies.ranking_features import MEASURED
from strategies.ranking_score import FEATURES
from strategies.signals import Signal
from trading.engine.actions import (
    Contribution,
    DecisionNoted,
    PenaltyNote,
    SignalNoted,
    VerdictNote,
)
from trading.engine.ranking_noted import GradeNote, PopulationNote, RankingNoted


def signal_note(
    at: datetime, signal_id: str, signal: Signal, opportunity: Opportunity | None, why_not: str
) -> SignalNoted:
    """Tell an opinion, with its place among the others where it had one."""
    return SignalNoted(
        at=at,
        signal_id=signal_id,
        setup_key=signal.key,
        strategy=signal.strategy,
        instrument=signal.instrument.key,
        traded=_traded(signal, opportunity),
        direction=int(signal.direction),
        entry=signal.entry,
        stop=signal.stop,
        target1=signal.target1,
        target2=signal.target2,
        confidence=signal.confidence,
        valid_until=signal.valid_until,
        features=signal.features,
        score=opportunity.score if opportunity else 0.0,
        rank=opportunity.rank if opportunity else 0,
        contributions=_contributions(opportunity),
        penalties=_penalties(opportunity),
        why_not=why_not,
    )


def _traded(signal: Signal, opportunity: Opportunity | None) -> str:
    if opportunity is None:
        return signal.instrument.key
    return opportunity.candidate.structure.legs[0].instrument.key


def _contributions(opportunity: Opportunity | None) -> tuple[Contribution, ...]:
    parts = opportunity.contributions if opportunity else ()
    return tuple(
        Contribution(p.feature, p.raw, p.normalised, p.weight, p.contribution) for p in parts
    )


def _penalties(opportunity: Opportunity | None) -> tuple[PenaltyNote, ...]:
    found = opportunity.penalties if opportunity else ()
    return tuple(PenaltyNote(p.name, p.factor, p.measured, p.threshold) for p in found)


def ranking_note(at: datetime, signal_id: str, opportunity: Opportunity) -> RankingNoted:
    """Tell what an opportunity's score follows from."""
    basis = opportunity.basis
    return RankingNoted(
        at=at,
        signal_id=signal_id,
        kept=opportunity.kept,
        among=opportunity.among,
        confidence=basis.confidence,
        readings=tuple(
            [(name, None if math.isnan(value) else value) for name, value in basis.readings]
        ),
        grades=tuple(
            GradeNote(feature, _known(long), _known(short))
            for feature, (long, short) in zip(MEASURED, basis.grades, strict=True)
        ),
        populations=tuple(
            PopulationNote(feature, p.samples, _known(p.middle), _known(p.sigma), p.compared)
            for feature, p in zip(FEATURES, basis.populations, strict=True)
        ),
        risk=basis.risk,
        reward=basis.reward,
        costs_to_reward=basis.costs_to_reward,
        spread_fraction=basis.spread_fraction,
        depth_in_lots=basis.depth_in_lots,
        volume_lots=_known(basis.volume_lots),
        open_interest_lots=_known(basis.open_interest_lots),
        event=basis.event,
        distance_from_vwap=basis.distance_from_vwap,
        correlation=basis.correlation,
        correlated_with=basis.correlated_with,
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def decision_note(at: datetime, codes: tuple[str, str, str], decision: Decision) -> DecisionNoted:
    """Tell the gate's answer; `codes`: of the decision, its signal, and its plan or nothing."""
    decision_id, signal_id, plan_id = codes
    verdicts = tuple(
        VerdictNote(v.rule, v.passed, str(v.measured), str(v.allowed), v.unit, v.detail)
        for v in decision.verdicts
    )
    return DecisionNoted(
        at=at,
        decision_id=decision_id,
        signal_id=signal_id,
        approved=decision.approved,
        refusals=decision.refusals,
        verdicts=verdicts,
        quantity=decision.quantity,
        risk_inr=decision.risk_inr,
        heat_before_inr=decision.heat_before_inr,
        heat_after_inr=decision.heat_after_inr,
        expected_costs_inr=decision.costs_inr,
        margin_inr=decision.margin_inr,
        plan_id=plan_id,
    )
