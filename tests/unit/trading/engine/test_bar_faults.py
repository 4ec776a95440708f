"""What the bars of a closed minute lack, and what came behind them, is named to the operator."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.trading.engine.builders import FUTURE_COLUMN, at
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import RiskNoted


def faults(desk: Desk) -> list[str]:
    return [note.text for note in desk.notes(RiskNoted) if note.kind == "data-fault"]


def minute(desk: Desk, number: int) -> None:
    """Quote everything in the middle of a minute of the session, and let it close."""
    desk.now = at(9, 15) + timedelta(minutes=number, seconds=30)
    desk.quotes()
    desk.now = at(9, 15) + timedelta(minutes=number + 1)
    desk.bar()


def behind(desk: Desk, count: int) -> None:
    """Let ticks come that were stamped before the last bar closed."""
    stamped = desk.now - timedelta(seconds=10)
    for _ in range(count):
        micros = int(stamped.timestamp()) * 1_000_000
        desk.tick(FUTURE_COLUMN, 24_000.0, exchange_at=micros)


def test_ticks_that_came_behind_their_bar_are_counted_and_told_once_a_minute() -> None:
    desk = Desk()
    minute(desk, 0)
    behind(desk, 3)
    assert faults(desk) == []

    minute(desk, 1)
    minute(desk, 2)
    behind(desk, 1)
    minute(desk, 3)

    told = [f"ticks behind their bar: late-tick x {count}" for count in (3, 1)]
    assert faults(desk) == told


def test_a_minute_in_which_a_contract_was_not_heard_of_is_named() -> None:
    desk = Desk()
    minute(desk, 0)

    desk.now = at(9, 17)
    desk.tick(0, 24_000.0)
    desk.bar()

    assert f"{desk.engine.setup.instrument(FUTURE_COLUMN).symbol}: missing-minute x 1" in faults(
        desk
    )
