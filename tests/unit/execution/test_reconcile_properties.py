from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from execution.broker import BrokerBook
from execution.orders import Fill, IllegalTransitionError, Order, OrderState, OrderUpdate, Side
from execution.orders_book import apply_update
from execution.reconcile import reconcile
from tests.unit.execution.market import CALL, request

S = OrderState
AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
WANTED = request("a1", Side.BUY, 130, price=100)
_TOLD = (S.OPEN, S.PARTIAL, S.FILLED, S.CANCELLED, S.REJECTED)


def fills(count: int) -> tuple[Fill, ...]:
    return tuple(
        Fill(f"t{number}", "a1", "b1", CALL, Side.BUY, 65, Decimal(100), AT)
        for number in range(count)
    )


@st.composite
def news(draw: st.DrawFn) -> OrderUpdate:
    state = draw(st.sampled_from(_TOLD))
    count = {S.OPEN: 0, S.FILLED: 2, S.REJECTED: 0}.get(state, draw(st.integers(0, 1)))
    return OrderUpdate(
        client_id="a1",
        broker_id="b1",
        at=AT + timedelta(seconds=draw(st.integers(0, 2))),
        state=state,
        filled_quantity=count * 65,
        fills=fills(count) if draw(st.booleans()) else (),
        request=draw(st.sampled_from((None, WANTED, replace(WANTED, price=Decimal(101))))),
        triggered=draw(st.booleans()),
        reason=draw(st.sampled_from(("", "because"))),
    )


@given(st.lists(news(), max_size=3), news(), st.booleans())
def test_a_book_is_silent_of_an_order_only_where_folding_it_in_would_change_nothing(
    before: list[OrderUpdate], told: OrderUpdate, is_glance: bool
) -> None:
    order = Order(WANTED, S.SENT)
    known: set[str] = set()
    for update in before:
        try:
            order, new = apply_update(order, update, known)
        except IllegalTransitionError:
            continue
        known |= {fill.trade_id for fill in new}
    trades = () if is_glance else fills(told.filled_quantity // 65)
    whole = replace(told, fills=tuple({f.trade_id: f for f in (*told.fills, *trades)}.values()))

    found = reconcile([order], [], BrokerBook((told,), trades, (), complete=True), known)

    try:
        after, new = apply_update(order, whole, known)
    except IllegalTransitionError:
        assert found.updates == ()
        assert not found.is_clean
        return
    is_same = not new and structs.replace(after, updated_at=order.updated_at) == order
    assert found.updates == (() if is_same and told.request is None else (whole,))
