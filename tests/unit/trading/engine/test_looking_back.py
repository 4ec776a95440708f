from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from risk.results import losses_in_a_row
from tests.unit.trading.engine.builders import INDEX_COLUMN, LONG, ROOMY, D, Scripted, at
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import LegsDesk, leave
from trading.engine.actions import (
    CancelOrder,
    DecisionNoted,
    ModifyOrder,
    PlaceOrder,
    RiskNoted,
    VerdictNote,
)
from trading.engine.events import BOOK, CommandIssued, CommandKind, ConditionChanged
from trading.engine.looking_back import LookingBack
from trading.engine.settings import ExecutionSettings


def test_a_plan_that_is_open_has_no_result():
    desk = Desk()
    desk.enter()

    assert LookingBack(desk.engine.ledger).results() == ()


def test_a_stopped_plan_is_a_loss_after_charges():
    desk = Desk(execution=ExecutionSettings(with_charges=True))
    trade = desk.enter()
    desk.later(60)
    desk.fill(trade.stops[0], 130, 23_950.0)

    [result] = LookingBack(desk.engine.ledger).results()

    assert (result.strategy, result.closed_at) == ("scripted", desk.now)
    assert result.net_inr == trade.booked_realised - trade.charges < D("-6513")
    assert losses_in_a_row((result,)) == 1


def test_an_entry_that_never_filled_has_no_result():
    desk = Desk()
    desk.speak()
    desk.wait(60)

    assert desk.trade.is_over
    assert LookingBack(desk.engine.ledger).results() == ()


def test_orders_changes_and_cancels_are_counted_and_so_are_fills():
    desk = Desk()
    desk.enter()
    desk.fill(desk.trade.stops[0], 65, 23_950.0)
    desk.fill(desk.trade.stops[0], 65, 23_950.0)

    sent = [*desk.notes(PlaceOrder), *desk.notes(ModifyOrder), *desk.notes(CancelOrder)]
    assert desk.engine.ledger.fills == 3
    assert desk.engine.dispatch.sent == len(sent)


def test_all_legs_of_a_plan_have_one_result():
    desk = LegsDesk()
    plan = desk.enter_legs()
    desk.tell(CommandIssued(desk.now, 1, CommandKind.CLOSE_POSITION, "ann", "", plan.plan_id))
    leave(desk)

    gross, charges = plan.money()
    [result] = LookingBack(desk.engine.ledger).results()
    assert result.net_inr == gross - charges
    assert result.closed_at == max(leg.closed_at for leg in plan.legs if leg.closed_at)


def judged(desk: Desk, rule: str) -> VerdictNote:
    [verdict] = [v for v in desk.notes(DecisionNoted)[-1].verdicts if v.rule == rule]
    return verdict


def test_a_loss_rests_a_strategy_that_may_lose_once():
    desk = Desk(
        strategies=(Scripted({minute: {INDEX_COLUMN: LONG} for minute in (14, 16)}),),
        limits=replace(ROOMY, max_losses_in_row_strategy=1, cool_down_minutes=30),
    )
    desk.enter()
    desk.later(5)
    desk.fill(desk.trade.stops[0], 130, 23_950.0)

    desk.speak(16)

    told = judged(desk, "cool-down-strategy")
    assert (told.passed, told.measured, told.allowed) == (False, "1", "1")
    assert judged(desk, "cool-down").passed


@pytest.mark.parametrize(("seconds", "refusals"), [(60.0, ()), (61.0, ("stale-account",))])
def test_a_live_desk_enters_on_a_young_agreement_with_the_brokers_book(seconds, refusals):
    desk = Desk(live=True)
    desk.now = at(9, 30) - timedelta(seconds=seconds)
    desk.tell(ConditionChanged(desk.now, BOOK, good=True))

    desk.speak()

    assert desk.notes(DecisionNoted)[-1].refusals == refusals


def test_a_live_desk_that_never_saw_the_brokers_book_enters_nothing():
    desk = Desk(live=True)

    desk.speak()

    assert desk.notes(DecisionNoted)[-1].refusals == ("stale-account",)


def test_a_book_that_goes_on_agreeing_is_no_news():
    desk = Desk(live=True)
    for good in (False, True, True):
        desk.tell(ConditionChanged(desk.now, BOOK, good=good))

    told = [note.text for note in desk.notes(RiskNoted)]
    assert told == ["broker-book is bad", "broker-book is good"]
