"""Open interest of the traded contract on its way into the ranking."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from tests.unit.trading.engine.builders import (
    BASE,
    FUTURE_COLUMN,
    TODAY,
    at,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import RankingNoted

YESTERDAY = TODAY - timedelta(days=1)
LAST_BAR = datetime.combine(YESTERDAY, at(15, 25).timetz())
BEFORE, NOW = 100_000.0, 108_000.0


def yesterday(oi: float) -> BarGrid:
    """Return the last bar of the session before, with open interest in the future only."""
    prices = np.array([list(BASE.values())], dtype=np.float64)
    units = np.zeros_like(prices)
    units[0, FUTURE_COLUMN] = oi
    return BarGrid(
        timeframe=Timeframe.MINUTES_5,
        start=np.array([int(LAST_BAR.timestamp())]),
        session=np.array([YESTERDAY.toordinal()]),
        minute=np.array([370]),
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.ones_like(prices),
        oi=units,
        gap=np.zeros(prices.shape, dtype=np.bool_),
    )


def ranked(desk: Desk, oi: float) -> RankingNoted:
    """Let the index be spoken of after a bar in which its future had `oi` units open."""
    desk.now = at(9, 29)
    desk.quotes()
    desk.tick(FUTURE_COLUMN, 24_000.0, oi=oi)
    desk.speak()
    (note,) = desk.notes(RankingNoted)
    return note


def test_an_index_is_ranked_by_the_open_interest_of_its_future_since_yesterday():
    desk = Desk()
    desk.engine.warm({Timeframe.MINUTES_5: yesterday(BEFORE)})

    note = ranked(desk, NOW)

    assert dict(note.readings)["oi_change"] == pytest.approx(NOW / BEFORE - 1)
    (regime,) = [grade.long for grade in note.grades if grade.feature == "regime"]
    assert regime == pytest.approx(0.7)


@pytest.mark.parametrize(("before", "now"), [(None, NOW), (0.0, NOW), (BEFORE, 0.0)])
def test_what_is_not_known_of_yesterday_or_today_is_no_change(before: float | None, now: float):
    desk = Desk()
    if before is not None:
        desk.engine.warm({Timeframe.MINUTES_5: yesterday(before)})

    note = ranked(desk, now)

    assert dict(note.readings)["oi_change"] is None
