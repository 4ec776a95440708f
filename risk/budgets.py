"""The parts of the heat that one underlying, direction or strategy may take, and what is left.

The whole heat and the risk of one trade stand in `limits.py`; refusing is the rules' work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from risk.exposure import OpenRisk
from risk.limits import RiskLimits
from risk.proposal import GateContext, Proposal
from strategies.direction import Direction

UNDERLYING, DIRECTION, STRATEGY = "underlying-risk", "direction-risk", "strategy-risk"
CORRELATED = "correlated-risk"
EXPIRY_DAY = "expiry-day-risk"
_NOTHING = Decimal(0)
_WAYS = {direction: direction.name.lower() for direction in Direction}


class Budget(Struct, frozen=True, gc=False):
    """Rupees at risk that count towards one budget, and how many it allows with a new trade."""

    name: str
    held_inr: Decimal
    allowed_inr: Decimal
    detail: str = ""

    @property
    def left_inr(self) -> Decimal:
        """Return what a new trade may still risk, below 0 where it is overdrawn."""
        return self.allowed_inr - self.held_inr


def budgets_of(proposal: Proposal, context: GateContext, limits: RiskLimits) -> tuple[Budget, ...]:
    """Return every budget that a proposal would draw on, in the order of their rules.

    An opinion without a direction counts towards both. On a day on which a leg expires the trade
    has a budget of its own.
    """
    open_, equity = context.exposure.open, context.exposure.equity_inr
    heat = limits.heat_budget_inr(equity)
    view, underlying, strategy = int(proposal.view), proposal.underlying, proposal.strategy
    beside = [risk for risk in open_ if risk.direction * view >= 0]
    alike = [risk for risk in beside if risk.underlying == underlying]
    own = [risk for risk in open_ if risk.strategy == strategy]
    way = _WAYS[proposal.view]
    found = [
        Budget(UNDERLYING, _sum(alike), heat * limits.underlying_share, f"{underlying} {way}"),
        Budget(DIRECTION, _sum(beside), heat * limits.direction_share, way),
        Budget(STRATEGY, _sum(own), heat * limits.share_of(strategy), strategy),
        _correlated(proposal, open_, limits, heat),
    ]
    if proposal.expires_on(context.day):
        allowed = limits.trade_budget_inr(equity) * limits.expiry_day_risk
        found.append(Budget(EXPIRY_DAY, _NOTHING, allowed, f"expires on {context.day}"))
    return tuple(found)


def _correlated(
    proposal: Proposal, open_: Sequence[OpenRisk], limits: RiskLimits, heat: Decimal
) -> Budget:
    """Return the budget of what gains and loses with the proposal, and who that is."""
    asked, known = open_, dict(proposal.moves_with)
    if not (limits.groups or known):
        asked = [risk for risk in open_ if risk.underlying == proposal.underlying]
    with_it = [(risk, why) for risk in asked if (why := _why_alike(proposal, risk, limits, known))]
    names = ", ".join(dict.fromkeys(why for _, why in with_it))
    way = _WAYS[proposal.view]
    return Budget(
        CORRELATED,
        _sum([risk for risk, _ in with_it]),
        heat * limits.correlated_share,
        f"{proposal.underlying} {way} with {names}" if names else f"{proposal.underlying} {way}",
    )


def _why_alike(
    proposal: Proposal, risk: OpenRisk, limits: RiskLimits, known: Mapping[str, float]
) -> str:
    """Say why what is at risk falls together with the proposal, empty where it doesn't.

    `known`: the measured correlations, by underlying. An opinion without a direction suffers
    from a big move of either side, so it falls with everything that moves alike. Two that move
    against each other fall together where their directions differ.
    """
    name, sides = risk.underlying, int(risk.direction) * int(proposal.view)
    if name == proposal.underlying:
        return name if sides >= 0 else ""
    if sides >= 0 and (group := limits.group_of(name, proposal.underlying)):
        return f"{name} ({group})"
    measured = known.get(name, 0.0)
    together = measured * sides if sides else abs(measured)
    return f"{name} {measured:.2f}" if together >= float(limits.correlated_from) else ""


def _sum(risks: list[OpenRisk]) -> Decimal:
    return sum([risk.risk_inr for risk in risks], _NOTHING)
