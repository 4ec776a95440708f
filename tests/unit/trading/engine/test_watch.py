from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from execution.orders import Role
from risk.exits import ExitReason
from risk.exits.watching import ASKED, WATCHED
from tests.unit.trading.engine.builders import FUTURE_COLUMN, STOPS_AND_TARGETS
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import PositionNoted
from trading.engine.watch import Watch, mode_of

PRICES = (24_003.0, 23_995.0, 24_015.0, 23_990.0)
ROOT = Path(__file__).resolve().parents[4]
FIRST_POSITION = """
from marketdata import panel_kernels
from risk.exits import kernel, watching
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.test_watch import FUTURE_COLUMN, PRICES

desk = Desk()
rooms = (kernel, watching, panel_kernels)
loops = [loop for room in rooms for loop in vars(room).values() if hasattr(loop, "signatures")]
before = [len(loop.signatures) for loop in loops]
trade = desk.enter()
for price in PRICES:
    desk.later(1)
    desk.tick(FUTURE_COLUMN, price)
desk.fill(trade.stops[0], 65, 23_950.0)
loaded = zip(loops, before, strict=True)
print([loop.__name__ for loop, count in loaded if len(loop.signatures) > count])
"""


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


def test_the_first_position_of_a_process_waits_for_no_loop_to_be_compiled():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIRST_POSITION],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"


def concerned(desk: Desk, price: float) -> list[str]:
    """Return the plans that a watch of their own is asked about, all at `price` now."""
    engine = desk.engine
    desk.tick(FUTURE_COLUMN, price)
    watch = Watch(engine.ledger, engine.orders, engine.panel, lambda _: 0)
    return [each.plan_id for each in watch.standing(desk.now.timestamp(), np.array([np.nan]))]


def test_a_plan_in_profit_is_watched_again_once_its_time_is_up():
    desk = Desk(exits=replace(STOPS_AND_TARGETS, time_stop=True, time_stop_minutes=5))
    trade = desk.enter()

    assert concerned(desk, 24_010.0) == []
    desk.later(300)
    assert concerned(desk, 24_011.0) == []
    assert trade.closing is None
    desk.tick(FUTURE_COLUMN, 23_999.0)
    assert trade.closing is ExitReason.TIME


def test_a_watch_that_lives_on_over_that_moment_asks_no_more_than_a_new_one():
    desk = Desk(exits=replace(STOPS_AND_TARGETS, time_stop=True, time_stop_minutes=5))
    desk.enter()
    engine, slow = desk.engine, np.array([np.nan])
    watch = Watch(engine.ledger, engine.orders, engine.panel, lambda _: 0)
    desk.tick(FUTURE_COLUMN, 24_010.0)
    before = watch.standing(desk.now.timestamp(), slow)

    desk.later(600)
    desk.tick(FUTURE_COLUMN, 24_011.0)

    assert before == watch.standing(desk.now.timestamp(), slow) == []


def test_what_is_left_behind_a_part_that_has_gone_is_watched_by_its_row():
    desk = Desk()
    trade = desk.enter()
    desk.tick(FUTURE_COLUMN, 24_051.0)
    (part,) = desk.working(Role.EXIT)

    assert mode_of(trade, desk.engine.orders) == ASKED
    desk.fill(part.request.client_id, 65, 24_050.0)
    desk.later(1)
    desk.tick(FUTURE_COLUMN, 24_049.0)

    assert trade.open_quantity == 65
    assert mode_of(trade, desk.engine.orders) == WATCHED
