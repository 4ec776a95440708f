from __future__ import annotations

from dataclasses import replace

from tests.unit.trading.engine.builders import FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import PositionNoted

PRICES = (24_003.0, 23_995.0, 24_015.0, 23_990.0)


def test_extremes_that_a_plan_was_not_asked_about_are_in_its_next_note():
    desk = Desk()
    trade = desk.enter()
    for price in PRICES:
        desk.later(1)
        desk.tick(FUTURE_COLUMN, price)

    desk.fill(trade.stops[0], 65, 23_950.0)

    note = desk.notes(PositionNoted)[-1]
    assert note.mfe_r == trade.in_r(24_015.0)
    assert note.mae_r == trade.in_r(23_990.0)


def test_a_plan_that_is_asked_about_every_price_comes_to_the_same_state():
    watched, asked = Desk(), Desk()
    for desk in (watched, asked):
        desk.enter()
    for price in PRICES:
        for desk in (watched, asked):
            desk.later(1)
        asked.trade.exit_state = replace(asked.trade.exit_state, through_since_s=0.0)
        asked.engine.ledger.stir(asked.trade)
        for desk in (watched, asked):
            desk.tick(FUTURE_COLUMN, price)

    for desk in (watched, asked):
        desk.fill(desk.trade.stops[0], 65, 23_950.0)

    assert watched.trade.exit_state == asked.trade.exit_state
    assert watched.notes(PositionNoted) == asked.notes(PositionNoted)
