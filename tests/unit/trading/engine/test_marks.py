from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.trading.engine.builders import FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk
from trading.engine.marks import Marks


def part_out(desk: Desk) -> None:
    desk.fill(desk.trade.stops[0], 65, 23_950.0)


def all_out(desk: Desk) -> None:
    part_out(desk)
    part_out(desk)


def moved(desk: Desk) -> None:
    desk.tick(FUTURE_COLUMN, 24_040.0)


def trailed(desk: Desk) -> None:
    for price in (24_050.0, 24_080.0, 24_090.0):
        desk.later(60)
        desk.tick(FUTURE_COLUMN, price)


@pytest.mark.parametrize("after", [moved, trailed, part_out, all_out, lambda desk: None])
def test_what_is_kept_is_what_is_worked_out_anew(after: Callable[[Desk], None]):
    desk = Desk()
    desk.enter()
    ledger, last = desk.engine.ledger, desk.engine.last_prices()
    before = ledger.exposure(last)

    after(desk)

    anew = Marks(desk.engine.orders, desk.engine.setup.limits)
    anew.stirred.extend(ledger.trades.values())
    now = ledger.exposure(desk.engine.last_prices())
    assert before.open
    assert list(now.open) == anew.risks(ledger.alive())
    assert now.unrealised_inr == anew.profit(desk.engine.last_prices())


def test_a_price_alone_changes_the_open_profit_by_every_unit_held():
    desk = Desk()
    trade = desk.enter()
    desk.tick(FUTURE_COLUMN, 24_010.0)
    before = desk.engine.ledger.standing(desk.engine.last_prices()).unrealised_inr

    desk.tick(FUTURE_COLUMN, 24_011.0)

    after = desk.engine.ledger.standing(desk.engine.last_prices()).unrealised_inr
    assert after - before == trade.open_quantity
