"""May we: one small function per rule, and the tuple that says which rules are asked.

Every rule is always asked, so that a refusal names all its reasons; prices and sizes are worked
out in `case.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from execution.orders import Side
from execution.slicing import slices
from marketdata.instruments import Instrument
from risk import desk_rules
from risk.breakers import daily_loss_breached
from risk.case import Case
from risk.price_rules import price_band
from risk.proposal import Funds, ProposedLeg
from risk.verdict import Verdict
from strategies.direction import Direction
from strategies.structures import Leg, uncovered

Rule = Callable[[Case], Verdict]
_NOTHING = Decimal(0)


def trading_state(case: Case) -> Verdict:
    """Refuse unless the desk is open: no reason blocks entries."""
    breakers = case.context.breakers
    blocked = ", ".join(sorted(breakers.blocked))
    return Verdict("trading-state", breakers.may_enter, breakers.state, "OPEN", detail=blocked)


def daily_loss(case: Case) -> Verdict:
    """Refuse once the day's loss has reached its limit."""
    exposure = case.context.exposure
    return Verdict(
        "daily-loss",
        not daily_loss_breached(exposure, case.limits),
        -exposure.profit_of_day_inr,
        case.limits.daily_loss_inr(exposure.day_start_equity_inr),
        "INR",
        "must stay below",
    )


def hours(case: Case) -> Verdict:
    """Refuse outside the session's hours for entries."""
    stages, now = case.context.stages, case.context.now
    window = f"{_told(stages.entries_from)} to {_told(stages.entries_until)}"
    return Verdict("hours", stages.may_enter(now), _told(now), window, "time")


def signal_expired(case: Case) -> Verdict:
    """Refuse an opinion after its last valid moment."""
    now, until = case.context.now, case.proposal.valid_until
    return Verdict("signal-expired", now <= until, _told(now), _told(until), "time")


def duplicate_setup(case: Case) -> Verdict:
    """Refuse a set-up that was already acted on today."""
    setup = case.proposal.setup
    times = int(setup in case.context.seen)
    return Verdict("duplicate-setup", times == 0, Decimal(times), _NOTHING, "entries", setup)


def max_positions(case: Case) -> Verdict:
    """Refuse one position more than the desk may hold, working entries included."""
    allowed = case.limits.max_positions
    return _counted("max-positions", case.context.exposure.count + 1, allowed)


def max_positions_strategy(case: Case) -> Verdict:
    """Refuse one position more than this strategy may hold."""
    proposal = case.proposal
    allowed = min(proposal.max_positions, case.limits.max_positions_per_strategy)
    held = case.context.exposure.count_of(proposal.strategy)
    return _counted("max-positions-strategy", held + 1, allowed, proposal.strategy)


def underlying(case: Case) -> Verdict:
    """Refuse one position more than one underlying may carry."""
    name = case.proposal.underlying
    held = len(case.context.exposure.on(name))
    return _counted("underlying", held + 1, case.limits.max_positions_per_underlying, name)


def new_on_underlying(case: Case) -> Verdict:
    """Refuse one new plan more than one underlying may get in a scan cycle."""
    name = case.proposal.underlying
    new = case.context.new_underlyings.count(name)
    return _counted("new-on-underlying", new + 1, case.limits.max_new_per_underlying, name)


def opposite(case: Case) -> Verdict:
    """Refuse to bet against a position that is open on the same underlying: no reversals.

    An opinion that expects no direction bets against nothing, and nothing against it.
    """
    proposal = case.proposal
    against = [
        risk.key
        for risk in case.context.exposure.on(proposal.underlying)
        if risk.direction * proposal.view < 0
    ]
    count = Decimal(len(against))
    return Verdict("opposite", not against, count, _NOTHING, "positions", ", ".join(against))


def banned(case: Case) -> Verdict:
    """Refuse an underlying in the exchange's ban period, and every share without a list."""
    name = case.proposal.underlying
    is_banned = name in case.context.banned
    measured = _yes(is_banned) if case.context.has_ban_list or not is_banned else "no list"
    return Verdict("banned", not is_banned, measured, "no", detail=name)


def event_window(case: Case) -> Verdict:
    """Refuse while an event of the market or of this underlying blocks entries.

    The detail names every event that is near, blocking or not, with its effects.
    """
    if not case.context.events:
        return Verdict("event-window", True, _NOTHING, _NOTHING, "events")
    near = [each for each in case.context.events if each.concerns(case.proposal.underlying)]
    blocking = Decimal(sum(each.effects.blocks for each in near))
    told = "; ".join(map(str, near))
    return Verdict("event-window", not blocking, blocking, _NOTHING, "events", told)


