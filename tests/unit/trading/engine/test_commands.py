from __future__ import annotations

import pytest

from execution.orders import Role
from risk.breakers import TradingState
from risk.exits import ExitReason
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, CommandDone, DecisionNoted, StateNoted
from trading.engine.events import CommandIssued, CommandKind


def command(
    desk: Desk, kind: CommandKind, number: int = 1, *, by: str = "ann", subject: str = ""
) -> CommandDone:
    desk.tell(CommandIssued(desk.now, number, kind, by, "because", subject))
    return desk.notes(CommandDone)[-1]


def test_a_pause_blocks_entries_and_cancels_those_that_work():
    desk = Desk()
    desk.speak()

    done = command(desk, CommandKind.PAUSE)

    assert (done.command_id, done.outcome) == (1, "DONE")
    assert desk.working(Role.ENTRY) == []
    note = desk.notes(StateNoted)[-1]
    assert (note.state, note.blocked_by) == ("REDUCE_ONLY", ("operator",))


def test_a_pause_leaves_positions_protected():
    desk = Desk()
    desk.enter()

    command(desk, CommandKind.PAUSE)

    assert [order.left for order in desk.working(Role.STOP)] == [130]


def test_nothing_is_entered_while_paused():
    desk = Desk()
    command(desk, CommandKind.PAUSE)

    desk.speak()

    assert len(desk.engine.ledger.trades) == 0


def test_a_resume_opens_the_desk_again():
    desk = Desk()
    command(desk, CommandKind.PAUSE)

    done = command(desk, CommandKind.RESUME, 2)

    assert done.outcome == "DONE"
    desk.speak()
    assert len(desk.engine.ledger.trades) == 1


def test_a_resume_lifts_no_lock():
    desk = Desk()
    command(desk, CommandKind.FLATTEN)

    command(desk, CommandKind.RESUME, 2)

    assert desk.engine.breakers.state is TradingState.HALTED


def test_flattening_a_flat_desk_halts_it():
    desk = Desk()

    done = command(desk, CommandKind.FLATTEN)

    assert done.outcome == "DONE"
    assert [note.state for note in desk.notes(StateNoted)] == ["OPEN", "FLATTENING", "HALTED"]


def test_an_unlock_before_the_desk_is_flat_is_refused():
    desk = Desk()
    desk.enter()
    command(desk, CommandKind.FLATTEN)

    done = command(desk, CommandKind.UNLOCK, 2)

    assert done.outcome == "REFUSED"
    assert "only a halted desk" in done.text


def test_an_unlock_of_a_halted_desk_lets_it_trade_again():
    desk = Desk()
    command(desk, CommandKind.FLATTEN)

    done = command(desk, CommandKind.UNLOCK, 2)

    assert done.outcome == "DONE"
    desk.speak()
    assert len(desk.engine.ledger.trades) == 1


def test_an_unlock_lifts_no_pause():
    desk = Desk()
    command(desk, CommandKind.PAUSE)
    command(desk, CommandKind.FLATTEN, 2)

    command(desk, CommandKind.UNLOCK, 3)

    assert desk.engine.breakers.state is TradingState.REDUCE_ONLY


def test_an_unlock_without_a_name_is_refused():
    desk = Desk()
    command(desk, CommandKind.FLATTEN)

    done = command(desk, CommandKind.UNLOCK, 2, by=" ")

    assert done.outcome == "REFUSED"
    assert desk.engine.breakers.state is TradingState.HALTED


@pytest.mark.parametrize("subject", ["", "P000009"])
def test_closing_a_position_that_is_not_there_is_refused(subject):
    desk = Desk()

    done = command(desk, CommandKind.CLOSE_POSITION, subject=subject)

    assert done.outcome == "REFUSED"
    assert subject in done.text


def test_closing_a_position_that_is_over_is_refused():
    desk = Desk()
    desk.enter()
    desk.fill(desk.trade.stops[0], 130, 23_950.0)

    assert command(desk, CommandKind.CLOSE_POSITION, subject="P000001").outcome == "REFUSED"


