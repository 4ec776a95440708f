"""May we, by the prices of the orders a plan would send: the day's bands, and limit protection.

What else is asked of a proposal lives in `rules.py`, which also says the order of all rules.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf

from execution.price_protection import protection_range
from marketdata.instruments import Instrument
from risk.case import Case
from risk.verdict import Verdict

_PAISA = Decimal("0.01")


def price_band(case: Case) -> Verdict:
    """Refuse where an order of the plan would have a price that the exchange turns away.

    That is outside the contract's price band, or too far from its market (limit price
    protection): an entry from the middle of the book, a stop's limit from its trigger, as it is
    looked at in the moment it is triggered. The stop that is to rest counts like the entry: one
    that is refused protects nothing. A day without bands, made or recorded, refuses nothing for
    them; a contract without one is refused.
    """
    if too_far := _too_far(case):
        return too_far
    if case.context.bands is None:
        return Verdict("price-band", True, "no bands", "any price", detail="none told today")
    judged = [_banded(case, *price) for price in _order_prices(case)]
    if not judged:
        return Verdict("price-band", True, "no price", "any price")
    return next((verdict for verdict in judged if not verdict.passed), judged[0])


def _too_far(case: Case) -> Verdict | None:
    """Return the verdict on the first order beyond its exchange's limit price protection."""
    ticks, stops = case.limits.chase_ticks, case.context.stops
    for leg in case.proposal.legs:
        instrument, price, fair = leg.instrument, leg.limit_price(ticks), leg.quote.fair
        if price is not None and 0 < fair < inf:
            order = ("entry", Decimal(repr(fair)), price)
            if found := _beyond(case, instrument, order):
                return found
        rests = [stop for key, stop in stops if key == instrument.key]
        if len(rests) > 1 and (found := _beyond(case, instrument, ("stop", rests[0], rests[1]))):
            return found
    return None


def _beyond(
    case: Case, instrument: Instrument, order: tuple[str, Decimal, Decimal]
) -> Verdict | None:
    """Return the refusal of an order: what it is, what its price is held against, its price."""
    what, reference, price = order
    reach = protection_range(instrument, reference, case.context.day)
    if reach is None or reach[0] <= price <= reach[1]:
        return None
    low, high = (bound.quantize(_PAISA) for bound in reach)
    detail = f"{what} of {instrument.key}, limit price protection"
    return Verdict("price-band", False, price, f"{low} to {high}", "INR", detail)


def _order_prices(case: Case) -> list[tuple[str, str, Decimal]]:
    """Return what each order of the plan is for, its contract's key and its price."""
    ticks = case.limits.chase_ticks
    limits = ((leg.instrument.key, leg.limit_price(ticks)) for leg in case.proposal.legs)
    entries = [("entry", key, price) for key, price in limits if price is not None]
    return entries + [("stop", key, price) for key, price in case.context.stops]


def _banded(case: Case, what: str, key: str, price: Decimal) -> Verdict:
    band = (case.context.bands or {}).get(key)
    if band is None:
        return Verdict("price-band", False, price, "no band", "INR", f"{what} of {key}")
    low, high = band
    good = low <= price <= high
    return Verdict("price-band", good, price, f"{low} to {high}", "INR", f"{what} of {key}")
