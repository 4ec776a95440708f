from __future__ import annotations

import pytest

from execution.orders import Role
from tests.unit.trading.engine.desk import of_kind
from tests.unit.trading.engine.legs import (
    CONDOR,
    HIGH_CALL,
    HIGH_PUT,
    LOW_CALL,
    LOW_PUT,
    LegsDesk,
    command,
    leave,
    states,
)
from trading.engine.actions import (
    CombinationNoted,
    DecisionNoted,
    ModifyOrder,
    PlanNoted,
    RiskNoted,
)
from trading.engine.events import CommandKind, ConditionChanged


def test_one_decision_makes_a_plan_and_one_for_each_leg() -> None:
    desk = LegsDesk()
    desk.speak()

    whole, *legs = desk.notes(PlanNoted)
    decision = desk.notes(DecisionNoted)[-1]
    assert decision.refusals == ()
    assert {plan.decision_id for plan in (whole, *legs)} == {decision.decision_id}
    assert [leg.instrument for leg in whole.legs] == [plan.legs[0].instrument for plan in legs]
    assert desk.notes(CombinationNoted)[-1].legs == tuple(plan.plan_id for plan in legs)
    assert (whole.direction, whole.entry, whole.stop) == (-1, pytest.approx(59.6), 89.6)
    assert {plan.stop for plan in legs} == {None}


def test_hedges_go_first_and_sold_legs_once_they_are_held() -> None:
    desk = LegsDesk()

    desk.speak()
    assert desk.sent(Role.ENTRY) == [(LOW_PUT, 130), (HIGH_CALL, 130)]

    desk.fill(desk.leg(LOW_PUT).entries[0], 130, 20.1)
    desk.fill(desk.leg(HIGH_CALL).entries[0], 65, 25.1)
    assert len(desk.sent(Role.ENTRY)) == 2

    desk.fill(desk.leg(HIGH_CALL).entries[0], 65, 25.1)
    assert desk.sent(Role.ENTRY)[2:] == [(HIGH_PUT, -130), (LOW_CALL, -130)]


def test_working_legs_count_as_filled() -> None:
    desk = LegsDesk()
    desk.speak()

    (risk,) = desk.engine.ledger.exposure(desk.engine.last_prices()).open

    assert (risk.quantity, risk.working) == (130, True)
    assert risk.risk_inr > 0


def test_a_leg_that_does_not_fill_is_priced_anew_within_its_bounds() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.fill(desk.leg(LOW_PUT).entries[0], 130, 20.1)
    first = desk.leg(HIGH_CALL).expected_entry
    desk.tick(HIGH_CALL, 26.0)

    said = desk.wait(5)

    (change,) = of_kind(said, ModifyOrder)
    assert change.client_id == desk.leg(HIGH_CALL).entries[0]
    tick = desk.leg(HIGH_CALL).instrument.tick_size
    assert change.change.price == first + 2 * tick


def test_hedges_that_do_not_fill_shrink_the_plan_to_what_they_hold() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.fill(desk.leg(LOW_PUT).entries[0], 130, 20.1)
    desk.fill(desk.leg(HIGH_CALL).entries[0], 65, 25.1)

    desk.wait(15)

    assert desk.cancelled() == [HIGH_CALL]
    assert desk.sent(Role.ENTRY)[2:] == [(HIGH_PUT, -65), (LOW_CALL, -65)]
    assert desk.sent(Role.EXIT) == [(LOW_PUT, -65)]
    desk.fill_all(Role.ENTRY, Role.EXIT)
    assert [leg.open_quantity for leg in desk.plan.legs] == [65] * 4
    assert [note.kind for note in desk.notes(RiskNoted)] == ["legs-shrunk"]


def test_a_refused_hedge_ends_the_plan_before_anything_is_sold() -> None:
    desk = LegsDesk()
    desk.broker.next("ENTRY", "refuse")

    desk.speak()
    desk.fill_all(Role.ENTRY)
    leave(desk)

    assert all(quantity > 0 for _, quantity in desk.sent(Role.ENTRY))
    assert states(desk)[-1][0] == "CLOSED"
    assert not desk.engine.ledger.alive()


