"""When a day on Kite is connected, and when silence of its indices means something."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from marketdata.calendar import IST
from tests.kite_frames import head
from trading.bootstrap_kite import market_hours

AUCTIONS = date(2026, 11, 23)
LATER = date(2026, 12, 8)
DRILL = date(2024, 3, 2)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=IST)


@pytest.mark.parametrize(("day", "closes"), [(AUCTIONS, "15:40"), (LATER, "15:45")])
def test_an_index_is_to_tick_until_its_shares_close_though_derivatives_go_on(
    day: date, closes: str
) -> None:
    whole = replace(head(), date=day, session_open=at(day, "09:15"), session_close=at(day, closes))

    hours = market_hours(whole)

    expected = {"09:14:59": False, "09:15": True, "15:29:59": True, "15:30": False, "15:39": False}
    assert {clock: hours.ticks_expected(at(day, clock)) for clock in expected} == expected
    wanted = {"08:59:59": False, "09:00": True, "15:39:59": True, closes: False}
    assert {clock: hours.in_session(at(day, clock)) for clock in wanted} == wanted


def test_nothing_is_to_tick_between_the_parts_of_a_split_day() -> None:
    split = replace(
        head(), date=DRILL, session_open=at(DRILL, "09:15"), session_close=at(DRILL, "12:30")
    )

    hours = market_hours(split)

    expected = {"09:59:59": True, "10:00": False, "11:29:59": False, "11:30": True}
    assert {clock: hours.ticks_expected(at(DRILL, clock)) for clock in expected} == expected
