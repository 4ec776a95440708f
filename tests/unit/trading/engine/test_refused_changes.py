"""Changes that a broker refuses for good: none is asked for again as it was at the same moment."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime
from itertools import pairwise

import pytest

from execution.orders import OrderState, Role
from tests.unit.trading.engine.builders import FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk, of_kind
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.events import BrokerSaid, CommandIssued, CommandKind
from trading.engine.settings import EntryStyle, ExecutionSettings, TargetStyle

RESTING = ExecutionSettings(target_style=TargetStyle.REST, with_charges=False)
STYLES = {
    "target rests": RESTING,
    "stop becomes the exit": ExecutionSettings(with_charges=False),
    "at market": ExecutionSettings(stop_is_market=True, exit_is_market=True, with_charges=False),
    "entry follows": ExecutionSettings(entry_style=EntryStyle.CHASE, with_charges=False),
}
SOONEST_SECONDS = 1.0


class Always(deque[str]):
    """A fate that never runs out."""

    def popleft(self) -> str:
        return self[0]


def stubborn(style: ExecutionSettings) -> Desk:
    """Return a desk that holds 130 units at a broker by which nothing can be changed any more."""
    desk = Desk(execution=style)
    desk.enter()
    for what in ("modify", "cancel"):
        desk.broker.will[what] = Always(["refuse"])
    return desk


def asks(desk: Desk) -> list[tuple[datetime, str, object]]:
    """Return every change and cancellation asked for: when, of which order, and what."""
    changes = [(ask.at, ask.client_id, ask.change) for ask in desk.notes(ModifyOrder)]
    return [*changes, *((ask.at, ask.client_id, "cancel") for ask in desk.notes(CancelOrder))]


def partly_stopped(desk: Desk) -> tuple[str, str]:
    """Let half the stop fill and the exchange take its target out, whose news is yet to come."""
    stop, target = desk.trade.stops[0], desk.trade.targets[0]
    desk.broker.orders[target].state = OrderState.CANCELLED
    desk.fill(stop, 65, 23_950.0)
    return stop, target


def carry_out_all(desk: Desk) -> None:
    while desk.wire:
        desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))


def test_a_target_that_is_gone_already_is_asked_for_a_change_once():
    desk = Desk(execution=RESTING)
    desk.enter()

    _, target = partly_stopped(desk)

    assert [ask.client_id for ask in desk.notes(ModifyOrder)] == [target]
    assert [ask.client_id for ask in desk.notes(CancelOrder)] == [target]
    assert desk.trade.targets == [target]


def test_another_target_rests_for_what_is_left_once_the_first_is_told_to_be_gone():
    desk = Desk(execution=RESTING)
    desk.enter()
    stop, target = partly_stopped(desk)

    desk.tell(BrokerSaid(desk.now, desk.broker.word(target, desk.now)))

    assert [(order.left, order.request.pair) for order in desk.working(Role.TARGET)] == [
        (65, desk.trade.plan_id)
    ]
    assert [order.left for order in desk.working(Role.STOP)] == [65]
    desk.fill(stop, 65, 23_949.0)
    desk.news(desk.trade.targets[-1], OrderState.CANCELLED)
    assert desk.trade.is_over


def test_a_target_that_cannot_be_changed_is_cancelled_and_rests_anew():
    desk = Desk(execution=RESTING)
    desk.enter()
    desk.broker.next("modify", "refuse")

    desk.fill(desk.trade.stops[0], 65, 23_950.0)

    assert [order.left for order in desk.working(Role.TARGET)] == [65]
    assert len(desk.trade.targets) == 2


def test_no_second_target_rests_while_the_first_is_on_its_way_out():
    desk = Desk(execution=RESTING, prompt=False)
    desk.speak()
    carry_out_all(desk)
    desk.fill(desk.trade.entries[0], 130, 24_000.1)
    carry_out_all(desk)
    desk.broker.next("modify", "refuse")
    desk.fill(desk.trade.stops[0], 35, 23_950.0)
    desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))

    said = desk.fill(desk.trade.stops[0], 30, 23_950.0)

    assert of_kind(said, PlaceOrder) == []
    carry_out_all(desk)
    assert [order.left for order in desk.working(Role.TARGET)] == [65]


@pytest.mark.parametrize("style", STYLES)
def test_a_broker_that_refuses_every_change_is_asked_again_by_timers_only(style: str):
    desk = stubborn(STYLES[style])

    desk.fill(desk.trade.stops[0], 35, 23_950.0)
    desk.wait(33)
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.wait(33)
    desk.tick(FUTURE_COLUMN, 24_080.0)
    desk.wait(33)
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    desk.wait(90)

    told = asks(desk)
    assert len(told) > 10
    assert max(Counter(told).values()) == 1
    assert soonest_again(told) >= SOONEST_SECONDS


def soonest_again(told: list[tuple[datetime, str, object]]) -> float:
    """Return the seconds between two moments of equal asks of one order that lie closest."""
    moments: dict[tuple[str, object], set[datetime]] = {}
    for moment, client_id, what in told:
        moments.setdefault((client_id, what), set()).add(moment)
    pauses = [
        (later - sooner).total_seconds()
        for asked in map(sorted, moments.values())
        for sooner, later in pairwise(asked)
    ]
    return min(pauses, default=SOONEST_SECONDS)
