"""A stop whose change is on the wire while the broker's book still tells how it rested before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from execution.orders import OrderState, Role
from tests.unit.trading.engine.builders import ON_SHARE, RELIANCE_COLUMN, ROOMY, D, Scripted
from tests.unit.trading.engine.desk import Desk, Wish
from trading.engine.actions import ModifyOrder, PlaceOrder
from trading.engine.events import BrokerSaid, Event
from trading.engine.invariants import check

PARTS = (50, 24, 12)


class Wired(Desk):
    """A desk whose wishes are carried out, and whose answers are told, when it is said so."""

    def __init__(self) -> None:
        says = Scripted({14: {RELIANCE_COLUMN: ON_SHARE}})
        limits = replace(ROOMY, equity_share_per_position=D("0.09"))
        super().__init__(prompt=False, strategies=(says,), limits=limits)
        self.speak()
        self.carry_out("accept")

    def next_answer(self, fate: str) -> Event:
        """Let the broker do the oldest wish, or refuse it, and return its answer untold."""
        wish = self.wire.popleft()
        self.broker.next(wish.request.role if isinstance(wish, PlaceOrder) else "modify", fate)
        return self.broker.carry_out(wish, self.now)

    def carry_out(self, *fates: str) -> None:
        for fate in fates:
            if self.wire:
                self.tell(self.next_answer(fate))

    def reconcile(self) -> None:
        """Tell what the broker's book says of every order now."""
        for client_id in self.broker.orders:
            self.tell(BrokerSaid(self.now, self.broker.word(client_id, self.now)))

    def part(self, quantity: int) -> None:
        self.fill(self.trade.entries[0], quantity, 1_000.0)

    def on_the_wire(self) -> list[Wish]:
        return list(self.wire)


def raised_in_parts() -> Wired:
    """Return a desk with 86 shares, a stop for 74 and its rise to 86 on the wire."""
    desk = Wired()
    for quantity in PARTS[:-1]:
        desk.part(quantity)
        desk.carry_out("accept")
    desk.part(PARTS[-1])
    assert [type(wish) for wish in desk.wire] == [ModifyOrder]
    assert desk.trade.open_quantity == sum(PARTS)
    return desk


def most_out(desk: Wired) -> int:
    """Return the units that stops and exits can take out, at the broker and on their way."""
    coming = sum(wish.request.quantity for wish in desk.wire if isinstance(wish, PlaceOrder))
    return coming + sum(o.left for o in desk.working(Role.STOP) + desk.working(Role.EXIT))


def test_a_book_that_tells_the_older_terms_asks_for_no_second_change():
    desk = raised_in_parts()

    desk.reconcile()

    assert len(desk.wire) == 1
    desk.carry_out("accept")
    assert [order.left for order in desk.working(Role.STOP)] == [86]
    assert not desk.wire


@pytest.mark.parametrize("fates", [("accept", "refuse"), ("refuse", "refuse"), ("lose", "accept")])
def test_stops_never_exceed_what_is_held_though_the_book_tells_the_older_terms(
    fates: tuple[str, str],
):
    desk = raised_in_parts()

    desk.reconcile()
    answers = [desk.next_answer(fate) for fate in fates[: len(desk.wire)]]
    for answer in reversed(answers):
        desk.tell(answer)
        assert most_out(desk) <= 86
    desk.carry_out(*["accept"] * 3)

    assert most_out(desk) <= 86
    check(desk.engine)


def test_a_stop_whose_rise_was_refused_is_made_up_by_another():
    desk = raised_in_parts()
    desk.reconcile()

    desk.carry_out("refuse", "accept")

    assert [order.left for order in desk.working(Role.STOP)] == [74, 12]


def test_a_position_sent_out_while_a_rise_is_on_the_wire_is_never_turned_over():
    desk = raised_in_parts()
    stop = desk.trade.stops[0]
    desk.reconcile()

    desk.tick(RELIANCE_COLUMN, 980.0)
    desk.wait(3)
    desk.reconcile()
    desk.carry_out("accept", "accept", "accept")

    assert most_out(desk) <= 86
    assert desk.engine.orders[stop].state is OrderState.OPEN
