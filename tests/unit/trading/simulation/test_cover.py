from __future__ import annotations

from datetime import datetime

from execution.orders import OrderRequest, OrderState, OrderType, OrderUpdate, Role, Side
from marketdata.calendar import IST
from marketdata.instruments import Instrument
from trading.simulation.cover import CoverClock, uncovered
from trading.simulation.floor import Row
from trading.simulation.market import FUTURE, HIGH_CALL, LOW_CALL, D

NOW = datetime(2026, 10, 6, 9, 16, tzinfo=IST)


def resting(item: Instrument, side: Side, quantity: int, filled: int = 0) -> Row:
    request = OrderRequest(
        "A1", item, side, quantity, OrderType.LIMIT, Role.STOP, "P1", price=D("50")
    )
    word = OrderUpdate("A1", "B1", NOW, OrderState.OPEN, filled_quantity=filled)
    return Row("A1", "A1", "B1", request, word, is_there=True)


def test_what_is_held_and_not_sold_at_the_broker_is_not_covered():
    bare = uncovered([resting(FUTURE, Side.SELL, 65)], {FUTURE.key: 130})

    assert bare[FUTURE.key] == 65


def test_a_stop_that_has_filled_covers_no_more():
    bare = uncovered([resting(FUTURE, Side.SELL, 130, filled=65)], {FUTURE.key: 130})

    assert bare[FUTURE.key] == 65


def test_a_call_sold_is_covered_by_a_call_bought():
    held = {LOW_CALL.key: -65, HIGH_CALL.key: 65}

    assert uncovered([], held)["CE"] <= 0
    assert uncovered([], {LOW_CALL.key: -65})["CE"] == 65


def test_the_clock_runs_through_until_it_is_covered_or_a_cause_is_told():
    clock = CoverClock()

    assert clock.look(1.0, {"A": 5}, "") == [("A", 1.0)]
    assert clock.look(4.0, {"A": 2}, "") == [("A", 1.0)]
    assert clock.look(5.0, {"A": 2}, "process dead") == []
    assert clock.look(6.0, {"A": 2}, "") == [("A", 6.0)]
    assert clock.look(6.5, {"A": 0}, "") == []
    assert clock.longest == 4.0
