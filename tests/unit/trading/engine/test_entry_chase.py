from __future__ import annotations

from typing import Any

import pytest

from execution.orders import OrderType, Role
from strategies.signals import Direction
from tests.unit.trading.engine.builders import FUTURE_COLUMN, INDEX_COLUMN, D, saying
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import CancelOrder, ModifyOrder
from trading.engine.settings import EntryStyle, ExecutionSettings
from trading.engine.trades import PlanState


def chasing(**overrides: Any) -> Desk:
    """Return a desk whose entry of two lots works at the touch; it was judged two ticks beyond."""
    settings = ExecutionSettings(entry_style=EntryStyle.CHASE, with_charges=False)
    desk = Desk(execution=settings, **overrides)
    desk.speak()
    return desk


def prices(desk: Desk) -> list[str]:
    return [str(wish.change.price) for wish in desk.notes(ModifyOrder)]


def test_an_entry_begins_at_the_touch_and_not_where_it_was_judged():
    desk = chasing()

    [entry] = desk.working(Role.ENTRY)

    assert entry.request.order_type is OrderType.LIMIT
    assert (entry.request.price, desk.trade.expected_entry) == (D("24000.10"), D("24000.30"))


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (24_000.0, []),
        (24_000.1, []),
        (24_000.2, ["24000.20"]),
        (24_000.3, ["24000.30"]),
        (24_000.4, ["24000.30"]),
        (24_050.0, ["24000.30"]),
    ],
)
def test_it_follows_the_touch_up_to_two_ticks_and_never_back(ask, asked):
    desk = chasing()

    desk.tick(FUTURE_COLUMN, 24_000.0, ask=ask, bid=23_999.9)
    desk.wait(1)

    assert prices(desk) == asked


def test_a_sale_follows_the_bid_down():
    desk = chasing(strategies=saying(14, INDEX_COLUMN, side=-1))

    desk.tick(FUTURE_COLUMN, 24_000.0, bid=23_999.8, ask=24_000.1)
    desk.wait(1)

    assert desk.trade.direction is Direction.SHORT
    assert desk.working(Role.ENTRY)[0].request.price == D("23999.80")


def test_after_five_seconds_what_is_left_is_cancelled_and_what_filled_is_kept():
    desk = chasing()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    desk.wait(4.9)
    assert not desk.notes(CancelOrder)
    desk.wait(0.2)

    assert [wish.client_id for wish in desk.notes(CancelOrder)] == desk.trade.entries
    assert desk.trade.state is PlanState.OPEN
    assert sum(order.left for order in desk.working(Role.STOP)) == 65


def test_an_entry_of_which_nothing_filled_ends_its_plan_by_name():
    desk = chasing()

    desk.wait(6)

    assert desk.trade.state is PlanState.ENTRY_CANCELLED
    assert desk.trade.exit_reason == "entry not filled while chasing"


def test_a_change_that_was_not_answered_is_not_followed_by_another():
    desk = chasing()
    desk.broker.next("modify", "lose")

    desk.tick(FUTURE_COLUMN, 24_000.0, ask=24_000.2)
    desk.wait(1)
    desk.tick(FUTURE_COLUMN, 24_000.0, ask=24_000.3)
    desk.wait(1)

    assert prices(desk) == ["24000.20"]


def test_no_more_changes_than_allowed_are_made():
    settings = ExecutionSettings(
        entry_style=EntryStyle.CHASE, entry_chase_changes=1, with_charges=False
    )
    desk = Desk(execution=settings)
    desk.speak()

    for ask in (24_000.2, 24_000.3):
        desk.tick(FUTURE_COLUMN, 24_000.0, ask=ask)
        desk.wait(1)

    assert prices(desk) == ["24000.20"]


def test_an_entry_that_filled_at_once_is_left_alone():
    desk = chasing()
    desk.fill(desk.trade.entries[0], 130, 24_000.1)

    desk.tick(FUTURE_COLUMN, 24_000.0, ask=24_000.3)
    desk.wait(10)

    assert not [w for w in desk.notes(ModifyOrder) if w.client_id in desk.trade.entries]
    assert not desk.notes(CancelOrder)
