from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from tests.unit.trading.engine.builders import FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import PositionNoted

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
