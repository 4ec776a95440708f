"""The gate: the one pure function between an opinion and an order.

It sizes, asks every rule and prices the entry; sending orders is the engine's work.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from execution.orders import Side
from marketdata.instruments import Instrument
from risk.case import Case, case_of
from risk.limits import RiskLimits
from risk.proposal import GateContext, Proposal
from risk.rules import RULES, orders_of
from risk.verdict import Verdict

_NOTHING = Decimal(0)


class ApprovedLeg(Struct, frozen=True, gc=False):
    """One leg to be sent at `limit_price`: `quantity` units, as orders of these `slices`."""

    instrument: Instrument
    side: Side
    quantity: int
    limit_price: Decimal
    slices: tuple[int, ...]


class Decision(Struct, frozen=True, gc=False):
    """The gate's answer; `refusals` are the codes of the rules that failed, in the rules' order.

    `entry_price`: worst traded price of the entry (for one leg its limit price). `risk_inr`
    includes `costs_inr` and slippage. Of a refusal, `legs` is empty, `entry_price` None, and
    quantity, risk, costs and margin are 0; the verdicts say what they would have been.
    """

    approved: bool
    verdicts: tuple[Verdict, ...]
    refusals: tuple[str, ...]
    quantity: int
    risk_inr: Decimal
    heat_before_inr: Decimal
    heat_after_inr: Decimal
    costs_inr: Decimal
    margin_inr: Decimal
    entry_price: Decimal | None
    legs: tuple[ApprovedLeg, ...]


def decide(proposal: Proposal, context: GateContext, limits: RiskLimits) -> Decision:
    """Return whether the proposal may be traded, how much, and at what limit prices.

    All rules are asked whatever the others say. At a limit is inside it, except for the daily
    loss, which is breached when reached.
    """
    case = case_of(proposal, context, limits)
    verdicts = [rule(case) for rule in RULES]
    refusals = tuple([verdict.rule for verdict in verdicts if not verdict.passed])
    heat = context.exposure.heat_inr
    if refusals:
        return Decision(
            approved=False,
            verdicts=tuple(verdicts),
            refusals=refusals,
            quantity=0,
            risk_inr=_NOTHING,
            heat_before_inr=heat,
            heat_after_inr=heat,
            costs_inr=_NOTHING,
            margin_inr=_NOTHING,
            entry_price=None,
            legs=(),
        )
    return Decision(
        approved=True,
        verdicts=tuple(verdicts),
        refusals=(),
        quantity=case.sizing.quantity,
        risk_inr=case.risk_inr,
        heat_before_inr=heat,
        heat_after_inr=heat + case.risk_inr,
        costs_inr=case.costs_inr,
        margin_inr=case.margin_inr,
        entry_price=case.entry,
        legs=_approved_legs(case),
    )


def _approved_legs(case: Case) -> tuple[ApprovedLeg, ...]:
    quantity = case.sizing.quantity
    priced = ((leg, leg.limit_price(case.limits.chase_ticks)) for leg in case.proposal.legs)
    return tuple(
        ApprovedLeg(
            instrument=leg.instrument,
            side=leg.side,
            quantity=quantity * leg.ratio,
            limit_price=price,
            slices=orders_of(leg, quantity),
        )
        for leg, price in priced
        if price is not None
    )
