"""How opinions and the gate's answers are told in notes; orders and positions: `notes.py`."""

from __future__ import annotations

from datetime import datetime
from math import isnan

from risk.gate import Decision
from strategies.opportunities import Opportunity
from strategies.signals import Signal
from trading.engine.actions import (
    Contribution,
    DecisionNoted,
    Penalty,
    SignalNoted,
    VerdictNote,
)
from trading.engine.ranking_noted import RankingNoted


def signal_note(
    at: datetime, signal_id: str, signal: Signal, opportunity: Opportunity | None, why_not: str
) -> SignalNoted:
    """Tell an opinion, with its place among the others where it had one."""
    key = signal.instrument.key
    traded, score, rank = key, 0.0, 0
    contributions: tuple[Contribution, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    if opportunity is not None:
        traded = opportunity.candidate.structure.legs[0].instrument.key
        score, rank = opportunity.score, opportunity.rank
        contributions, penalties = opportunity.contributions, opportunity.penalties
    return SignalNoted(
        at,
        signal_id,
        signal.key,
        signal.strategy,
        key,
        traded,
        int(signal.direction),
        signal.entry,
        signal.stop,
        signal.target1,
        signal.target2,
        signal.confidence,
        signal.valid_until,
        signal.features,
        score,
        rank,
        contributions,
        penalties,
        why_not,
    )


def ranking_note(at: datetime, signal_id: str, opportunity: Opportunity) -> RankingNoted:
    """Tell what an opportunity's score follows from."""
    basis = opportunity.basis
    return RankingNoted(
        at,
        signal_id,
        opportunity.kept,
        opportunity.among,
        basis.confidence,
        basis.readings,
        basis.grades,
        basis.populations,
        basis.risk,
        basis.reward,
        basis.costs_to_reward,
        basis.spread_fraction,
        basis.depth_in_lots,
        _known(basis.volume_lots),
        _known(basis.open_interest_lots),
        basis.segment,
        basis.event,
        basis.distance_from_vwap,
        basis.correlation,
        basis.correlated_with,
    )


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