def test_closing_a_plan_that_only_waits_to_enter_cancels_it():
    desk = Desk()
    desk.speak()

    command(desk, CommandKind.CLOSE_POSITION, subject="P000001")

    assert desk.working(Role.ENTRY) == []
    assert desk.trade.is_over


def test_a_command_read_twice_is_obeyed_once():
    desk = Desk()
    command(desk, CommandKind.PAUSE)
    command(desk, CommandKind.RESUME, 2)

    command(desk, CommandKind.PAUSE, 1)

    assert desk.engine.breakers.state is TradingState.OPEN
    assert len(desk.notes(CommandDone)) == 2


def test_an_opinion_while_paused_is_refused_with_its_reason_not_lost():
    desk = Desk()
    command(desk, CommandKind.PAUSE)

    desk.speak()

    (decision,) = desk.notes(DecisionNoted)
    assert decision.refusals == ("trading-state",)
    assert decision.verdicts[0].detail == "operator"


SCOPES = ("strategy:scripted", "underlying:NIFTY")


@pytest.mark.parametrize("scope", SCOPES)
def test_the_kill_switch_of_a_scope_closes_what_belongs_to_it_and_leaves_the_desk_open(scope: str):
    desk = Desk()
    desk.enter()

    done = command(desk, CommandKind.FLATTEN, subject=scope)

    assert done.outcome == "DONE"
    assert desk.trade.closing is ExitReason.KILL
    [way_out] = [*desk.working(Role.STOP), *desk.working(Role.EXIT)]
    assert way_out.changed or way_out.request.role is Role.EXIT
    desk.fill(way_out.request.client_id, 130, 23_999.0)
    assert not desk.engine.ledger.alive()
    assert desk.engine.breakers.state is TradingState.OPEN
    assert [alert.kind for alert in desk.notes(AlertNoted)] == ["kill-scope"]


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_of_a_closed_scope_is_entered(scope: str):
    desk = Desk()
    command(desk, CommandKind.FLATTEN, subject=scope)
    desk.speak()

    assert desk.notes(DecisionNoted)[-1].refusals == ("kill-scope",)


@pytest.mark.parametrize("scope", SCOPES)
def test_an_unlocked_scope_is_entered_again(scope: str):
    desk = Desk()
    command(desk, CommandKind.FLATTEN, subject=scope)

    done = command(desk, CommandKind.UNLOCK, 2, subject=scope)

    assert done.outcome == "DONE"
    desk.speak()
    assert desk.notes(DecisionNoted)[-1].approved


def test_another_strategy_and_underlying_are_left_alone():
    desk = Desk()
    desk.enter()

    command(desk, CommandKind.FLATTEN, subject="strategy:other")
    command(desk, CommandKind.FLATTEN, 2, subject="underlying:BANKNIFTY")

    assert [order.left for order in desk.working(Role.STOP)] == [130]
    assert [trade.closing for trade in desk.engine.ledger.alive()] == [None]


def test_an_entry_of_a_closed_scope_that_fills_late_is_sent_out():
    desk = Desk()
    desk.speak()
    [entry] = desk.trade.entries

    command(desk, CommandKind.FLATTEN, subject="underlying:NIFTY")
    desk.fill(entry, 130, 24_000.1)

    assert sum(order.left for order in desk.working(Role.EXIT)) == 130


@pytest.mark.parametrize(
    ("kind", "subject", "told"),
    [
        (CommandKind.FLATTEN, "everything", "expected strategy:NAME or underlying:NAME"),
        (CommandKind.FLATTEN, "strategy: ", "expected strategy:NAME or underlying:NAME"),
        (CommandKind.UNLOCK, "strategy:scripted", "not closed by the kill switch"),
    ],
)
def test_a_scope_that_cannot_be_meant_is_refused(kind: CommandKind, subject: str, told: str):
    done = command(Desk(), kind, subject=subject)

    assert done.outcome == "REFUSED"
    assert told in done.text


def test_a_scope_is_not_unlocked_before_it_is_flat():
    desk = Desk()
    desk.enter()
    command(desk, CommandKind.FLATTEN, subject="underlying:NIFTY")

    done = command(desk, CommandKind.UNLOCK, 2, subject="underlying:NIFTY")

    assert done.outcome == "REFUSED"
    assert "not flat yet" in done.text
