"""From an opinion to a candidate: the structure its strategy trades it in, and what that measures.

Which candidates go on is decided by the ranking, and whether they are traded by the gate.
"""

from __future__ import annotations

from strategies.base import Strategy
from strategies.opportunities import Candidate
from strategies.signals import Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import OPTIONS, Leg, NotPossible, Quote, Structure
from trading.engine.event_effects import event_of, widened, windows_near
from trading.engine.proposals import charges_of_a_lot
from trading.engine.quarantine import FAULTS, StrategyFault, told
from trading.engine.settings import EngineSetup


def candidate_of(
    setup: EngineSetup,
    strategy: Strategy,
    signal: Signal,
    market: StructureMarket,
    distance_from_vwap: float,
) -> Candidate | NotPossible:
    """Return what would be traded for an opinion, measured over all legs, or why nothing can be.

    Of several legs the widest spread and the thinnest book count. Raises `StrategyFault` where the
    strategy's own rule fails.
    """
    try:
        structure = strategy.structure.build(signal, market)
    except FAULTS as error:
        raise StrategyFault(f"structure: {told(error)}") from error
    if isinstance(structure, NotPossible):
        return structure
    near = windows_near(setup.event_windows, market.at, structure.underlying)
    structure = widened(structure, near)
    quotes = [market.quote(leg.instrument) for leg in structure.legs]
    fault = _fault(structure, quotes)
    if fault:
        return NotPossible(fault)
    return Candidate(
        signal=signal,
        structure=structure,
        column=setup.universe.column_of(signal.instrument.key),
        spread_fraction=max([quote.spread_fraction for quote in quotes]),
        depth_in_lots=min(map(_depth_in_lots, structure.legs, quotes)),
        costs_to_reward=_costs(setup, structure, quotes) / structure.reward,
        event=event_of(near),
        distance_from_vwap=distance_from_vwap,
    )


def _depth_in_lots(leg: Leg, quote: Quote) -> float:
    lot = leg.instrument.lot_size * leg.ratio
    return min(quote.bid_quantity, quote.ask_quantity) / lot


def _costs(setup: EngineSetup, structure: Structure, quotes: list[Quote]) -> float:
    """Return the charges of one lot's round trip in rupees a unit."""
    lot = structure.legs[0].instrument.lot_size
    charged = setup.execution.with_charges
    return charges_of_a_lot(structure, quotes, setup.day, with_charges=charged) / lot


def _fault(structure: Structure, quotes: list[Quote]) -> str:
    """Return why what the structure says cannot be traded, empty where it can."""
    legs, way = structure.legs, structure.direction
    for item in (leg.instrument for leg in legs):
        if item.freeze_quantity is not None and item.freeze_quantity < item.lot_size:
            return f"{item.symbol}: freeze {item.freeze_quantity} under a lot of {item.lot_size}"
    if len(legs) == 1 and legs[0].instrument.kind not in OPTIONS:
        return ""
    symbols = ", ".join(leg.instrument.symbol for leg in legs)
    if any(leg.instrument.kind not in OPTIONS for leg in legs):
        return f"{symbols}: expected options only where there are several legs"
    if len({leg.instrument.lot_size for leg in legs}) > 1:
        return f"{symbols}: lots differ, expected one size"
    if not all(
        quote.executable(leg.direction) > 0 for leg, quote in zip(legs, quotes, strict=True)
    ):
        return f"{symbols}: a leg has no price"
    near, far = structure.target1 - structure.entry, structure.target2 - structure.target1
    if not (structure.entry > 0 and near * way > 0 and far * way >= 0):
        return (
            f"{symbols}: entry {structure.entry:.2f}, targets {structure.target1:.2f} and "
            f"{structure.target2:.2f}, expected each further than the one before"
        )
    return ""
