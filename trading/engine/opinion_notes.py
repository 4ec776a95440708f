"""How opinions and the gate's answers are told in notes; orders and positions: `notes.py`."""

from __future__ import annotations

from datetime import datetime
from math import isnan

from risk.gate import Decision
from strategies.opportunities import Opportunity, Population
from strategies.ranking_features import MEASURED
from strategies.ranking_score import FEATURES
from strategies.signals import Signal
from trading.engine.actions import (
    DecisionNoted,
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
        contributions=opportunity.contributions if opportunity else (),
        penalties=opportunity.penalties if opportunity else (),
        why_not=why_not,
    )


def _traded(signal: Signal, opportunity: Opportunity | None) -> str:
    if opportunity is None:
        return signal.instrument.key
    return opportunity.candidate.structure.legs[0].instrument.key


def ranking_note(at: datetime, signal_id: str, opportunity: Opportunity) -> RankingNoted:
    """Tell what an opportunity's score follows from."""
    basis = opportunity.basis
    return RankingNoted(
        at=at,
        signal_id=signal_id,
        kept=opportunity.kept,
        among=opportunity.among,
        confidence=basis.confidence,
        readings=tuple([(name, None if isnan(value) else value) for name, value in basis.readings]),
        grades=tuple(
            [
                GradeNote(feature, None if isnan(long) else long, None if isnan(short) else short)
                for feature, (long, short) in zip(MEASURED, basis.grades, strict=True)
            ]
        ),
        populations=tuple(
            [
                _population(feature, p)
                for feature, p in zip(FEATURES, basis.populations, strict=True)
            ]
        ),
        risk=basis.risk,
        reward=basis.reward,
        costs_to_reward=basis.costs_to_reward,
        spread_fraction=basis.spread_fraction,
        depth_in_lots=basis.depth_in_lots,
        volume_lots=_known(basis.volume_lots),
        open_interest_lots=_known(basis.open_interest_lots),
        segment=basis.segment,
        event=basis.event,
        distance_from_vwap=basis.distance_from_vwap,
        correlation=basis.correlation,
        correlated_with=basis.correlated_with,
    )


def _population(feature: str, told: Population) -> PopulationNote:
    if told.samples:
        return PopulationNote(feature, told.samples, told.middle, told.sigma, told.compared)
    return PopulationNote(feature, 0, None, None, told.compared)


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def decision_note(at: datetime, codes: tuple[str, str, str], decision: Decision) -> DecisionNoted:
    """Tell the gate's answer; `codes`: of the decision, its signal, and its plan or nothing."""
    decision_id, signal_id, plan_id = codes
    verdicts = [
        VerdictNote(v.rule, v.passed, f"{v.measured!s}", f"{v.allowed!s}", v.unit, v.detail)
        for v in decision.verdicts
    ]
    return DecisionNoted(
        at=at,
        decision_id=decision_id,
        signal_id=signal_id,
        approved=decision.approved,
        refusals=decision.refusals,
        verdicts=tuple(verdicts),
        quantity=decision.quantity,
        risk_inr=decision.risk_inr,
        heat_before_inr=decision.heat_before_inr,
        heat_after_inr=decision.heat_after_inr,
        expected_costs_inr=decision.costs_inr,
        margin_inr=decision.margin_inr,
        plan_id=plan_id,
    )
