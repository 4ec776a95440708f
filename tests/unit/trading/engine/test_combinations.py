from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.orders import OrderState, Role
from risk.exits import ExitReason
from tests.unit.trading.engine.builders import STOPS_AND_TARGETS, D, at
from tests.unit.trading.engine.legs import (
    CONDOR,
    HIGH_CALL,
    HIGH_PUT,
    LONG_STRANGLE,
    LOW_CALL,
    LOW_PUT,
    STRANGLE,
    LegsDesk,
    command,
    leave,
    states,
)
from trading.engine.actions import (
    PlanMoved,
    RiskNoted,
)
from trading.engine.events import CommandKind, TimerFired
from trading.engine.trades import PlanState


def test_no_stop_rests_for_a_hedged_leg() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    assert states(desk) == [("OPEN", "")]
    assert desk.sent(Role.STOP) == []
    assert desk.plan.exit_plan.entry == pytest.approx(60.0)


def test_the_gate_sees_one_position_of_all_legs() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    exposure = desk.engine.ledger.exposure(desk.engine.last_prices())

    (risk,) = exposure.open
    assert (risk.key, risk.underlying, risk.quantity) == (desk.plan.plan_id, "NIFTY", 130)
    assert risk.working is False


def test_the_risk_is_never_more_than_what_can_be_lost() -> None:
    far = CONDOR.__class__(CONDOR.legs, -1, 500.0, 20.0, 40.0, 40.5)
    desk = LegsDesk(far)
    desk.enter_legs()

    (risk,) = desk.engine.ledger.exposure(desk.engine.last_prices()).open

    # Paid for at the middle, 0.4 better than at the touch: 40.1 a unit of 130.
    assert risk.risk_inr == pytest.approx(130 * (40.5 - 0.4), abs=0.01)


def test_the_stop_on_the_value_closes_the_sold_legs_and_then_the_hedges() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.move(LOW_CALL, 85.0)

    assert states(desk)[-1] == ("CLOSING", ExitReason.HARD_STOP)
    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 130), (LOW_CALL, 130)]
    desk.fill_all(Role.EXIT)
    assert desk.sent(Role.EXIT)[2:] == [(LOW_PUT, -130), (HIGH_CALL, -130)]
    desk.fill_all(Role.EXIT)
    assert states(desk)[-1] == ("CLOSED", ExitReason.HARD_STOP)
    assert not desk.engine.ledger.alive()


def test_just_inside_the_stop_stays() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    # The stop is 89.6: entered at 60, one leg may rise by 29.55.
    desk.move(LOW_CALL, 55.0 + 29.5)

    assert states(desk) == [("OPEN", "")]


def test_one_side_that_is_not_flat_keeps_every_hedge() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.move(LOW_CALL, 85.0)

    desk.fill(desk.leg(HIGH_PUT).exits[0], 130, 50.0)

    assert len(desk.sent(Role.EXIT)) == 2
    assert desk.leg(LOW_PUT).closing is None


def test_the_first_target_takes_half_of_every_leg() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.move(LOW_CALL, 34.5)
    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 65), (LOW_CALL, 65)]
    desk.fill_all(Role.EXIT)
    assert desk.sent(Role.EXIT)[2:] == [(LOW_PUT, -65), (HIGH_CALL, -65)]
    desk.fill_all(Role.EXIT)

    assert [leg.open_quantity for leg in desk.plan.legs] == [65] * 4
    assert states(desk) == [("OPEN", ""), ("PARTLY_CLOSED", ExitReason.TARGET1)]


def test_the_second_target_takes_the_rest() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.move(LOW_CALL, 34.5)
    desk.fill_all(Role.EXIT)
    desk.fill_all(Role.EXIT)

    desk.move(LOW_CALL, 14.0)
    leave(desk)

    assert states(desk)[-1] == ("CLOSED", ExitReason.TARGET2)


@pytest.mark.parametrize("column", [LOW_PUT, HIGH_PUT])
def test_closing_one_leg_closes_all(column: int) -> None:
    desk = LegsDesk()
    desk.enter_legs()

    command(desk, CommandKind.CLOSE_POSITION, desk.leg(column).plan_id)
    leave(desk)

    assert states(desk)[-1] == ("CLOSED", ExitReason.MANUAL)


def test_the_plan_itself_can_be_closed() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    command(desk, CommandKind.CLOSE_POSITION, desk.plan.plan_id)
    command(desk, CommandKind.CLOSE_POSITION, desk.plan.plan_id, number=2)
    leave(desk)
    command(desk, CommandKind.CLOSE_POSITION, desk.plan.plan_id, number=3)

    assert states(desk)[-1] == ("CLOSED", ExitReason.MANUAL)
    assert desk.notes(PlanMoved)[-1].state is PlanState.CLOSED


def test_the_kill_switch_leaves_by_the_same_order() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    command(desk, CommandKind.FLATTEN)
    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 130), (LOW_CALL, 130)]
    leave(desk)

    assert states(desk)[-1] == ("CLOSED", ExitReason.KILL)
    assert desk.engine.breakers.state.value == "HALTED"


def test_the_square_off_leaves_by_the_same_order() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.now = at(15, 20)

    desk.tell(TimerFired(desk.now, "stage:square_off:OPTIONS"))
    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 130), (LOW_CALL, 130)]
    leave(desk)

    assert states(desk)[-1] == ("CLOSED", ExitReason.END_OF_DAY)


