"""How a position is covered: what the broker has confirmed, and what was only asked for."""

from __future__ import annotations

import pytest

from backoffice.admin.cover import cover_of
from execution.orders import OrderState
from trading.models import Order, Position, Run

HELD = 75


@pytest.fixture
def held(open_run: Run) -> Position:
    """Return a position of 75 units whose stop is the plan's only way out."""
    position = Position.objects.get(run=open_run)
    Position.objects.filter(pk=position.pk).update(quantity=HELD, protected=HELD, stop="14700")
    Order.objects.filter(plan=position.plan, role="STOP").update(quantity=HELD, filled_quantity=0)
    position.refresh_from_db()
    return position


def stops(position: Position, state: OrderState, **fields: int) -> Position:
    Order.objects.filter(plan=position.plan, role="STOP").update(state=state.value, **fields)
    return position


def test_a_stop_that_the_broker_confirmed_covers(held: Position):
    assert cover_of(stops(held, OrderState.OPEN)) == ("75 of 75", "good")


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNKNOWN, OrderState.PLANNED])
def test_a_stop_nobody_has_confirmed_covers_nothing_yet(held: Position, state: OrderState):
    assert cover_of(stops(held, state)) == ("0 of 75, 75 not confirmed", "bad")


def test_what_of_a_stop_has_filled_covers_no_more(held: Position):
    assert cover_of(stops(held, OrderState.PARTIAL, filled_quantity=50))[0].startswith("25 of 75")


def test_a_leg_without_a_stop_of_its_own_leaves_with_its_plan(held: Position):
    stops(held, OrderState.CANCELLED)
    held.stop, held.protected = None, 0

    assert cover_of(held) == ("with its plan", "quiet")


def test_a_position_whose_stop_is_gone_is_not_covered(held: Position):
    stops(held, OrderState.CANCELLED)
    held.protected = 0

    assert cover_of(held) == ("0 of 75", "bad")
