"""Orders of ours that somebody else changes or cancels in the broker's own window."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from execution.orders import Fill, OrderState, OrderUpdate, Role, Side
from strategies.ranking_settings import RankingSettings
from tests.unit.trading.engine.builders import INDEX_COLUMN, ROOMY, D, Say, Scripted, Second
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, CancelOrder, ModifyOrder, RiskNoted
from trading.engine.events import BrokerSaid, CommandIssued, CommandKind, TwinFound
from trading.engine.invariants import check
from trading.engine.trades import PlanState, Trade


def by_hand(desk: Desk, client_id: str, **changes: Any) -> None:
    """Let somebody change an order of ours at the broker, and the broker tell of it."""
    held = desk.broker.orders[client_id]
    held.request, held.changed = replace(held.request, **changes), True
    desk.tell(BrokerSaid(desk.now, desk.broker.word(client_id, desk.now)))


def in_a_position() -> tuple[Desk, str]:
    """Return a desk that holds two lots behind a resting stop, and the stop's id."""
    desk = Desk()
    desk.enter(130)
    [stop] = desk.working(Role.STOP)
    return desk, stop.request.client_id


def resting(desk: Desk) -> tuple[int, set[tuple[Decimal | None, Decimal | None]]]:
    """Return the units that stops rest for, and at which triggers and limits."""
    stops = desk.working(Role.STOP)
    levels = {(stop.request.trigger_price, stop.request.price) for stop in stops}
    return sum(stop.left for stop in stops), levels


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"trigger_price": D("23900")}, "order-price"),
        ({"trigger_price": D("23960")}, "order-price"),
        ({"price": D("23000")}, "order-price"),
        ({"quantity": 65}, "order-quantity"),
        ({"quantity": 195}, "order-quantity"),
        ({"quantity": 65, "trigger_price": D("23900")}, "order-quantity"),
    ],
)
def test_a_stop_that_somebody_changed_is_brought_back_and_told(change, kind):
    desk, stop = in_a_position()
    before = resting(desk)

    by_hand(desk, stop, **change)

    assert resting(desk) == before
    [alert] = desk.notes(AlertNoted)
    assert (alert.kind, alert.severity) == (kind, "CRITICAL")
    assert alert.text.startswith(f"{kind} {stop}: was 130 units, limit ")
    assert alert.text.endswith("(protect: somebody else changed an order of ours)")
    assert kind in [note.kind for note in desk.notes(RiskNoted)]
    check(desk.engine)


def test_a_stop_that_somebody_cancelled_rests_again_and_is_told():
    desk, stop = in_a_position()
    before = resting(desk)

    desk.news(stop, OrderState.CANCELLED)

    assert resting(desk) == before
    [alert] = desk.notes(AlertNoted)
    assert alert.kind == "order-cancelled"
    assert alert.text.endswith(", cancelled (protect: nobody of us asked for it, another rests)")
    check(desk.engine)


def test_an_entry_that_somebody_changed_is_taken_back():
    desk = Desk()
    desk.speak()
    [entry] = desk.trade.entries

    by_hand(desk, entry, quantity=1_300)

    assert [a.kind for a in desk.notes(AlertNoted)] == ["order-quantity"]
    assert entry in [wish.client_id for wish in desk.notes(CancelOrder)]
    assert desk.trade.state is PlanState.ENTRY_CANCELLED
    check(desk.engine)


def test_our_own_changes_and_cancels_are_nobody_elses():
    desk, _ = in_a_position()

    desk.tick(1, 24_055.0, high=24_055.0)
    desk.wait(60)

    assert desk.notes(ModifyOrder)
    assert not desk.notes(AlertNoted)


def test_old_news_of_terms_that_were_once_asked_for_is_no_change_by_others():
    desk, stop = in_a_position()
    held = desk.broker.orders[stop]
    first = held.request
    desk.tick(1, 24_055.0, high=24_055.0)
    assert held.request != first

    held.request, newest = first, held.request
    desk.tell(BrokerSaid(desk.now, desk.broker.word(stop, desk.now)))
    held.request = newest

    assert not desk.notes(AlertNoted)


def test_an_exit_that_somebody_changed_is_told_and_priced_anew_by_its_timer():
    desk, stop = in_a_position()
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", "enough"))
    [exit_] = [order for order in desk.broker.orders.values() if order.left]
    priced = exit_.request.price

    by_hand(desk, stop, price=D("25000"))
    told, asked = [a.kind for a in desk.notes(AlertNoted)], len(desk.notes(ModifyOrder))
    desk.wait(10)

    assert "order-price" in told
    assert len(desk.notes(ModifyOrder)) == asked + 1
    assert exit_.request.price == priced
    check(desk.engine)


def test_a_second_change_is_told_again():
    desk, stop = in_a_position()

    by_hand(desk, stop, trigger_price=D("23900"))
    by_hand(desk, stop, trigger_price=D("23800"))

    assert [a.kind for a in desk.notes(AlertNoted)] == ["order-price", "order-price"]
    assert [trigger for trigger, _ in resting(desk)[1]] == [D("23950.0")]


def test_an_exit_by_hand_of_two_plans_closes_both_and_takes_their_stops_off():
    told = {14: {INDEX_COLUMN: Say()}}
    limits = replace(ROOMY, max_positions_per_underlying=2, max_new_per_underlying=2)
    unbound = RankingSettings(max_per_underlying=2)
    desk = Desk(strategies=(Scripted(told), Second(told)), limits=limits, ranking=unbound)
    desk.speak()
    plans = list(desk.engine.ledger.trades.values())
    for plan in plans:
        desk.fill(plan.entries[0], plan.planned_quantity, 24_000.1)

    for number, plan in enumerate(plans, start=1):
        desk.tell(part_by_hand(desk, plan, number))

    assert [plan.state for plan in plans] == [PlanState.CLOSED] * 2
    assert not desk.working(Role.STOP)
    assert [a.text.rpartition(" by ")[2] for a in desk.notes(AlertNoted)] == [
        "order x2+1 of somebody else",
        "order x2+2 of somebody else",
    ]
    check(desk.engine)


def part_by_hand(desk: Desk, plan: Trade, number: int) -> TwinFound:
    """Return the part of one order by hand that took out what a plan holds."""
    entry, units = plan.entries[0], plan.open_quantity
    request = replace(
        desk.engine.orders[entry].request, side=Side.SELL, role=Role.EXIT, quantity=units
    )
    broker_id = f"x2+{number}"
    fill = Fill(
        f"t+{number}", entry, broker_id, plan.instrument, Side.SELL, units, D(23_990), desk.now
    )
    update = OrderUpdate(
        entry, broker_id, desk.now, OrderState.FILLED, units, (fill,), request=request
    )
    return TwinFound(desk.now, entry, update, by_other=True)