def test_the_time_stop_looks_at_the_value() -> None:
    rules = STOPS_AND_TARGETS.__class__(trail=False, mae=False, volatility=False)
    desk = LegsDesk(exits=rules)
    desk.enter_legs()

    desk.now += timedelta(minutes=20)
    desk.move(LOW_CALL, 56.0)

    assert states(desk)[-1] == ("CLOSING", ExitReason.TIME)


def test_a_sold_leg_without_a_hedge_rests_a_stop_of_its_own() -> None:
    desk = LegsDesk(STRANGLE)
    desk.enter_legs()

    # The value's stop is 144.8; one leg reaches it alone where the other is worth nothing.
    stops = [order.request for order in desk.working(Role.STOP)]
    assert [(stop.quantity, stop.trigger_price) for stop in stops] == [(130, D("144.8"))] * 2


def test_the_value_stop_turns_the_resting_stops_into_exits() -> None:
    desk = LegsDesk(STRANGLE)
    desk.enter_legs()

    desk.move(LOW_CALL, 95.0)

    assert states(desk)[-1] == ("CLOSING", ExitReason.HARD_STOP)
    assert len(desk.broker.orders) == 4
    leave(desk)
    assert states(desk)[-1] == ("CLOSED", ExitReason.HARD_STOP)


def test_a_filled_stop_closes_the_other_leg() -> None:
    desk = LegsDesk(STRANGLE)
    desk.enter_legs()

    desk.fill(desk.leg(LOW_CALL).stops[0], 130, 145.0)

    assert desk.leg(HIGH_PUT).closing is ExitReason.HARD_STOP
    leave(desk)
    assert states(desk)[-1] == ("CLOSED", ExitReason.HARD_STOP)


def test_a_refused_stop_sends_all_legs_out() -> None:
    desk = LegsDesk(STRANGLE)
    desk.speak()
    desk.broker.next("STOP", "refuse")

    desk.fill(desk.leg(HIGH_PUT).entries[0], 130, 49.9)
    leave(desk)
    desk.fill_all(Role.ENTRY)
    leave(desk)

    assert not desk.engine.ledger.alive()
    assert states(desk)[-1][0] == "CLOSED"


def test_bought_legs_leave_without_waiting() -> None:
    desk = LegsDesk(LONG_STRANGLE)
    desk.enter_legs()
    assert desk.sent(Role.STOP) == []

    desk.move(LOW_CALL, 14.0)

    assert sorted(desk.sent(Role.EXIT)) == [(HIGH_PUT, -130), (LOW_CALL, -130)]
    leave(desk)
    assert states(desk)[-1] == ("CLOSED", ExitReason.HARD_STOP)


def test_the_books_add_up_to_the_fills() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.move(LOW_CALL, 85.0)
    leave(desk)

    cash = sum(
        -fill.side.sign * fill.quantity * fill.price
        for order in desk.broker.orders.values()
        for fill in order.fills
    )
    ledger = desk.engine.ledger
    assert ledger.balance == ledger.start + cash
    gross, _ = desk.plan.money()
    assert gross == cash


def test_an_order_that_the_broker_cancels_by_itself_is_made_good() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.move(LOW_CALL, 34.5)

    desk.news(desk.leg(HIGH_PUT).exits[0], OrderState.CANCELLED)

    assert desk.sent(Role.EXIT) == [(HIGH_PUT, 65), (LOW_CALL, 65), (HIGH_PUT, 65)]


def test_a_book_that_opens_wide_is_no_move() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.tick(LOW_CALL, 55.0, bid=40.0, ask=200.0)

    assert states(desk) == [("OPEN", "")]


def test_a_leg_that_stands_beyond_its_own_stop_for_long_sends_all_out() -> None:
    """With the value's stop switched off only the resting ones are left, and they may not fill."""
    desk = LegsDesk(STRANGLE, exits=replace(STOPS_AND_TARGETS, hard_stop=False))
    desk.enter_legs()

    desk.move(LOW_CALL, 145.0)
    assert states(desk) == [("OPEN", "")]
    desk.now += timedelta(seconds=3)
    desk.move(LOW_CALL, 144.0)
    desk.move(LOW_CALL, 146.0)
    desk.now += timedelta(seconds=4)
    desk.move(LOW_CALL, 146.0)
    assert states(desk) == [("OPEN", "")]
    desk.now += timedelta(seconds=1)
    desk.move(LOW_CALL, 146.0)

    assert states(desk)[-1] == ("CLOSING", ExitReason.HARD_STOP)
    assert "stop-unfilled" in [note.kind for note in desk.notes(RiskNoted)]


def test_a_late_fill_after_the_kill_switch_is_sent_out_though_the_plan_was_over() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.wait(15)
    command(desk, CommandKind.FLATTEN)

    desk.fill(desk.leg(LOW_PUT).entries[0], 65, 20.1)

    assert desk.sent(Role.EXIT) == [(LOW_PUT, -65)]
    leave(desk)
    assert not desk.engine.ledger.alive()


def test_break_even_moves_the_resting_stops_with_the_value_s() -> None:
    desk = LegsDesk(STRANGLE)
    desk.enter_legs()

    desk.move(LOW_CALL, 24.0)
    desk.fill_all(Role.EXIT)

    # Half is out at the first target; what is left is stopped at the entry of 105.
    assert states(desk)[-1] == ("PARTLY_CLOSED", ExitReason.TARGET1)
    stops = [order.request for order in desk.working(Role.STOP)]
    assert [(stop.quantity, stop.trigger_price) for stop in stops] == [(65, D("105"))] * 2
