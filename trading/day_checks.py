"""What must be true of a finished paper day, read from its rows alone; each breach is a finding.

The running engine checks its own books after every event; see `engine/invariants.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, Min

from risk.exits import ExitReason
from trading import selectors
from trading.config import Config
from trading.engine.settings import EngineSetup
from trading.models import Decision, EquityPoint, Fill, Order, PlanEvent, RiskEvent, Run
from trading.research.audit_replay import ReplayReport
from trading.services import audit

_STOPS = {ExitReason.HARD_STOP, ExitReason.BREAK_EVEN, ExitReason.TRAIL}
_TARGETS = {ExitReason.TARGET1, ExitReason.TARGET2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be: which check, and what was found."""

    check: str
    text: str


def findings(
    run: Run, config: Config, setup: EngineSetup, replay: ReplayReport
) -> tuple[Finding, ...]:
    """Return everything found wrong with a finished run; empty when all is well."""
    return (
        *_flat(run),
        *_in_time(run, setup),
        *_money(run),
        *_limits(run, config),
        *_chains(run),
        *_same_again(run, replay),
    )


def _flat(run: Run) -> Iterator[Finding]:
    for position in selectors.open_positions(run):
        yield Finding("flat", f"{position.code} still holds {position.quantity}")
    for order in selectors.working_orders(run):
        yield Finding("working-orders", f"{order.client_id} is {order.state}")


def _in_time(run: Run, setup: EngineSetup) -> Iterator[Finding]:
    """No fill may come after the moment by which its contract had to be flat."""
    deadlines = {
        column.instrument.key: stage.flat_by
        for column, stage in zip(setup.universe.columns, setup.stages, strict=True)
        if stage is not None
    }
    for fill in Fill.objects.filter(run=run).select_related("instrument"):
        deadline = deadlines[fill.instrument.key]
        if fill.at > deadline:
            yield Finding("in-time", f"{fill.trade_id} at {fill.at}, flat by {deadline}")


def _money(run: Run) -> Iterator[Finding]:
    gap = selectors.ledger_gap(run)
    if gap:
        yield Finding("ledger", f"the books differ from the fills by {gap} INR")
    last = selectors.last_equity(run)
    if last is not None and last.open_positions == 0 and last.equity != last.balance:
        yield Finding("equity", f"flat, but equity {last.equity} is not balance {last.balance}")


def _limits(run: Run, config: Config) -> Iterator[Finding]:
    """Approved risk stays within the limits on the most equity the day has seen."""
    span = EquityPoint.objects.filter(run=run).aggregate(most=Max("equity"), least=Min("equity"))
    most = max(span["most"] or Decimal(0), config.capital_inr)
    least = span["least"] or config.capital_inr
    for decision in Decision.objects.filter(run=run, approved=True):
        if decision.heat_after_inr > config.risk.heat_budget_inr(most):
            yield Finding("heat", f"{decision.code}: heat {decision.heat_after_inr} INR")
        if decision.risk_inr > config.risk.trade_budget_inr(most):
            yield Finding("per-trade-risk", f"{decision.code}: risk {decision.risk_inr} INR")
    floor = config.capital_inr - config.risk.daily_loss_inr(config.capital_inr)
    noted = RiskEvent.objects.filter(run=run, kind="daily-loss").exists()
    if least <= floor and not noted:
        yield Finding("daily-loss", f"equity fell to {least} INR and nothing happened")


def _chains(run: Run) -> Iterator[Finding]:
    for order in Order.objects.filter(run=run):
        chain = selectors.chain(order.client_id)
        if chain.plan is None or chain.decision is None or chain.signal is None:
            yield Finding("chain", f"{order.client_id} does not lead back to a signal")
    report = audit.verify()
    if not report.is_whole:
        yield Finding("audit", str(report))


def _same_again(run: Run, replay: ReplayReport) -> Iterator[Finding]:
    if replay.decision_hash != run.decision_hash:
        yield Finding("replay", f"{replay.decision_hash} is not {run.decision_hash}")


def life_cycle_findings(runs: Sequence[Run]) -> Iterator[Finding]:
    """Over a set of days something was signalled and decided, and a stop and a target were hit."""
    moves = PlanEvent.objects.filter(run__in=runs)
    reasons = set(moves.values_list("reason", flat=True))
    if not reasons & _STOPS:
        yield Finding("life-cycle", "no position left by its stop")
    if not reasons & _TARGETS:
        yield Finding("life-cycle", "no position left by a target")
