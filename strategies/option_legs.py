"""From chosen options to a structure: executable prices, outlook, levels, and every reason not.

Which options are chosen stands in `option_shapes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum

from msgspec.structs import replace

from marketdata.calendar import IST
from marketdata.options.greeks import Horizon
from strategies.calendar_payoff import Spans, over_two_expiries
from strategies.option_levels import Leaving, Levels
from strategies.option_limits import (
    ANY_CHAIN,
    ANY_LEG,
    ANY_OUTLOOK,
    ChainLimits,
    LegLimits,
    OutlookLimits,
)
from strategies.option_strikes import Pick
from strategies.outlook import LegReading, NetGreeks, Outlook
from strategies.payoff import Held, bounds, break_evens, chance_of_profit, profit_at
from strategies.signals import Direction, Signal
from strategies.structures import Leg, NotPossible, Structure, StructureKind


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a structure is traded: where it is left, and what it must be like."""

    levels: Levels
    leaving: Leaving
    chain: ChainLimits = ANY_CHAIN
    legs: LegLimits = ANY_LEG
    outlook: OutlookLimits = ANY_OUTLOOK


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind of structure and the way its cash must flow: `LONG` pays, `SHORT` takes in."""

    kind: StructureKind
    way: Direction


def structure_of(
    signal: Signal, wanted: Wanted, picks: Sequence[Pick], terms: Terms
) -> Structure | NotPossible:
    """Return the structure of some picks at executable prices, or the first reason against it.

    `picks` come in the order in which they are noted; all of one underlying.
    """
    fault = _faults(signal, picks, terms)
    if fault:
        return NotPossible(f"{wanted.kind}: {fault}")
    cost = fsum(each.sign * each.touch for each in picks)
    entry = wanted.way * cost
    if not entry > 0:
        word = "paid" if wanted.way is Direction.LONG else "taken in"
        return NotPossible(f"{wanted.kind}: {entry:.2f} a unit would be {word}, expected above 0")
    outlook = outlook_of(picks, wanted.way)
    fault = terms.outlook.fault(outlook, wanted.way, entry, picks[0].instrument.lot_size)
    if not fault and not outlook.max_profit > 0:
        fault = f"it cannot gain: {entry:.2f} a unit"
    if fault:
        return NotPossible(f"{wanted.kind}: {fault}")
    return _made(signal, wanted, picks, (entry, outlook, terms))


def outlook_of(picks: Sequence[Pick], way: Direction) -> Outlook:
    """Return what some picks, entered at executable prices, can come to at the first expiry."""
    near = min((each.chain for each in picks), key=lambda chain: chain.columns.expiry)
    held = [Held(each.strike, each.is_call, each.sign, each.touch) for each in picks]
    fair = way * fsum(each.sign * each.mid for each in picks)
    legs = tuple(reading_of(each) for each in picks)
    if len({each.chain.columns.expiry for each in picks}) > 1:
        return replace(over_two_expiries(_spans(picks), net_greeks(picks), fair), legs=legs)
    loss, profit = bounds(held)
    zeros = break_evens(held)
    horizon = Horizon(near.forward, near.years, near.discount)
    return Outlook(
        max_loss=loss,
        max_profit=profit,
        break_evens=zeros,
        probability_of_profit=chance_of_profit(
            partial(profit_at, held), zeros, horizon, near.atm_iv
        ),
        greeks=net_greeks(picks),
        fair=fair,
        legs=legs,
    )


def reading_of(each: Pick) -> LegReading:
    """Return what the chain says of one picked option."""
    chain, at = each.chain, (each.place, each.side)
    greeks = (float(values[at]) for values in (chain.delta, chain.gamma, chain.theta, chain.vega))
    return LegReading(each.mid, each.touch, float(chain.smile[each.place]), NetGreeks(*greeks))


def net_greeks(picks: Sequence[Pick]) -> NetGreeks:
    """Return the greeks of one unit of everything picked."""

    read = [(each.sign, reading_of(each).greeks) for each in picks]
    return NetGreeks(
        delta=fsum(sign * greeks.delta for sign, greeks in read),
        gamma=fsum(sign * greeks.gamma for sign, greeks in read),
        theta=fsum(sign * greeks.theta for sign, greeks in read),
        vega=fsum(sign * greeks.vega for sign, greeks in read),
    )


def _faults(signal: Signal, picks: Sequence[Pick], terms: Terms) -> str:
    lots = {each.instrument.lot_size for each in picks}
    if len(lots) > 1:
        return f"lot sizes {', '.join(map(str, sorted(lots)))} differ, expected one"
    chains = list({id(each.chain): each.chain for each in picks}.values())
    for chain in chains:
        fault = terms.chain.fault(chain, signal)
        if fault:
            return fault
    return next(filter(None, (terms.legs.fault(each) for each in picks)), "")


def _spans(picks: Sequence[Pick]) -> Spans:
    ordered = sorted(picks, key=lambda each: each.chain.columns.expiry)
    near = [each for each in ordered if each.chain is ordered[0].chain]
    far = [each for each in ordered if each.chain is not ordered[0].chain]
    return Spans.of(near, far)


def _made(
    signal: Signal,
    wanted: Wanted,
    picks: Sequence[Pick],
    told: tuple[float, Outlook, Terms],
) -> Structure | NotPossible:
    entry, outlook, terms = told
    ways_out = terms.leaving.ways_out(signal)
    if ways_out.until is not None and ways_out.until <= signal.at:
        return NotPossible(
            f"{wanted.kind}: it has to be out by {terms.leaving.out_at}, "
            f"expected later than {signal.at.astimezone(IST):%H:%M}"
        )
    stop, first, last = terms.levels.placed(entry, wanted.way, outlook)
    if not (entry - stop) * wanted.way > 0 or not min(stop, first, last) > 0:
        return NotPossible(
            f"{wanted.kind}: stop {stop:.2f} and targets {first:.2f}, {last:.2f} cannot be "
            f"reached from {entry:.2f}"
        )
    return Structure(
        kind=wanted.kind,
        legs=tuple(Leg(each.instrument, each.direction, each.ratio) for each in picks),
        direction=wanted.way,
        entry=entry,
        stop=stop,
        target1=first,
        target2=last,
        signal=signal,
        outlook=outlook,
        ways_out=ways_out,
    )
