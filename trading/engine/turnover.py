"""How much of its contracts a candidate finds traded today and open, in lots.

What is too little is the ranking's to say.
"""

from __future__ import annotations

import math

from msgspec.structs import replace

from marketdata.instruments import Instrument
from marketdata.panel import Panel
from marketdata.universe import Universe
from strategies.opportunities import Candidate


def with_turnover(candidate: Candidate, universe: Universe, panel: Panel) -> Candidate:
    """Return a candidate with the fewest lots traded and open of its legs.

    A feed that has 0 doesn't tell, as open interest of shares; that leg then doesn't count.
    """
    legs = candidate.structure.legs
    if len(legs) == 1:
        item = legs[0].instrument
        at = universe.column_of(item.key)
        told = (_lots(item, int(panel.volume.item(at))), _lots(item, int(panel.oi.item(at))))
        return replace(candidate, volume_lots=told[0], open_interest_lots=told[1])
    places = [(leg.instrument, universe.column_of(leg.instrument.key)) for leg in legs]
    volume, oi = panel.volume, panel.oi
    return replace(
        candidate,
        volume_lots=_fewest([_lots(item, int(volume.item(at))) for item, at in places]),
        open_interest_lots=_fewest([_lots(item, int(oi.item(at))) for item, at in places]),
    )


def _lots(instrument: Instrument, units: int) -> float:
    return units / instrument.lot_size if units > 0 else math.nan


def _fewest(lots: list[float]) -> float:
    return min((each for each in lots if not math.isnan(each)), default=math.nan)
