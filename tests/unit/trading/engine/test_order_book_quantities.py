from __future__ import annotations

from dataclasses import replace

from execution.orders import OrderChange, Side
from tests.unit.trading.engine.test_order_book import STOP, book, update


def test_what_rests_counts_changes_on_their_way_and_leaves_out_what_is_being_cancelled():
    orders = book()
    orders.add(replace(STOP, client_id="S2", quantity=65))
    orders.apply(update())
    orders.expect_change("S1", OrderChange(quantity=195))
    assert orders.resting(["S1", "S2"]) == 195 + 65

    orders.expect_cancel("S1")

    assert orders.resting(["S1", "S2"]) == 65
    assert orders.unfinished(["S1"])
    assert not orders.unfinished([])


def test_orders_are_told_apart_by_their_side():
    orders = book()
    orders.add(replace(STOP, client_id="E1", side=Side.BUY))

    assert orders.on_side(["S1", "E1"], Side.BUY) == ["E1"]
    assert orders.on_side(["S1", "E1"], Side.SELL) == ["S1"]
