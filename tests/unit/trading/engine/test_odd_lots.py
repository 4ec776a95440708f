"""Fills that are no whole number of lots: what they bring is protected, left, and told of."""

from __future__ import annotations

import pytest

from execution.orders import Role
from tests.unit.trading.engine.builders import FUTURE, FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import HIGH_CALL, LOW_PUT, LegsDesk, leave
from trading.engine.actions import AlertNoted, RiskNoted
from trading.engine.odd_lots import whole_lots
from trading.engine.trades import PlanState


def resting(desk: Desk, role: Role = Role.STOP) -> list[int]:
    return [order.left for order in desk.working(role)]


def alerts(desk: Desk) -> list[tuple[str, str]]:
    return [(alert.kind, alert.text) for alert in desk.notes(AlertNoted)]


@pytest.mark.parametrize(("quantity", "expected"), [(1, 65), (64, 65), (65, 65), (129, 65)])
def test_lots_are_counted_down_but_never_to_none(quantity, expected):
    assert whole_lots(quantity, 65) == expected


def test_less_than_a_lot_is_protected_and_told():
    desk = Desk()
    desk.speak()

    desk.fill(desk.trade.entries[0], 30, 24_000.1)

    assert desk.trade.state is PlanState.OPEN
    assert resting(desk) == [30]
    code, symbol = desk.trade.plan_id, FUTURE.symbol
    told = f"{code}: 30 units filled of {symbol}, not whole lots of 65; 30 are held"
    assert alerts(desk) == [("odd-lot", told)]
    [risk] = [note for note in desk.notes(RiskNoted) if note.kind == "odd-lot"]
    assert (risk.severity, risk.text) == ("CRITICAL", told)


def test_what_completes_a_lot_rests_in_one_stop_again():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 30, 24_000.1)

    desk.fill(desk.trade.entries[0], 100, 24_000.1)

    assert resting(desk) == [130]


def test_a_stop_of_whole_lots_is_never_changed_to_an_odd_quantity():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    desk.fill(desk.trade.entries[0], 30, 24_000.1)

    assert resting(desk) == [65, 30]


def test_an_exchange_that_takes_no_part_of_a_lot_makes_the_plan_leave():
    desk = Desk()
    desk.speak()
    desk.broker.next("STOP", "accept", "refuse")
    desk.broker.next("EXIT", "refuse")

    desk.fill(desk.trade.entries[0], 100, 24_000.1)

    assert desk.trade.state is PlanState.CLOSING
    assert resting(desk) == [65]
    assert [kind for kind, _ in alerts(desk)] == ["odd-lot", "stop-refused", "exit-refused"]
    desk.wait(2)
    assert resting(desk, Role.EXIT) == [35]


def test_the_first_target_takes_out_whole_lots_of_an_odd_holding():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 129, 24_000.1)
    desk.wait(31)

    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert sum(resting(desk) + resting(desk, Role.EXIT)) == 129


def test_an_exit_that_fills_a_part_of_a_lot_is_told_and_the_rest_stays_covered():
    desk = Desk()
    desk.enter()

    desk.fill(desk.trade.stops[0], 30, 23_950.0)

    assert [kind for kind, _ in alerts(desk)] == ["odd-lot"]
    assert resting(desk) == [100]


def test_a_leg_that_fills_a_part_of_a_lot_is_unwound():
    desk = LegsDesk()
    desk.speak()
    for order in desk.alive():
        column = order.request.instrument.token - 1
        part = 30 if column == LOW_PUT else order.left
        desk.fill(order.request.client_id, part, desk.prices[column])

    desk.wait(30)

    sold = {o.request.instrument.token - 1: o.left for o in desk.working(Role.EXIT)}
    assert sold == {LOW_PUT: 30, HIGH_CALL: 130}
    leave(desk)
    assert desk.plan.state is PlanState.CLOSED