def test_a_refused_sold_leg_unwinds_sold_legs_first() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.broker.next("ENTRY", "refuse")
    desk.fill_all(Role.ENTRY)

    desk.fill(desk.leg(LOW_CALL).entries[0], 130, 54.9)

    assert desk.sent(Role.EXIT) == [(LOW_CALL, 130)]
    desk.fill_all(Role.EXIT)
    assert desk.sent(Role.EXIT)[1:] == [(LOW_PUT, -130), (HIGH_CALL, -130)]
    desk.fill_all(Role.EXIT)
    assert states(desk)[-1][0] == "CLOSED"


def test_sold_legs_wait_while_a_condition_blocks_entries() -> None:
    desk = LegsDesk()
    desk.speak()
    condition(desk, good=False)
    desk.fill_all(Role.ENTRY)
    assert len(desk.sent(Role.ENTRY)) == 2

    condition(desk, good=True)
    desk.wait(5)

    assert desk.sent(Role.ENTRY)[2:] == [(HIGH_PUT, -130), (LOW_CALL, -130)]


def test_hedges_are_given_back_where_the_condition_stays() -> None:
    desk = LegsDesk()
    desk.speak()
    condition(desk, good=False)
    desk.fill_all(Role.ENTRY)

    desk.wait(20)

    assert desk.sent(Role.EXIT) == [(LOW_PUT, -130), (HIGH_CALL, -130)]
    desk.fill_all(Role.EXIT)
    assert states(desk)[-1][0] == "CLOSED"


def condition(desk: LegsDesk, *, good: bool) -> None:
    desk.tell(ConditionChanged(desk.now, "market-feed", good, "as told"))


def test_nothing_filled_is_an_entry_cancelled() -> None:
    desk = LegsDesk()
    desk.speak()

    desk.wait(15)

    assert states(desk) == [("ENTRY_CANCELLED", "legs not filled after 2 tries")]
    assert not desk.engine.ledger.alive()


def test_a_fill_that_overtakes_its_cancel_is_sent_out() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.wait(15)

    desk.fill(desk.leg(LOW_PUT).entries[0], 65, 20.1)
    assert desk.sent(Role.EXIT) == [(LOW_PUT, -65)]
    desk.fill_all(Role.EXIT)

    assert states(desk)[-1][0] == "CLOSED"


def test_a_sold_legs_late_fill_keeps_the_hedges_that_are_left() -> None:
    desk = LegsDesk(prompt=False)
    desk.speak()
    carry_all(desk)
    desk.fill_all(Role.ENTRY)
    carry_all(desk)
    command(desk, CommandKind.FLATTEN)

    desk.fill(desk.leg(LOW_CALL).entries[0], 130, 54.9)
    carry_all(desk)

    assert desk.sent(Role.EXIT) == [(LOW_CALL, 130)]


def carry_all(desk: LegsDesk) -> None:
    """Let the broker do everything it was asked for, at once."""
    while desk.wire:
        desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))


def test_a_pause_keeps_what_is_complete_and_unwinds_the_rest() -> None:
    desk = LegsDesk()
    desk.speak()
    desk.fill(desk.leg(LOW_PUT).entries[0], 130, 20.1)

    command(desk, CommandKind.PAUSE)
    desk.fill_all(Role.EXIT)

    assert desk.cancelled() == [HIGH_CALL]
    assert states(desk)[-1] == ("CLOSED", "entries stopped")
    assert len(desk.sent(Role.ENTRY)) == 2


def test_freezes_cut_every_leg_into_its_own_orders() -> None:
    desk = LegsDesk(CONDOR.__class__(CONDOR.legs, -1, 30.0, 20.0, 40.0, 40.5, freeze=65))
    desk.enter_legs()

    assert [quantity for _, quantity in desk.sent(Role.ENTRY)] == [65] * 4 + [-65] * 4
