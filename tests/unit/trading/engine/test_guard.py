from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.orders import OrderState, Role
from risk.breakers import TradingState
from risk.exits import ExitReason, ExitRules
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    INDEX_COLUMN,
    ROOMY,
    STOPS_AND_TARGETS,
    D,
    at,
    saying,
)
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, PlanMoved, PositionNoted, RiskNoted
from trading.engine.events import BrokerSaid, CommandIssued, CommandKind, TimerFired
from trading.engine.trades import PlanState

OTHER_EXITS = ExitRules(trail=False, mae=False, volatility=False, time_stop=True)


def states(desk: Desk) -> list[tuple[str, str]]:
    return [(moved.state, moved.reason) for moved in desk.notes(PlanMoved)]


def flatten(desk: Desk, number: int = 1) -> None:
    desk.tell(CommandIssued(desk.now, number, CommandKind.FLATTEN, "ann", "enough"))


def take_all_out(desk: Desk, price: float) -> None:
    for role in (Role.STOP, Role.EXIT):
        for order in desk.working(role):
            desk.fill(order.request.client_id, order.left, price)


def test_a_whole_life_from_entry_to_stop():
    desk = Desk()
    desk.enter()

    desk.fill(desk.trade.stops[0], 130, 23_950.0)

    assert states(desk) == [("OPEN", ""), ("CLOSED", "HARD_STOP")]
    last = desk.notes(PositionNoted)[-1]
    assert (last.quantity, last.protected, last.exit_reason) == (0, 0, "HARD_STOP")
    assert (last.average_entry, last.average_exit) == (D("24000.1"), D(23_950))
    assert last.gross == D("-6513")


def test_a_whole_life_through_both_targets():
    desk = Desk()
    desk.enter()

    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.fill(desk.working(Role.EXIT)[0].request.client_id, 65, 24_049.9)
    desk.tick(FUTURE_COLUMN, 24_100.0)
    take_all_out(desk, 24_099.9)

    assert states(desk) == [
        ("OPEN", ""),
        ("PARTLY_CLOSED", "TARGET1"),
        ("CLOSING", "TARGET2"),
        ("CLOSED", "TARGET2"),
    ]
    assert desk.trade.booked_realised == 65 * D("49.8") + 65 * D("99.8")


def test_a_stop_at_break_even_is_named_so():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.fill(desk.working(Role.EXIT)[0].request.client_id, 65, 24_049.9)

    take_all_out(desk, 24_000.1)

    assert states(desk)[-1] == ("CLOSED", "BREAK_EVEN")


def test_the_time_stop_leaves():
    desk = Desk(exits=OTHER_EXITS)
    desk.enter()
    desk.now += timedelta(minutes=20)

    desk.tick(FUTURE_COLUMN, 23_990.0)

    assert desk.trade.closing is ExitReason.TIME


def test_a_loss_far_beyond_the_stop_leaves_as_mae():
    desk = Desk(exits=replace(STOPS_AND_TARGETS, mae=True))
    desk.enter()

    desk.tick(FUTURE_COLUMN, 23_924.9)

    assert desk.trade.closing is ExitReason.MAE


def test_the_rest_of_an_entry_is_cancelled_once_its_first_part_is_stopped_out():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    desk.fill(desk.trade.stops[0], 65, 23_950.0)

    assert desk.working(Role.ENTRY) == []
    assert states(desk)[-1] == ("CLOSED", "HARD_STOP")


def test_a_fill_that_overtakes_the_cancel_is_managed_not_lost():
    desk = Desk()
    desk.speak()
    desk.wait(30)
    assert states(desk) == [("ENTRY_CANCELLED", "entry timed out")]

    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert desk.trade.state is PlanState.OPEN
    assert [order.left for order in desk.working(Role.STOP)] == [65]
    take_all_out(desk, 23_950.0)
    assert states(desk)[-1] == ("CLOSED", "HARD_STOP")


def test_a_fill_after_the_plan_was_stopped_out_is_sent_out_at_once():
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]
    desk.fill(entry, 65, 24_000.1)
    desk.fill(desk.trade.stops[0], 65, 23_950.0)

    desk.fill(entry, 65, 24_000.1)

    assert desk.trade.state is PlanState.CLOSING
    assert [order.left for order in desk.working(Role.EXIT)] == [65]


@pytest.mark.parametrize("cancelled_before", [True, False])
def test_a_fill_that_comes_after_the_kill_switch_is_sent_out_at_once(cancelled_before):
    desk = Desk()
    desk.speak()
    if cancelled_before:
        desk.wait(30)
    flatten(desk)
    assert desk.engine.breakers.state is TradingState.HALTED

    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert desk.trade.state is PlanState.CLOSING
    assert [order.left for order in desk.working(Role.EXIT)] == [65]


def test_the_kill_switch_cancels_entries_and_closes_what_is_held():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    flatten(desk)

    assert desk.working(Role.ENTRY) == []
    assert desk.trade.closing is ExitReason.KILL
    assert desk.engine.breakers.state is TradingState.FLATTENING
    take_all_out(desk, 23_999.0)
    assert states(desk)[-1] == ("CLOSED", "KILL")
    assert desk.engine.breakers.state is TradingState.HALTED


