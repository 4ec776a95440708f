"""Whatever does not agree with the broker's book reaches the operator's eye, each kind by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from backoffice.admin.shown import list_address
from execution.broker import OrderLine
from execution.discrepancies import POLICIES, DiscrepancyKind, Policy, told_kind
from execution.orders import OrderState, OrderUpdate, Role, Side
from tests.integration.trading.journal_day import FUTURE, Line, written
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.test_hands_of_others import by_hand, in_a_position
from tests.unit.trading.engine.test_twins import by_hand as exit_by_hand
from trading.broadcast import state_from_rows
from trading.engine.actions import AlertNoted, RiskNoted
from trading.engine.events import BOOK, ConditionChanged, ForeignSeen, TwinFound
from trading.models import Alert, RiskEvent, Run
from trading.recorder import Recorder

pytestmark = pytest.mark.django_db
K = DiscrepancyKind


def told_by_the_engine(kind: DiscrepancyKind) -> Desk:
    """Return a desk that has met a disagreement of a kind."""
    desk, stop = in_a_position()
    match kind:
        case K.ORDER_PRICE:
            by_hand(desk, stop, trigger_price=desk.broker.orders[stop].request.price)
        case K.ORDER_QUANTITY:
            by_hand(desk, stop, quantity=65)
        case K.ORDER_CANCELLED:
            desk.news(stop, OrderState.CANCELLED)
        case K.FOREIGN_ORDER:
            line = OrderLine("x1", FUTURE.key, Side.BUY, 75, 0, desk.trade.expected_entry)
            desk.tell(ForeignSeen(desk.now, (line,), ()))
        case K.TWIN_ORDER:
            entry = desk.trade.entries[0]
            told = OrderUpdate(entry, "B-twin", desk.now, OrderState.OPEN)
            desk.tell(TwinFound(desk.now, entry, told))
        case _:
            text = f"{told_kind(kind)} {stop}: ours OPEN 0, the broker's FILLED 65"
            desk.tell(ConditionChanged(desk.now, BOOK, good=False, detail=text))
    return desk


def recorded(run: Run, desk: Desk) -> None:
    """Let what the desk alerted of become rows of a run."""
    kinds: list[type[Any]] = [AlertNoted, RiskNoted]
    lines = [Line(kind.__name__, note) for kind in kinds for note in desk.notes(kind)]
    written(Path(run.journal_path), lines)
    Recorder(run).catch_up()


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_every_disagreement_is_an_alert_on_the_console(
    kind: DiscrepancyKind, open_run: Run, viewer: Client
):
    recorded(open_run, told_by_the_engine(kind))

    page = viewer.get(list_address(Alert, run="all")).content.decode()

    named = "foreign" if kind is K.FOREIGN_ORDER else told_kind(kind)
    assert named in page


@pytest.mark.parametrize("kind", [K.ORDER_PRICE, K.ORDER_QUANTITY, K.ORDER_CANCELLED])
def test_what_somebody_did_to_an_order_is_told_on_the_live_page_too(
    kind: DiscrepancyKind, open_run: Run
):
    recorded(open_run, told_by_the_engine(kind))

    events = state_from_rows(open_run)["events"]

    assert any(told_kind(kind) in str(event) for event in events)
    assert RiskEvent.objects.get(run=open_run, kind=told_kind(kind)).severity == "CRITICAL"


def test_an_exit_by_hand_is_an_alert_on_the_console(open_run: Run, viewer: Client):
    desk, _ = in_a_position()
    desk.tell(exit_by_hand(desk, 130))
    recorded(open_run, desk)

    page = viewer.get(list_address(Alert, run="all")).content.decode()

    assert "130 units by order B-hand of somebody else" in page


@pytest.mark.parametrize("kind", [k for k in K if POLICIES[k][0] is Policy.HALT])
def test_what_halts_entries_lets_none_through_and_keeps_the_stop(kind: DiscrepancyKind):
    desk = told_by_the_engine(kind)

    assert not desk.engine.breakers.may_enter
    assert sum(stop.left for stop in desk.working(Role.STOP)) == desk.trade.open_quantity


@pytest.mark.parametrize("kind", [k for k in K if POLICIES[k][0] is Policy.PROTECT])
def test_what_is_protected_is_covered_again_at_once(kind: DiscrepancyKind):
    desk = told_by_the_engine(kind)
    desk.now += timedelta(seconds=1)

    assert sum(stop.left for stop in desk.working(Role.STOP)) == desk.trade.open_quantity
    assert desk.engine.breakers.may_enter
