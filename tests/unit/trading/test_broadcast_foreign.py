from __future__ import annotations

import msgspec

from execution.broker import OrderLine
from execution.foreign import ForeignPosition
from execution.orders import Side
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.broadcast_foreign import foreign_entries
from trading.engine.codec import body_of, plain
from trading.engine.events import ForeignSeen


def test_orders_and_positions_of_others_are_told_with_side_units_and_price():
    seen = ForeignSeen(
        at(10, 0),
        (
            OrderLine("X1", FUTURE.key, Side.BUY, 65, 10, D("24000.05")),
            OrderLine("X2", FUTURE.key, Side.SELL, 65, 0, D(0)),
        ),
        (ForeignPosition("NSE:TCS", -5, D(2000)),),
    )

    entries = foreign_entries(plain(body_of(seen)))

    assert [(e["id"], e["side"], e["quantity"], e["filled"], e["price"]) for e in entries] == [
        ("order:X1", "BUY", 65, 10, 24_000.05),
        ("order:X2", "SELL", 65, 0, None),
        ("position:NSE:TCS", "SELL", 5, 5, 2_000.0),
    ]
    assert msgspec.json.decode(msgspec.json.encode(entries)) == entries


def test_nothing_foreign_is_an_empty_list():
    assert foreign_entries(plain(body_of(ForeignSeen(at(10, 0), (), ())))) == []