def expiry(case: Case) -> Verdict:
    """Refuse an expired contract, and one that would soon be settled by delivery."""
    allowed = case.limits.physical_expiry_days + 1 if case.proposal.settles_physically else 0
    today = case.context.stages.flat_by.date()
    dates = [leg.instrument.expiry for leg in case.proposal.legs if leg.instrument.expiry]
    if not dates:
        return Verdict("expiry", True, "no expiry", Decimal(allowed), "days")
    left = (min(dates) - today).days
    return Verdict("expiry", left >= allowed, Decimal(left), Decimal(allowed), "days")


def tradable(case: Case) -> Verdict:
    """Refuse what no order can exist for: an index."""
    indices = _named(case, lambda instrument: not instrument.is_tradable)
    return Verdict("tradable", not indices, indices or "all", "all", detail="orders can exist")


def made_instrument_live(case: Case) -> Verdict:
    """Refuse to send an instrument that a data set made up to a real broker."""
    made = _named(case, lambda instrument: bool(instrument.made_from))
    return Verdict("made-instrument-live", not (case.context.live and made), made or "none", "none")


def naked_short(case: Case) -> Verdict:
    """Refuse to sell options without hedges for real money, unless the limits allow it.

    What is allowed is told in the same words on paper, where nothing is refused.
    """
    naked = ", ".join([leg.instrument.key for leg in _uncovered(case.proposal.legs)])
    anywhere = case.limits.naked_short_live
    passed = anywhere or not case.context.live or not naked
    allowed = "any" if anywhere else "on paper only"
    return Verdict("naked-short", passed, naked or "none", allowed, detail="without a hedge")


def stale_price(case: Case) -> Verdict:
    """Refuse where a leg's price is too old for its segment, or its age unknown."""
    limits = [case.limits.stale_after(leg.instrument.segment) for leg in case.proposal.legs]
    ages = [leg.age_seconds for leg in case.proposal.legs]
    at = _worst(
        [age / limit if limit else math.inf for age, limit in zip(ages, limits, strict=True)], ages
    )
    good = all(age <= limit for age, limit in zip(ages, limits, strict=True))
    told = _own_limit(case, at, case.limits.stale_by_segment)
    return Verdict("stale-price", good, _exact(ages[at]), _exact(limits[at]), "s", told)


def spread(case: Case) -> Verdict:
    """Refuse too wide a spread and, where a quote is required, a missing or crossed book."""
    quotes = [leg.quote for leg in case.proposal.legs]
    limits = [case.limits.spread_of(leg.instrument.segment) for leg in case.proposal.legs]
    if not all(quote.has_book for quote in quotes):
        return Verdict("spread", not case.limits.require_quote, "no book", limits[0], "of middle")
    spreads = [quote.spread_fraction for quote in quotes]
    shares = [wide / float(limit) for wide, limit in zip(spreads, limits, strict=True)]
    at = _worst(shares, spreads)
    good = all(wide <= float(limit) for wide, limit in zip(spreads, limits, strict=True))
    told = _own_limit(case, at, case.limits.spread_by_segment)
    return Verdict("spread", good, _exact(spreads[at]), limits[at], "of middle", told)


def wrong_side(case: Case) -> Verdict:
    """Refuse where the market already stands at or through the stop or the first target."""
    proposal, price = case.proposal, case.proposal.at_touch()
    good = (price - proposal.stop) * proposal.direction > 0 and (
        proposal.target1 - price
    ) * proposal.direction > 0
    between = f"between {proposal.stop} and {proposal.target1}"
    return Verdict("wrong-side", good, _exact(price), between, "INR")


def too_small(case: Case) -> Verdict:
    """Refuse where not even one lot fits; the detail names the cap that binds."""
    quantity, least = case.sizing.quantity, case.proposal.lot_size
    caps = ", ".join(f"{name} {allowed}" for name, allowed in case.sizing.caps)
    detail = f"{case.sizing.binding} binds: {caps}"
    return Verdict(
        "too-small", quantity >= least, Decimal(quantity), Decimal(least), "units", detail
    )


def per_trade_risk(case: Case) -> Verdict:
    """Refuse more risk than one trade may carry, charges and slippage included."""
    allowed = case.limits.trade_budget_inr(case.context.exposure.equity_inr)
    good = case.risk_inr <= allowed
    return Verdict("per-trade-risk", good, case.risk_inr, allowed, "INR", _judged(case))


