from __future__ import annotations

from decimal import Decimal
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.broker import OrderLine
from execution.foreign import ForeignPosition
from execution.orders import Fill, OrderChange, OrderState, OrderUpdate, Side
from tests.unit.trading.engine.builders import FUTURE, FUTURE_COLUMN, D, at
from tests.unit.trading.engine.desk import Desk, tick
from tests.unit.trading.engine.legs import LegsDesk
from tests.unit.trading.engine.test_order_book import STOP
from trading.engine import actions as out
from trading.engine.codec import body_of, event_of, plain
from trading.engine.events import (
    BandsTold,
    BrokerSaid,
    ChangeRefused,
    CommandIssued,
    CommandKind,
    ConditionChanged,
    DataFault,
    Event,
    ForeignSeen,
    MarginTold,
    MarketStep,
    StrategyOverran,
    TimerFired,
    TwinFound,
)

FILL = Fill("T1", "S1", "B1", FUTURE, Side.SELL, 65, D("23950.10"), at(10, 0, 1))
EVENTS = (
    BrokerSaid(
        at(10, 0),
        OrderUpdate(
            client_id="S1",
            broker_id="B1",
            at=at(10, 0),
            state=OrderState.PARTIAL,
            filled_quantity=65,
            fills=(FILL,),
            request=STOP,
            triggered=True,
            reason="because",
        ),
    ),
    TwinFound(
        at(10, 0), "S1", OrderUpdate("S1", "B2", at(10, 0), OrderState.FILLED, 65, fills=(FILL,))
    ),
    ChangeRefused(at(10, 0), "S1", "no", proven=False),
    TimerFired(at(10, 0), "stage:flat_by:CASH"),
    CommandIssued(at(10, 0), 7, CommandKind.CLOSE_POSITION, "ann", "why", "P000001"),
    DataFault(at(10, 0), "RELIANCE", "zero-price", 3),
    ConditionChanged(at(10, 0), "data", good=False, detail="late"),
    StrategyOverran(at(10, 0), "opening_range", "took 900 ms, allowed 250 ms a bar"),
    MarginTold(at(10, 0), "M000001", D("195000.50"), D(-12)),
    ForeignSeen(
        at(10, 0),
        (OrderLine("X1", FUTURE.key, Side.BUY, 65, 0, D(24_000)),),
        (ForeignPosition(FUTURE.key, -65, D("24000.05")),),
    ),
    BandsTold(at(10, 0), "kite", at(9, 5), ((FUTURE.key, D("21600.05"), D(26_400)),)),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_reads_back_as_it_was(event: Event):
    body = plain(body_of(event))

    assert event_of(type(event).__name__, body) == event
    assert bytes(body_of(event_of(type(event).__name__, body))) == bytes(body_of(event))


def test_every_kind_of_event_is_told():
    assert {type(event) for event in EVENTS} | {MarketStep} == set(get_args(Event))


def test_a_market_step_is_told_by_its_frame_only():
    step = MarketStep(at(10, 0), 42, tick(3, 1_000.0, at(10, 0)))

    assert plain(body_of(step)) == {"at": at(10, 0).isoformat(), "frame": 42}
    with pytest.raises(ValueError, match="MarketStep"):
        event_of("MarketStep", plain(body_of(step)))


def actions_of_a_day() -> list[out.Action]:
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.broker.next("modify", "refuse")
    desk.broker.next(out.PlaceOrder.__name__)
    desk.tick(FUTURE_COLUMN, 24_100.0)
    desk.broker.next("EXIT", "refuse")
    desk.wait(10)
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    for order in list(desk.broker.orders.values()):
        if order.left:
            desk.fill(order.request.client_id, order.left, 24_000.0)
    with_legs = LegsDesk()
    with_legs.enter_legs()
    return desk.said + with_legs.said


def test_every_action_reads_back_as_it_was():
    for action in actions_of_a_day():
        body = plain(body_of(action))

        assert msgspec.convert(body, type(action), strict=False) == action


def test_every_kind_of_action_is_told_in_that_day():
    told = {type(action) for action in actions_of_a_day()}

    assert set(get_args(out.Action)) - told <= {out.RiskNoted, out.AlertNoted, out.AskMargin}


@given(price=st.decimals(min_value="0.01", max_value="1e7", places=2, allow_nan=False))
def test_a_price_keeps_every_digit(price: Decimal):
    wish = out.ModifyOrder(at(10, 0), "S1", OrderChange(price=price))

    body = plain(body_of(wish))

    assert body["change"]["price"] == str(price)
