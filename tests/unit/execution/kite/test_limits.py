from __future__ import annotations

from dataclasses import replace

import pytest

from execution.kite.limits import lane_of_change, lane_of_order
from execution.orders import OrderChange, OrderRequest, OrderType, Role
from marketdata.pacing import Lane
from tests.contracts.kite.desk import D, limit, stop


@pytest.mark.parametrize(
    ("role", "lane"),
    [
        (Role.ENTRY, Lane.NORMAL),
        (Role.TARGET, Lane.NORMAL),
        (Role.STOP, Lane.URGENT),
        (Role.EXIT, Lane.URGENT),
    ],
)
def test_stops_and_exits_are_urgent(role: Role, lane: Lane) -> None:
    assert lane_of_order(replace(limit(), role=role)) is lane


@pytest.mark.parametrize(
    ("change", "resting", "lane"),
    [
        (OrderChange(order_type=OrderType.MARKET), stop(), Lane.URGENT),
        (OrderChange(order_type=OrderType.LIMIT, price=D(90)), stop(), Lane.URGENT),
        (OrderChange(price=D(90)), replace(limit(), role=Role.EXIT), Lane.URGENT),
        (OrderChange(price=D(90)), limit(), Lane.NORMAL),
        (OrderChange(trigger_price=D(96), price=D(91)), stop(), Lane.NORMAL),
        (OrderChange(quantity=130), stop(), Lane.URGENT),
        (OrderChange(order_type=OrderType.MARKET), None, Lane.URGENT),
        (OrderChange(trigger_price=D(96)), None, Lane.NORMAL),
    ],
)
def test_what_takes_a_position_out_or_covers_it_is_urgent_and_a_trail_is_not(
    change: OrderChange, resting: OrderRequest | None, lane: Lane
) -> None:
    assert lane_of_change(change, resting) is lane
