"""The windows of a session from configuration, calendar and events."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from marketdata.calendar import IST
from marketdata.events import EventKind, MarketEvent
from risk.event_rules import EventWindow
from trading.config import Config, read
from trading.research.profiles import Profile, Wishes, config_of
from trading.session_events import windows_of


def session(year: int, month: int, day: int) -> tuple[datetime, datetime]:
    opens = datetime(year, month, day, 9, 15, tzinfo=IST)
    return opens, opens.replace(hour=15, minute=30)


def told(windows: tuple[EventWindow, ...]) -> list[str]:
    return [str(window) for window in windows]


def test_the_packaged_list_is_asked_where_a_run_has_no_events_of_its_own() -> None:
    assert told(windows_of(Config(), *session(2026, 12, 4))) == [
        "RBI policy 04 Dec 10:00, until 10:10: no entries, ranked down",
        "RBI policy 04 Dec 10:00, until 11:00: ranked down, stop x1.5",
    ]
    assert windows_of(Config(), *session(2026, 12, 4), ()) == ()


def test_a_quiet_day_has_none() -> None:
    assert windows_of(Config(), *session(2026, 10, 6)) == ()


def test_what_came_over_a_weekend_is_near_on_monday() -> None:
    friday = MarketEvent(EventKind.CPI, datetime(2026, 10, 9, 17, 30, tzinfo=IST), 0.6, "s")

    (window,) = windows_of(Config(), *session(2026, 10, 12), (friday,))

    assert window.until.astimezone(IST).hour == 9
    assert windows_of(Config(), *session(2026, 10, 13), (friday,)) == ()


def test_where_the_calendar_knows_no_day_before_only_the_night_counts() -> None:
    opens, closes = session(2035, 6, 5)
    night, evening = (
        MarketEvent(EventKind.FOMC, opens - timedelta(hours=hours), 0.7, "s") for hours in (9, 10)
    )

    assert [w.name for w in windows_of(Config(), opens, closes, (night,))] == [night.name]
    assert windows_of(Config(), opens, closes, (evening,)) == ()


def test_a_kind_is_set_by_itself_in_the_configuration() -> None:
    config = read({"events": {"rbi_policy": {"block_after_minutes": 45, "stop_factor": 2.0}}})

    assert told(windows_of(config, *session(2026, 12, 4))) == [
        "RBI policy 04 Dec 10:00, until 10:45: no entries, ranked down",
        "RBI policy 04 Dec 10:00, until 11:00: ranked down, stop x2",
    ]


def test_the_plain_profile_is_not_touched_by_events() -> None:
    plain = config_of(Wishes(Profile.PLAIN, ("opening_range",), Decimal(1_000_000), {}, ()))
    opens, closes = session(2026, 12, 4)
    results = MarketEvent(
        EventKind.RESULTS, datetime(2026, 12, 4, 12, tzinfo=IST), 0.8, "s", "INFY"
    )

    packaged = windows_of(plain, opens, closes)
    own = windows_of(plain, opens, closes, (results,))

    minutes = [opens + timedelta(minutes=m) for m in range(375)]
    assert not any(window.is_open(at) for window in (*packaged, *own) for at in minutes)
