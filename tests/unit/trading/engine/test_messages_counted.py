"""Every order, change and cancel is counted for the ratio of orders to trades."""

from __future__ import annotations

from risk.exits import ExitRules
from tests.unit.trading.engine.builders import FUTURE_COLUMN, INDEX_COLUMN, Say, Scripted
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import CancelOrder, DecisionNoted, ModifyOrder, PlaceOrder

_TWICE = (Scripted({14: {INDEX_COLUMN: Say()}, 19: {INDEX_COLUMN: Say(entry=24_050.0)}}),)


def test_a_stop_that_moves_counts_like_an_order():
    desk = Desk(exits=ExitRules(trail=False, time_stop=False, volatility=False, mae=False))
    desk.enter()

    desk.tick(FUTURE_COLUMN, 24_050.0)

    wishes = [len(desk.notes(kind)) for kind in (PlaceOrder, ModifyOrder, CancelOrder)]
    assert wishes[1] > 0
    assert desk.engine.dispatch.sent == sum(wishes)


def test_the_next_decision_is_judged_by_all_of_them():
    desk = Desk(strategies=_TWICE)
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    sent = sum(len(desk.notes(kind)) for kind in (PlaceOrder, ModifyOrder, CancelOrder))

    desk.speak(19)

    verdicts = desk.notes(DecisionNoted)[-1].verdicts
    [told] = [each.detail for each in verdicts if each.rule == "order-to-trade"]
    assert told == f"{sent} sent, 1 trades"
