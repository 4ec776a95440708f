"""Exits of a contract whose price stands at the edge of its band and finds nobody to take it."""

from __future__ import annotations

import pytest

from execution.orders import Role
from tests.unit.trading.engine.builders import FUTURE_COLUMN, D, at
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import ModifyOrder
from trading.engine.events import BandsTold, CommandIssued, CommandKind

KEY = "NFO:NIFTY26OCTFUT"


def banded(low: str, high: str = "26400") -> BandsTold:
    return BandsTold(at(9, 16), "kite", at(9, 5), ((KEY, D(low), D(high)),))


def leaving(low: str, last: float, **quote: float) -> Desk:
    """Return a desk that was told to be flat while the price stands at `last`."""
    desk = Desk()
    desk.tell(banded("21600"))
    desk.enter()
    desk.tell(banded(low))
    desk.broker.next("modify", "refuse")
    desk.tick(FUTURE_COLUMN, last, **quote)
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    return desk


@pytest.mark.parametrize("quote", [{"bid": 0.0}, {"bid": 23_960.0}, {"bid": 23_960.1}])
def test_an_exit_never_asks_for_less_than_the_band_allows(quote):
    desk = leaving("23960", 23_960.05, **quote)

    [exit_] = desk.working(Role.EXIT)
    assert exit_.request.price == D("23960.00")


def test_an_exit_at_the_edge_of_the_band_keeps_its_place_in_the_queue():
    desk = leaving("23960", 23_960.0, bid=0.0)
    before = len(desk.notes(ModifyOrder))

    desk.wait(25)

    assert len(desk.notes(ModifyOrder)) == before


def test_an_exit_goes_below_a_band_that_the_market_has_left_behind():
    desk = leaving("23960", 23_955.0)

    [exit_] = desk.working(Role.EXIT)
    assert exit_.request.price < D("23955")
