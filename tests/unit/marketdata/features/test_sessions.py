"""What of each indicator ends with the session: all, nothing, or a part told in its own test."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.bars import BarGrid
from marketdata.features.catalogue import ONE_OF_EACH
from marketdata.features.oi_change import OIChange
from marketdata.features.realised_volatility import RealisedVolatility
from marketdata.features.retest import RetestedBreak
from marketdata.features.session_context import SessionContext
from marketdata.features.session_range import SessionRange
from marketdata.features.time_of_day import TimeOfDay
from marketdata.features.vwap import SessionVWAP
from marketdata.features.vwap_distance import VWAPDistance

A_DAY = 30
DAYS = 5
OF_THE_SESSION = (SessionVWAP, VWAPDistance, SessionRange, TimeOfDay)
PARTLY = (SessionContext, OIChange, RealisedVolatility, RetestedBreak)
BEGINS_ANEW = [f for f in ONE_OF_EACH if isinstance(f, OF_THE_SESSION)]
GOES_ON = [f for f in ONE_OF_EACH if not isinstance(f, (*OF_THE_SESSION, *PARTLY))]
FEW = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SEEDS = st.integers(0, 2**32 - 1)


def named(feature: object) -> str:
    return type(feature).__name__


def day_of(grid: BarGrid, number: int) -> BarGrid:
    rows = slice(number * A_DAY, (number + 1) * A_DAY)
    names = [field.name for field in fields(grid) if field.name != "timeframe"]
    return BarGrid(grid.timeframe, **{name: getattr(grid, name)[rows] for name in names})


def in_one_session(grid: BarGrid) -> BarGrid:
    return replace(grid, session=np.full_like(grid.session, grid.session[0]))


@pytest.mark.parametrize("feature", BEGINS_ANEW, ids=named)
@FEW
@given(seed=SEEDS, day=st.integers(1, DAYS - 1))
def test_what_is_of_the_session_knows_nothing_of_the_days_before(make_market, feature, seed, day):
    grid = make_market(seed, rows=DAYS * A_DAY, columns=3, holes=True)

    whole = feature.run(grid)[:, day * A_DAY : (day + 1) * A_DAY]

    assert whole.tobytes() == feature.run(day_of(grid, day)).tobytes()


@pytest.mark.parametrize("feature", GOES_ON, ids=named)
@FEW
@given(seed=SEEDS)
def test_what_goes_on_does_not_know_where_a_session_begins(make_market, feature, seed):
    grid = make_market(seed, rows=DAYS * A_DAY, columns=3, holes=True)

    assert feature.run(grid).tobytes() == feature.run(in_one_session(grid)).tobytes()


@pytest.mark.parametrize("feature", GOES_ON, ids=named)
def test_what_goes_on_is_already_warm_at_the_first_bar_of_a_day(make_market, feature):
    grid = make_market(11, rows=DAYS * A_DAY, columns=3, holes=False)
    last = DAYS - 1

    first_bar = feature.run(grid)[0, last * A_DAY]
    alone = feature.run(day_of(grid, last))[0, 0]

    assert feature.warm_up < last * A_DAY
    assert np.isfinite(first_bar).any()
    assert feature.warm_up == 0 or np.isnan(alone).all()


@pytest.mark.parametrize("feature", [f for f in ONE_OF_EACH if isinstance(f, PARTLY)], ids=named)
def test_what_is_partly_of_the_session_does_neither(make_market, feature):
    grid = make_market(12, rows=DAYS * A_DAY, columns=3, holes=False)
    whole = feature.run(grid)

    assert whole.tobytes() != feature.run(in_one_session(grid)).tobytes()
    assert whole[:, -A_DAY:].tobytes() != feature.run(day_of(grid, DAYS - 1)).tobytes()
