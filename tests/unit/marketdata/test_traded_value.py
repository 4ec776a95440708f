"""How much of a share is traded a day, from its bars."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import Calendar
from marketdata.traded_value import sessions_before, traded_values
from trading.made_days import make_day

DAY = date(2026, 10, 6)
CALENDAR = Calendar.load()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return make_day(1, DAY, tmp_path_factory.mktemp("made"), seconds_per_tick=60)


def test_the_last_sessions_are_those_with_a_session() -> None:
    assert sessions_before(DAY, 3, CALENDAR) == (
        date(2026, 9, 30),
        date(2026, 10, 1),
        date(2026, 10, 5),
    )


def test_a_share_trades_price_times_volume_a_day(built: BuiltDay) -> None:
    sessions = sessions_before(DAY, 4, CALENDAR)

    values = traded_values(built.warmup_path, ["RELIANCE", "WIPRO", "NOBODY"], sessions, CALENDAR)

    assert list(values) == ["RELIANCE", "WIPRO"]
    assert 3e9 < values["RELIANCE"] < 4e10
    assert values["WIPRO"] < values["RELIANCE"]


def test_the_average_is_over_the_sessions_that_have_bars(built: BuiltDay) -> None:
    four, seven = (sessions_before(DAY, count, CALENDAR) for count in (4, 7))

    told = traded_values(built.warmup_path, ["TCS"], seven, CALENDAR)

    assert told == traded_values(built.warmup_path, ["TCS"], four, CALENDAR)


def test_a_share_with_bars_in_less_than_half_of_the_sessions_is_not_ranked(
    built: BuiltDay, tmp_path: Path
) -> None:
    sessions = sessions_before(DAY, 9, CALENDAR)

    assert traded_values(built.warmup_path, ["TCS"], sessions, CALENDAR) == {}
    assert traded_values(tmp_path, ["TCS"], sessions, CALENDAR) == {}
