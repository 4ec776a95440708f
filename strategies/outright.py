"""The plain way to trade an opinion: the share itself, or the future of its index.

What an opinion becomes in options stands in the files of option structures.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from marketdata.instruments import Instrument, Kind
from strategies.direction import LONG, NEUTRAL, SHORT
from strategies.outlook import NetGreeks, Outlook
from strategies.signals import Direction, Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import Leg, NotPossible, Quote, Structure, StructureKind

_GREEKS = {
    LONG: NetGreeks(delta=1.0, gamma=0.0, theta=0.0, vega=0.0),
    SHORT: NetGreeks(delta=-1.0, gamma=0.0, theta=0.0, vega=0.0),
}
_SHARES = StructureKind.SHARES
_KIND_OF = {Kind.FUTURE: StructureKind.FUTURE, Kind.EQUITY: _SHARES}


@dataclass(frozen=True, slots=True)
class Outright:
    """Trade the share of an opinion on a share, the future of one on an index."""

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the structure of one leg, as `as_contract` tells it."""
        traded = market.contract_of(signal)
        if traded is None:
            return NotPossible(f"{signal.instrument.symbol} has nothing to be traded as")
        return as_contract(signal, traded, market.quote(signal.instrument), market.quote(traded))


def as_contract(
    signal: Signal, traded: Instrument, own: Quote, contract: Quote
) -> Structure | NotPossible:
    """Return the outright structure that trades `traded` for `signal`.

    `own` is the quote of the signal's instrument, `contract` of the traded one. Levels of a
    future move by the basis, its fair price less `own.last`, so that their distances from each
    other are kept; a share's own levels stay. Not possible for an index or an option, for an
    opinion without a direction, without prices, or when the entry is already at or beyond the
    stop or the first target.
    """
    kind = _kind_of(signal, traded)
    if kind is None:
        return NotPossible(f"{traded.symbol} ({traded.kind}) cannot stand for the opinion")
    entry = contract.executable(signal.direction)
    basis = 0.0 if traded.key == signal.instrument.key else contract.fair - own.last
    if not (entry > 0 and contract.fair > 0 and (basis == 0.0 or own.last > 0)):
        return NotPossible(f"{traded.symbol} or {signal.instrument.symbol} has no price")
    stop, first = signal.stop + basis, signal.target1 + basis
    if (entry - stop) * signal.direction <= 0:
        return NotPossible(f"{traded.symbol} at {entry:.2f} is at or beyond the stop {stop:.2f}")
    if (first - entry) * signal.direction <= 0:
        return NotPossible(f"{traded.symbol} at {entry:.2f} has reached the target {first:.2f}")
    leg = Leg(traded, signal.direction, 1)
    last = signal.target2 + basis
    outlook = _outlook(signal.direction, entry, contract.fair)
    return Structure(kind, (leg,), signal.direction, entry, stop, first, last, signal, outlook)


def _kind_of(signal: Signal, traded: Instrument) -> StructureKind | None:
    if signal.direction is NEUTRAL:
        return None
    kind = _KIND_OF.get(traded.kind)
    own = kind is not _SHARES or traded.key == signal.instrument.key
    return kind if own else None


def _outlook(direction: Direction, entry: float, fair: float) -> Outlook:
    is_long = direction is LONG
    return Outlook(
        max_loss=entry if is_long else inf,
        max_profit=inf if is_long else entry,
        break_evens=(entry,),
        greeks=_GREEKS[direction],
        fair=fair,
    )
