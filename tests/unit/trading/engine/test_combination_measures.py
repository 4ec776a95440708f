"""How far a plan of several legs has been, and where its stop went, as its notes tell."""

from __future__ import annotations

import pytest

from execution.orders import Role
from tests.unit.trading.engine.legs import (
    HIGH_CALL,
    HIGH_PUT,
    LOW_CALL,
    LOW_PUT,
    LegsDesk,
    command,
)
from trading.engine.actions import CombinationMeasured, DecisionNoted
from trading.engine.events import CommandKind


def measured(desk: LegsDesk) -> list[tuple[float, float, float, float]]:
    """Return entry, stop, and farthest against and for the plan, as told so far."""
    notes = desk.notes(CombinationMeasured)
    assert {note.plan_id for note in notes} <= {desk.plan.plan_id}
    return [(note.entry, note.stop, note.mae_r, note.mfe_r) for note in notes]


def test_a_plan_is_measured_from_what_was_paid_once_all_legs_are_in() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    exits = desk.plan.exit_plan
    assert measured(desk) == [(exits.entry, exits.stop, 0.0, 0.0)]
    assert exits.entry == pytest.approx(60.0)


def test_a_quiet_plan_tells_nothing_more() -> None:
    desk = LegsDesk()
    desk.enter_legs()

    desk.move(LOW_CALL, 56.0)
    desk.move(LOW_CALL, 54.0)

    assert len(measured(desk)) == 1


def test_the_first_target_moves_the_stop_and_tells_it() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    first = desk.plan.exit_plan.stop

    desk.move(LOW_CALL, 34.5)

    (_, stop, _, best) = measured(desk)[-1]
    assert len(measured(desk)) == 2
    assert stop < first, "a credit's stop moves down to what was taken in"
    assert stop == pytest.approx(desk.plan.exit_plan.entry)
    assert best == pytest.approx(20.5 / desk.plan.exit_plan.risk)


def test_the_end_tells_how_far_it_had_been_either_way() -> None:
    desk = LegsDesk()
    desk.enter_legs()
    desk.move(HIGH_CALL, 30.0)
    desk.move(LOW_CALL, 95.0)
    desk.fill_all(Role.EXIT)
    desk.fill_all(Role.EXIT)

    _, stop, worst, best = measured(desk)[-1]
    assert len(measured(desk)) == 2
    assert stop == desk.plan.exit_plan.stop
    assert worst <= -1.0
    assert best == pytest.approx(5.0 / desk.plan.exit_plan.risk)


def test_legs_that_follow_the_market_risk_no_more_than_was_approved() -> None:
    desk = LegsDesk()
    desk.speak()
    approved = desk.notes(DecisionNoted)[-1].risk_inr
    heats = [desk.engine.ledger.exposure(desk.engine.last_prices()).heat_inr]

    for away in ({LOW_PUT: 22.0, HIGH_CALL: 27.0}, {HIGH_PUT: 48.0, LOW_CALL: 53.0}):
        for column, price in away.items():
            desk.move(column, price)
        desk.wait(10)
        for order in desk.alive():
            desk.fill(order.request.client_id, order.left, float(order.request.price or 0))
        heats.append(desk.engine.ledger.exposure(desk.engine.last_prices()).heat_inr)

    assert desk.plan.exit_plan.entry == pytest.approx(59.6 - 4 * 0.1 - 4 * 4 * 0.05)
    assert heats == [approved] * 3


def test_the_hedges_held_of_an_entry_that_is_taken_back_count_until_they_are_out() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.fill_all(Role.ENTRY)
    [before] = desk.engine.ledger.exposure(desk.engine.last_prices()).open
    desk.broker.next("cancel", "lose", "lose")

    command(desk, CommandKind.CLOSE_POSITION, desk.plan.plan_id)

    assert desk.plan.is_entering
    assert desk.plan.wanted == 0
    [held] = desk.engine.ledger.exposure(desk.engine.last_prices()).open
    assert (held.quantity, held.risk_inr) == (130, before.risk_inr)
    assert held.risk_inr > 0
