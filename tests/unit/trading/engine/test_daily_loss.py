"""What the day's loss makes the desk do, where it is not to close what is held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from execution.orders import OrderState, Role
from risk.breakers import TradingState
from risk.limits import DailyLossAction
from tests.unit.trading.engine.builders import FUTURE_COLUMN, INDEX_COLUMN, ROOMY, D, Say, Scripted
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import CommandDone, DecisionNoted, RiskNoted
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.invariants import check

TIGHT = replace(ROOMY, daily_loss=D("0.0005"), daily_loss_action=DailyLossAction.NO_ENTRIES)


def desk_with(**limits: Any) -> Desk:
    """Return a desk that speaks at 9:30 and again at 9:35."""
    says = Scripted({14: {INDEX_COLUMN: Say()}, 19: {INDEX_COLUMN: Say()}})
    return Desk(limits=replace(TIGHT, **limits), strategies=(says,))


@pytest.mark.parametrize(("price", "reached"), [(23_961.7, False), (23_961.6, True)])
def test_at_its_limit_entries_end_and_what_is_held_keeps_its_stop(
    price: float, reached: bool
) -> None:
    desk = desk_with()
    desk.enter()

    desk.tick(FUTURE_COLUMN, price)

    assert desk.trade.closing is None
    assert [order.left for order in desk.working(Role.STOP)] == [130]
    expected = ({"daily-loss-reached"}, TradingState.REDUCE_ONLY) if reached else (set(), "OPEN")
    assert (desk.engine.breakers.blocked, desk.engine.breakers.state) == expected
    assert [n.severity for n in desk.notes(RiskNoted) if n.kind == "daily-loss"] == (
        ["CRITICAL"] if reached else []
    )
    check(desk.engine)


def test_what_still_works_of_an_entry_is_cancelled() -> None:
    desk = desk_with()
    desk.speak()
    (entry,) = desk.trade.entries
    desk.fill(entry, 65, 24_000.1)

    desk.tick(FUTURE_COLUMN, 23_921.0)

    assert desk.broker.orders[entry].state is OrderState.CANCELLED
    assert (desk.trade.closing, desk.trade.open_quantity) == (None, 65)
    check(desk.engine)


def test_a_loss_that_was_won_back_lets_nothing_in_again_that_day() -> None:
    desk = desk_with(max_positions_per_underlying=5)
    desk.enter()
    desk.tick(FUTURE_COLUMN, 23_961.0)
    desk.tick(FUTURE_COLUMN, 24_010.0)

    desk.speak(19)

    decision = desk.notes(DecisionNoted)[-1]
    assert not decision.approved
    assert "trading-state" in decision.refusals
    assert "daily-loss" not in decision.refusals


@pytest.mark.parametrize("kind", [CommandKind.RESUME, CommandKind.UNLOCK])
def test_an_operator_does_not_lift_it(kind: CommandKind) -> None:
    desk = desk_with()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 23_961.0)

    desk.tell(CommandIssued(desk.now, 1, kind, "ann", "go on"))

    assert desk.engine.breakers.blocked == {"daily-loss-reached"}
    outcome = desk.notes(CommandDone)[-1].outcome
    assert outcome == ("DONE" if kind is CommandKind.RESUME else "REFUSED")


def test_it_is_told_once() -> None:
    desk = desk_with()
    desk.enter()

    desk.tick(FUTURE_COLUMN, 23_961.0)
    desk.tick(FUTURE_COLUMN, 23_955.0)

    assert len([note for note in desk.notes(RiskNoted) if note.kind == "daily-loss"]) == 1


def untold(desk: Desk) -> None:
    """Let nobody know any more what the future is worth."""
    desk.engine.panel.last[FUTURE_COLUMN] = float("nan")


@pytest.mark.parametrize("action", list(DailyLossAction))
def test_without_a_price_of_something_held_nothing_is_entered_until_there_is_one(
    action: DailyLossAction,
) -> None:
    desk = desk_with(daily_loss_action=action)
    desk.enter()
    untold(desk)

    desk.tick(INDEX_COLUMN, 24_000.0)

    assert desk.engine.breakers.blocked == {"unpriced"}
    assert [order.left for order in desk.working(Role.STOP)] == [130]
    desk.speak(19)
    assert len(desk.engine.ledger.trades) == 1
    desk.tick(FUTURE_COLUMN, 24_000.0)
    assert desk.engine.breakers.may_enter
    check(desk.engine)


def test_what_has_no_price_is_still_taken_out_and_then_blocks_nothing() -> None:
    desk = desk_with()
    desk.enter()
    untold(desk)
    desk.tick(INDEX_COLUMN, 24_000.0)

    desk.fill(desk.trade.stops[0], 130, 24_000.1)
    desk.tick(INDEX_COLUMN, 24_000.0)

    assert desk.engine.breakers.may_enter
    assert not desk.engine.ledger.alive()


def test_a_loss_that_is_known_counts_although_something_else_has_no_price() -> None:
    desk = desk_with()
    desk.enter()
    untold(desk)

    desk.fill(desk.trade.stops[0], 65, 23_900.0)
    desk.tick(INDEX_COLUMN, 24_000.0)

    assert "daily-loss-reached" in desk.engine.breakers.blocked
    assert desk.trade.open_quantity == 65
    check(desk.engine)