def test_pressing_the_kill_switch_twice_sends_nothing_twice():
    desk = Desk()
    desk.enter()
    flatten(desk, 1)
    orders = len(desk.broker.orders)

    flatten(desk, 2)

    assert len(desk.broker.orders) == orders
    assert sum(order.left for order in desk.working(Role.STOP)) == 130


def test_closing_one_position_leaves_the_desk_open():
    desk = Desk()
    desk.enter()

    desk.tell(CommandIssued(desk.now, 1, CommandKind.CLOSE_POSITION, "ann", "", "P000001"))

    assert desk.trade.closing is ExitReason.MANUAL
    take_all_out(desk, 24_010.0)
    assert states(desk)[-1] == ("CLOSED", "MANUAL")
    assert desk.engine.breakers.state is TradingState.OPEN


def test_the_end_of_the_day_needs_no_price():
    desk = Desk()
    desk.enter()
    desk.now = at(15, 22)

    desk.tell(TimerFired(desk.now, "stage:square_off:FUTURES"))

    assert desk.trade.closing is ExitReason.END_OF_DAY
    desk.now = at(15, 25)
    desk.tell(TimerFired(desk.now, "stage:flat_by:FUTURES"))
    assert [alert.kind for alert in desk.notes(AlertNoted)] == ["not-flat"]


def test_the_end_of_one_segment_leaves_the_other_alone():
    desk = Desk()
    desk.enter()

    desk.tell(TimerFired(desk.now, "stage:square_off:CASH"))

    assert desk.trade.closing is None


def test_a_fill_that_comes_after_the_square_off_is_sent_out_at_once():
    desk = Desk()
    desk.speak()
    desk.wait(30)
    desk.tell(TimerFired(desk.now, "stage:square_off:FUTURES"))

    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert desk.trade.state is PlanState.CLOSING


def test_the_loss_of_the_day_closes_everything_and_locks_the_desk():
    desk = Desk(limits=replace(ROOMY, daily_loss=D("0.0005")))
    desk.enter()

    desk.tick(FUTURE_COLUMN, 23_961.6)

    assert desk.trade.closing is ExitReason.DAILY_LOSS
    (breach,) = [note for note in desk.notes(RiskNoted) if note.kind == "daily-loss"]
    assert (breach.severity, breach.measured) == ("CRITICAL", "-5005.00")
    assert "daily-loss" in desk.engine.breakers.locked


def test_a_loss_just_above_the_limit_closes_nothing():
    desk = Desk(limits=replace(ROOMY, daily_loss=D("0.0005")))
    desk.enter()

    desk.tick(FUTURE_COLUMN, 23_961.7)

    assert desk.trade.closing is None


def test_a_loss_taken_by_the_last_stop_locks_the_desk_too():
    desk = Desk(limits=replace(ROOMY, daily_loss=D("0.0005")))
    desk.enter()
    desk.fill(desk.trade.stops[0], 130, 23_900.0)

    desk.tick(FUTURE_COLUMN, 23_990.0)

    assert desk.engine.breakers.state is TradingState.HALTED


def test_the_kill_switch_while_the_loss_of_the_day_already_flattens_changes_no_order():
    desk = Desk(limits=replace(ROOMY, daily_loss=D("0.0005")))
    desk.enter()
    desk.tick(FUTURE_COLUMN, 23_961.0)
    modified = desk.working(Role.STOP)[0].request

    flatten(desk)

    assert desk.working(Role.STOP)[0].request == modified
    assert desk.engine.breakers.locked == {"daily-loss", "kill-switch"}


def test_an_entry_refused_after_the_kill_switch_holds_no_exit_back():
    desk = Desk(freeze=65)
    desk.broker.next(Role.ENTRY, "accept", "lose")
    desk.speak()
    lost = desk.trade.entries[1]
    flatten(desk)
    update = replace(
        desk.broker.word(desk.trade.entries[0], desk.now),
        client_id=lost,
        broker_id="",
        state=OrderState.REJECTED,
    )
    desk.tell(BrokerSaid(desk.now, update))
    assert desk.notes(AlertNoted) == []

    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    assert [order.left for order in desk.working(Role.EXIT)] == [65]


def test_the_plan_is_measured_from_what_was_really_paid():
    desk = Desk()

    desk.enter(130, 24_000.3)

    assert desk.trade.exit_plan.entry == 24_000.3


def test_a_price_paid_beyond_the_stop_leaves_the_plan_as_it_was():
    desk = Desk(strategies=saying(14, INDEX_COLUMN, side=1))

    desk.enter(130, 23_900.0)

    assert desk.trade.exit_plan.entry == 24_000.1


def test_half_filled_exits_at_the_end_of_the_day_are_finished():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    exit_ = desk.working(Role.EXIT)[0].request.client_id
    desk.now = at(15, 22)

    desk.tell(TimerFired(desk.now, "stage:square_off:FUTURES"))
    desk.fill(exit_, 65, 24_040.0)
    take_all_out(desk, 24_040.0)

    assert desk.trade.state is PlanState.CLOSED
    assert desk.trade.exit_reason == ExitReason.END_OF_DAY
