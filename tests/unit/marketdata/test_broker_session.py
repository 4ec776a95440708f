from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.broker_session import (
    AppKeys,
    Login,
    SessionState,
    ends_after,
    may_end_early,
    state_of,
)

IST = ZoneInfo("Asia/Kolkata")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=IST)


@pytest.mark.parametrize(
    ("login", "end"),
    [
        (at(8), at(6) + timedelta(days=1)),
        (at(6), at(6) + timedelta(days=1)),
        (at(5, 59), at(6)),
        (at(0), at(6)),
        (datetime(2026, 11, 23, 18, 31, tzinfo=ZoneInfo("UTC")), at(6) + timedelta(days=1)),
    ],
)
def test_a_token_dies_at_the_next_six_in_the_morning(login: datetime, end: datetime) -> None:
    assert ends_after(login) == end


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(IST)))
def test_a_token_lives_at_most_a_day(login: datetime) -> None:
    assert timedelta(0) < ends_after(login) - login <= timedelta(days=1)


@pytest.mark.parametrize(
    ("ends_at", "is_over", "now", "state"),
    [
        (None, False, at(9), SessionState.NO_TOKEN),
        (at(10), False, at(9), SessionState.ACTIVE),
        (at(10), False, at(10), SessionState.EXPIRED),
        (at(10), True, at(9), SessionState.EXPIRED),
    ],
)
def test_a_login_is_none_active_or_expired(
    ends_at: datetime | None, is_over: bool, now: datetime, state: SessionState
) -> None:
    assert state_of(ends_at, is_over=is_over, now=now) is state


def test_a_login_before_half_past_seven_may_end_early() -> None:
    assert [may_end_early(at(*clock)) for clock in ((5, 59), (6, 0), (7, 29), (7, 30))] == [
        False,
        True,
        True,
        False,
    ]


def test_secrets_show_in_no_text() -> None:
    texts = f"{AppKeys('k', 'sesame', 'r', 'l')!r} {Login('u', 'sesame', at(8))!r}"

    assert "sesame" not in texts
