"""A second order that the broker made of one leg's entry: held like anything else, trimmed."""

from __future__ import annotations

from execution.orders import OrderState, Role
from tests.unit.trading.engine.legs import HIGH_PUT, LOW_PUT, STRANGLE, LegsDesk, leave, states
from tests.unit.trading.engine.test_twins import twin_of
from trading.engine.invariants import check


def test_a_hedge_that_was_bought_twice_is_sold_down_to_its_ratio() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.tell(twin_of(desk, desk.leg(LOW_PUT).entries[0], OrderState.FILLED, 130))

    assert desk.sent(Role.EXIT) == [(LOW_PUT, -130)]
    desk.fill_all(Role.EXIT)
    assert [leg.open_quantity for leg in desk.plan.legs] == [130] * 4
    assert states(desk) == [("OPEN", "")]
    check(desk.engine)


def test_a_leg_sold_twice_beyond_its_hedge_sends_the_whole_plan_out() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.tell(twin_of(desk, desk.leg(HIGH_PUT).entries[0], OrderState.FILLED, 130))

    assert (HIGH_PUT, 260) in desk.sent(Role.EXIT)
    assert desk.leg(LOW_PUT).closing is None
    leave(desk)
    assert states(desk)[-1][0] == "CLOSED"
    assert not desk.engine.ledger.alive()


def test_a_naked_leg_sold_twice_is_protected_and_bought_back() -> None:
    desk = LegsDesk(STRANGLE)
    desk.enter_legs()

    desk.tell(twin_of(desk, desk.leg(HIGH_PUT).entries[0], OrderState.FILLED, 130))

    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 130)]
    check(desk.engine)
    desk.fill_all(Role.EXIT)
    assert [leg.open_quantity for leg in desk.plan.legs] == [130, 130]
