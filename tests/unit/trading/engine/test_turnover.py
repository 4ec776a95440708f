from __future__ import annotations

import math

from strategies.opportunities import Candidate
from tests.unit.trading.engine.builders import at
from tests.unit.trading.engine.desk import tick
from tests.unit.trading.engine.test_candidates import CONDOR, asked, desk
from trading.engine.scan import new_panel
from trading.engine.settings import EngineSetup
from trading.engine.turnover import with_turnover


def told(setup: EngineSetup, candidate: Candidate, **by_symbol: dict[str, float]) -> Candidate:
    """Return the candidate as the panel knows it after a tick of each leg."""
    panel = new_panel(setup)
    for leg in candidate.structure.legs:
        fields = {"volume": 0.0, "oi": 0.0, **by_symbol.get(leg.instrument.symbol, {})}
        panel.apply(tick(leg.instrument.token, 50.0, at(9, 30), **fields))
    return with_turnover(candidate, setup.universe, panel)


def test_of_several_legs_the_fewest_lots_count() -> None:
    candidate = asked(CONDOR)
    assert isinstance(candidate, Candidate)
    first, second, *_ = [leg.instrument for leg in candidate.structure.legs]
    lot = first.lot_size

    found = told(
        desk(),
        candidate,
        **{
            first.symbol: {"volume": 40.0 * lot, "oi": 900.0 * lot},
            second.symbol: {"volume": 30.0 * lot, "oi": 1_000.0 * lot},
        },
    )

    assert (found.volume_lots, found.open_interest_lots) == (30.0, 900.0)


def test_what_the_feed_does_not_tell_is_unknown() -> None:
    candidate = asked(CONDOR)
    assert isinstance(candidate, Candidate)

    found = told(desk(), candidate)

    assert math.isnan(found.volume_lots)
    assert math.isnan(found.open_interest_lots)
