from __future__ import annotations

from execution.foreign import ForeignPosition
from execution.orders import OrderRequest, OrderState, OrderType, OrderUpdate, Role, Side
from tests.unit.trading.engine.builders import FUTURE, D, at, setup
from trading.engine.core import Engine
from trading.engine.events import ForeignSeen
from trading.own_books import EngineBooks

ENTRY = OrderRequest(
    client_id="T1E0001",
    instrument=FUTURE,
    side=Side.BUY,
    quantity=65,
    order_type=OrderType.LIMIT,
    role=Role.ENTRY,
    plan_id="P1",
    price=D(24_000),
)


def test_the_same_value_is_told_for_as_long_as_nothing_changes():
    engine = Engine(setup())
    books = EngineBooks(engine)
    engine.orders.add(ENTRY)

    assert books() is books()
    assert [order.request for order in books().orders] == [ENTRY]
    assert books().run_code == engine.setup.run_code


def test_news_of_an_order_and_a_cancellation_asked_for_are_told_at_once():
    engine = Engine(setup())
    books = EngineBooks(engine)
    engine.orders.add(ENTRY)
    before = books()

    engine.orders.apply(OrderUpdate("T1E0001", "B1", at(10, 0), OrderState.OPEN))
    heard = books()
    engine.orders.expect_cancel("T1E0001")

    assert [order.state for order in before.orders] == [OrderState.SENT]
    assert [order.state for order in heard.orders] == [OrderState.OPEN]
    assert (heard.changing, books().changing) == ((), ("T1E0001",))


def test_what_is_foreign_is_told_once_it_is_seen():
    engine = Engine(setup())
    books = EngineBooks(engine)
    assert books().foreign.positions == ()
    held = ForeignPosition("NSE:TCS", 5, D(3_000))

    engine.handle(ForeignSeen(at(10, 0), (), (held,)))

    assert books().foreign.positions == (held,)