def heat(case: Case) -> Verdict:
    """Refuse more risk than all open positions may carry together with this one."""
    exposure = case.context.exposure
    after = exposure.heat_inr + case.risk_inr
    allowed = case.limits.heat_budget_inr(exposure.equity_inr)
    return Verdict("heat", after <= allowed, after, allowed, "INR", _judged(case))


def margin(case: Case) -> Verdict:
    """Refuse more margin than may be in use, than the broker has free, or that it did not tell."""
    exposure, funds, detail = case.context.exposure, case.proposal.funds, _judged(case)
    after = exposure.margin_inr + case.margin_inr
    allowed = case.limits.margin_budget_inr(exposure.equity_inr)
    if funds is not None and funds.problem:
        return Verdict("margin", False, "not told", allowed, "INR", funds.problem)
    if funds is not None and case.margin_inr > funds.left_inr:
        told = f"{detail}, {_left_of(funds)}"
        return Verdict("margin", False, case.margin_inr, funds.left_inr, "INR", told)
    told = f"{detail}, told by the broker" if funds is not None else detail
    return Verdict("margin", after <= allowed, after, allowed, "INR", told)


def freeze(case: Case) -> Verdict:
    """Say how many orders the largest leg needs; refuse where one lot is over the freeze."""
    counts = [len(orders_of(leg, case.judged_quantity)) for leg in case.proposal.legs]
    good = all(count > 0 for count in counts)
    allowed = "1 or more" if good else "a freeze of one lot or more"
    return Verdict("freeze", good, Decimal(max(counts)), allowed, "orders a leg", _judged(case))


RULES: tuple[Rule, ...] = (
    trading_state,
    desk_rules.kill_scope,
    desk_rules.stale_account,
    daily_loss,
    desk_rules.cool_down,
    desk_rules.cool_down_strategy,
    desk_rules.order_to_trade,
    hours,
    signal_expired,
    duplicate_setup,
    max_positions,
    max_positions_strategy,
    underlying,
    new_on_underlying,
    opposite,
    desk_rules.correlated,
    banned,
    event_window,
    expiry,
    desk_rules.expiry_day,
    tradable,
    made_instrument_live,
    naked_short,
    stale_price,
    spread,
    price_band,
    wrong_side,
    too_small,
    per_trade_risk,
    desk_rules.expiry_day_risk,
    heat,
    desk_rules.underlying_risk,
    desk_rules.direction_risk,
    desk_rules.strategy_risk,
    desk_rules.correlated_risk,
    margin,
    freeze,
)


def orders_of(leg: ProposedLeg, quantity: int) -> tuple[int, ...]:
    """Return the units of each order the freeze makes of one leg; none where it is under a lot."""
    instrument = leg.instrument
    freeze = instrument.freeze_quantity
    if freeze is not None and freeze < instrument.lot_size:
        return ()
    return slices(quantity * leg.ratio, instrument.lot_size, freeze)


def _counted(rule: str, count: int, allowed: int, detail: str = "") -> Verdict:
    return Verdict(rule, count <= allowed, Decimal(count), Decimal(allowed), "positions", detail)


def _uncovered(legs: tuple[ProposedLeg, ...]) -> tuple[Leg, ...]:
    """Return the sold options that no bought one covers; none is sold where nothing is."""
    if all(leg.side is Side.BUY for leg in legs):
        return ()
    ways = {Side.BUY: Direction.LONG, Side.SELL: Direction.SHORT}
    return uncovered(tuple(Leg(leg.instrument, ways[leg.side], leg.ratio) for leg in legs))


def _named(case: Case, which: Callable[[Instrument], bool]) -> str:
    legs = case.proposal.legs
    return ", ".join([leg.instrument.key for leg in legs if which(leg.instrument)])


def _left_of(funds: Funds) -> str:
    if not funds.promised_inr:
        return "free at the broker"
    return f"left of {funds.free_inr} free at the broker by entries sent since"


def _judged(case: Case) -> str:
    return f"for {case.judged_quantity} units"


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _worst(shares: Sequence[float], measured: Sequence[float]) -> int:
    """Return the place of the leg that is nearest to its limit or furthest beyond it."""
    if len(shares) == 1:
        return 0
    places = range(len(shares))
    return max(places, key=lambda at: (_nan_last(shares[at]), _nan_last(measured[at])))


def _own_limit(case: Case, at: int, limits: Mapping[str, object]) -> str:
    """Return the segment of a leg where it has a limit of its own, empty where it has none."""
    segment = case.proposal.legs[at].instrument.segment
    return f"for {segment.lower()}" if segment in limits else ""


def _nan_last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
