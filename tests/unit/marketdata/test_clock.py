"""The two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketdata.calendar import IST
from marketdata.clock import Clock, EventClock, SystemClock

NINE_FIFTEEN = datetime(2026, 11, 23, 9, 15, tzinfo=IST)


def test_the_system_clock_speaks_ist_and_agrees_with_utc() -> None:
    clock: Clock = SystemClock()

    before = datetime.now(UTC)
    now = clock.now()

    assert now.utcoffset() == timedelta(hours=5, minutes=30)
    assert timedelta() <= now - before < timedelta(seconds=5)


def test_the_event_clock_stands_where_the_last_event_put_it() -> None:
    clock = EventClock(NINE_FIFTEEN)

    clock.set(NINE_FIFTEEN + timedelta(seconds=1))

    assert clock.now() == NINE_FIFTEEN + timedelta(seconds=1)


def test_the_event_clock_never_runs_back() -> None:
    clock = EventClock(NINE_FIFTEEN)

    clock.set(NINE_FIFTEEN - timedelta(seconds=1))

    assert clock.now() == NINE_FIFTEEN


def test_the_event_clock_tells_ist_whatever_zone_it_is_given() -> None:
    clock = EventClock(datetime(2026, 11, 23, 3, 45, tzinfo=UTC))

    assert clock.now() == NINE_FIFTEEN
    assert clock.now().utcoffset() == timedelta(hours=5, minutes=30)


def test_a_moment_without_zone_is_refused() -> None:
    clock = EventClock(NINE_FIFTEEN)

    with pytest.raises(ValueError, match="no time zone"):
        clock.set(datetime(2026, 11, 23, 9, 15))
