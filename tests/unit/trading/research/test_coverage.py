"""What is told of the files of a backtest: what they hold of what was asked for, and what not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd

from marketdata.calendar import Calendar
from tests.unit.trading.research.made_bars import DAYS, made_day, write_bars
from trading.research.backtest import Request, backtest, read_market
from trading.research.coverage import coverage_of, sessions_asked, told, without_a_bar
from trading.research.profiles import Profile, Wishes, config_of

CALENDAR = Calendar.load()
FIRST, LAST = date(2021, 7, 1), date(2021, 7, 14)
"""A Thursday to a Wednesday: ten sessions, of which the files hold six at most."""


def request(folder: Path, *, plain: bool = True) -> Request:
    profile = Profile.PLAIN if plain else Profile.DEFAULT
    wishes = Wishes(profile, ("opening_range",), Decimal(10**6), {}, ())
    return Request(folder, None, FIRST, LAST, wishes)


def written(folder: Path, **days: tuple[date, ...]) -> Path:
    for place, (symbol, held) in enumerate(days.items()):
        parts = [made_day(10 * place + n, day, 500.0) for n, day in enumerate(held)]
        write_bars(folder, symbol, pd.concat(parts))
    return folder


def test_a_session_that_no_file_holds_is_missing_from_each_and_warned_of(tmp_path: Path) -> None:
    asked = request(written(tmp_path, AAA=(*DAYS[:2], *DAYS[4:]), BBB=DAYS[4:]))
    market = read_market(asked, config_of(asked.wishes))
    sessions = sessions_asked(FIRST, LAST, CALENDAR)

    both = coverage_of(market, 0, sessions)

    assert len(sessions) == 10
    assert [(item.sessions, item.missing_sessions) for item in both] == [(4, 6), (2, 8)]
    assert told(both[0]).startswith("AAA: 4 sessions, 6 missing, 1,500 bars, ")
    assert without_a_bar(market, sessions) == (
        "6 of 10 sessions asked for have no bar in any file, from 2021-07-01 to 2021-07-14",
    )


def test_sessions_before_the_first_asked_for_are_history_and_not_counted(tmp_path: Path) -> None:
    asked = request(written(tmp_path, AAA=DAYS))
    market = read_market(asked, config_of(asked.wishes))
    sessions = sessions_asked(DAYS[2], DAYS[-1], CALENDAR)

    (item,) = coverage_of(market, 2, sessions)

    assert (item.sessions, item.missing_sessions, item.history_sessions) == (4, 0, 2)
    assert without_a_bar(market, sessions) == ()


def test_years_without_a_list_of_holidays_have_no_sessions_to_miss() -> None:
    known = sorted(CALENDAR.data.years)

    sessions = sessions_asked(date(1990, 1, 1), date(9999, 12, 31), CALENDAR)

    assert sorted({day.year for day in sessions}) == known
    assert all(CALENDAR.is_trading_day(day) for day in sessions)


def test_a_result_says_which_sessions_it_lacked(tmp_path: Path) -> None:
    result = backtest(request(written(tmp_path, AAA=DAYS)), lambda *told: None)

    assert result.warnings[0] == (
        "4 of 10 sessions asked for have no bar in any file, from 2021-07-01 to 2021-07-14"
    )
    assert [item.missing_sessions for item in result.coverage] == [4]


def test_bars_behind_the_expiry_of_their_contract_are_left_out(tmp_path: Path) -> None:
    days = (date(2024, 7, 24), date(2024, 7, 25), date(2024, 7, 26))
    asked = request(written(tmp_path, NIFTY24JULFUT=days), plain=False)
    asked = Request(asked.folder, None, days[0], days[-1], asked.wishes)
    market = read_market(asked, config_of(asked.wishes))

    (item,) = coverage_of(market, 0, days)

    assert (item.sessions, item.missing_sessions, item.last) == (2, 1, days[1])
    assert item.dropped == {"expired": 375}
    assert without_a_bar(market, days) == (
        "1 of 3 sessions asked for have no bar in any file, from 2024-07-26 to 2024-07-26",
    )
