"""The case the rules judge: a proposal with its worked-out prices, size, risk, costs and margin.

What a rule makes of it lives in `rules.py`.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marketdata.instruments import Instrument, Segment
from risk.budgets import Budget, budgets_of
from risk.limits import RiskLimits
from risk.proposal import GateContext, Proposal
from risk.sizing import PricedOnce, Sizing, Stake, risk_of, size

_NO_SIZE = Sizing(0, (("nothing", 0),), "nothing")
_NOTHING = Decimal(0)


class Case(Struct, frozen=True, gc=False):
    """A proposal worked out under the limits.

    `entry`: worst traded price of the entry, None where a leg has no price. `judged_quantity`:
    the size, or one lot where the size is 0, so that every rule can say by how much it is missed;
    `risk_inr`, `costs_inr` and `margin_inr` are of that quantity, 0 where nothing can be worked
    out.
    """

    proposal: Proposal
    context: GateContext
    limits: RiskLimits
    entry: Decimal | None
    sizing: Sizing
    judged_quantity: int
    risk_inr: Decimal
    costs_inr: Decimal
    margin_inr: Decimal
    budgets: tuple[Budget, ...]


def case_of(proposal: Proposal, context: GateContext, limits: RiskLimits) -> Case:
    """Return the case; its size is 0 where nothing can be worked out.

    That is: without prices, with the market through the stop, for an index, and where the freeze
    is below one lot.
    """
    entry = proposal.entry(limits.chase_ticks + proposal.leg_ticks)
    can_be_sent = all(_can_be_sent(leg.instrument) for leg in proposal.legs)
    drawn = budgets_of(proposal, context, limits)
    stake = _stake(proposal, entry, context, limits) if entry and can_be_sent else None
    if stake is None:
        none = (_NOTHING, _NOTHING, _NOTHING)
        return Case(proposal, context, limits, entry, _NO_SIZE, proposal.lot_size, *none, drawn)
    stake = replace(stake, room=tuple([(each.name, each.left_inr) for each in drawn]))
    costs = PricedOnce(proposal.costs)
    sizing = size(stake, context.exposure, costs, limits)
    judged = sizing.quantity or proposal.lot_size
    return Case(
        proposal=proposal,
        context=context,
        limits=limits,
        entry=entry,
        sizing=sizing,
        judged_quantity=judged,
        risk_inr=risk_of(stake, costs, judged),
        costs_inr=costs.round_trip(judged),
        margin_inr=costs.margin(judged),
        budgets=drawn,
    )


def _can_be_sent(instrument: Instrument) -> bool:
    freeze = instrument.freeze_quantity
    return instrument.is_tradable and (freeze is None or freeze >= instrument.lot_size)


def _stake(
    proposal: Proposal, entry: Decimal, context: GateContext, limits: RiskLimits
) -> Stake | None:
    """Return what a unit puts at stake, or None where the entry is at or beyond the stop."""
    stop = Decimal(repr(float(proposal.stop)))
    distance = (entry - stop) * proposal.direction
    if not distance > 0 or entry <= 0:
        return None
    ticks = sum((leg.instrument.tick_size * leg.ratio for leg in proposal.legs), _NOTHING)
    loss = distance + limits.beyond_stop_inr(stop, ticks, distance)
    return Stake(
        lot_size=proposal.lot_size,
        is_share=all(leg.instrument.segment is Segment.CASH for leg in proposal.legs),
        price=entry,
        loss_per_unit=loss if (most := _most_lost(proposal, entry)) is None else min(loss, most),
        liquidity=_liquidity(proposal, context, limits),
        free_inr=None if proposal.funds is None else proposal.funds.left_inr,
    )


def _liquidity(proposal: Proposal, context: GateContext, limits: RiskLimits) -> int | None:
    """Return the units that the market is taken to take: the fewest of what is told of it."""
    told = proposal.takeable(limits.depth_share, context.taken)
    return min((each for each in (proposal.liquidity, told) if each is not None), default=None)


def _most_lost(proposal: Proposal, entry: Decimal) -> Decimal | None:
    """Return the most a unit entered at `entry` can lose, always above 0, or None for no bound."""
    if proposal.max_loss is None:
        return None
    dearer = (entry - Decimal(repr(round(proposal.at_touch(), 6)))) * proposal.direction
    return max(proposal.max_loss + dearer, proposal.legs[0].instrument.tick_size)
