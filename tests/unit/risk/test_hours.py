from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.instruments import Segment
from risk.hours import Hours, SegmentHours, Stages, stages

IST = ZoneInfo("Asia/Kolkata")
HOURS = Hours()


def at(hour: int, minute: int) -> datetime:
    return datetime(2026, 8, 12, hour, minute, tzinfo=IST)


def walls(result: Stages) -> tuple[str, ...]:
    moments = (
        result.entries_from,
        result.entries_until,
        result.tighten_at,
        result.square_off_at,
        result.flat_by,
    )
    return tuple(moment.astimezone(IST).strftime("%H:%M") for moment in moments)


@pytest.mark.parametrize("segment", [Segment.FUTURES, Segment.OPTIONS])
def test_derivatives_of_a_regular_day_follow_the_set_hours(segment: Segment) -> None:
    result = stages(at(9, 15), at(15, 30), segment, HOURS)

    assert walls(result) == ("09:20", "15:15", "15:20", "15:22", "15:25")


def test_a_later_close_leaves_the_hours_alone_because_the_broker_cuts_by_the_clock() -> None:
    result = stages(at(9, 15), at(15, 40), Segment.OPTIONS, HOURS)

    assert walls(result) == ("09:20", "15:15", "15:20", "15:22", "15:25")


def test_shares_of_a_regular_day_are_out_before_the_brokers_earlier_cut() -> None:
    result = stages(at(9, 15), at(15, 30), Segment.CASH, HOURS)

    assert walls(result) == ("09:20", "15:00", "15:08", "15:10", "15:15")


def test_shares_that_close_at_a_quarter_past_three_move_all_stages_earlier() -> None:
    result = stages(at(9, 15), at(15, 15), Segment.CASH, HOURS)

    assert walls(result) == ("09:20", "14:55", "15:03", "15:05", "15:10")


def test_an_evening_session_of_one_hour_gets_the_stages_before_its_own_close() -> None:
    result = stages(at(18, 0), at(19, 0), Segment.FUTURES, HOURS)

    assert walls(result) == ("18:05", "18:45", "18:50", "18:52", "18:55")


def test_an_afternoon_session_of_one_hour_gets_the_stages_before_its_own_close() -> None:
    result = stages(at(13, 45), at(14, 45), Segment.FUTURES, HOURS)

    assert walls(result) == ("13:50", "14:30", "14:35", "14:37", "14:40")


def test_a_session_too_short_for_entries_has_an_empty_window() -> None:
    result = stages(at(18, 0), at(18, 10), Segment.FUTURES, HOURS)

    assert result.entries_from == result.entries_until
    assert not result.may_enter(result.entries_from)


def test_the_stages_do_not_depend_on_the_zone_the_session_is_told_in() -> None:
    told_in_utc = stages(
        at(9, 15).astimezone(UTC), at(15, 30).astimezone(UTC), Segment.FUTURES, HOURS
    )

    assert told_in_utc == stages(at(9, 15), at(15, 30), Segment.FUTURES, HOURS)


def test_entries_are_allowed_from_the_first_moment_and_no_longer_at_the_last() -> None:
    result = stages(at(9, 15), at(15, 30), Segment.FUTURES, HOURS)
    blink = timedelta(microseconds=1)

    assert not result.may_enter(at(9, 20) - blink)
    assert result.may_enter(at(9, 20))
    assert result.may_enter(at(15, 15) - blink)
    assert not result.may_enter(at(15, 15))


@given(
    opens=st.integers(0, 23 * 60),
    length=st.integers(1, 600),
    segment=st.sampled_from(Segment),
)
def test_stages_are_ordered_inside_the_session_and_early_enough(
    opens: int, length: int, segment: Segment
) -> None:
    opens_at = at(0, 0) + timedelta(minutes=opens)
    closes_at = opens_at + timedelta(minutes=length)

    result = stages(opens_at, closes_at, segment, HOURS)

    ordered = [
        opens_at,
        result.entries_from,
        result.entries_until,
        result.tighten_at,
        result.square_off_at,
        result.flat_by,
        closes_at,
    ]
    assert ordered == sorted(ordered)
    assert result.flat_by <= max(opens_at, closes_at - timedelta(minutes=5))
    assert result.square_off_at <= max(opens_at, closes_at - timedelta(minutes=8))


def test_a_session_told_without_zone_or_backwards_is_refused() -> None:
    naive = datetime(2026, 8, 12, 9, 15)

    with pytest.raises(ValueError, match="aware"):
        stages(naive, at(15, 30), Segment.CASH, HOURS)
    with pytest.raises(ValueError, match=r"^closes_at"):
        stages(at(15, 30), at(15, 30), Segment.CASH, HOURS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entries_after_open_minutes", -1),
        ("tighten_at", time(15, 14)),
        ("square_off_at", time(15, 19)),
        ("square_off_at", time(15, 23)),
        ("flat_by", time(15, 21)),
        ("tighten_at", time(15, 20, tzinfo=UTC)),
        ("flat_by", time(15, 25, tzinfo=ZoneInfo("Asia/Kolkata"))),
    ],
)
def test_hours_out_of_order_are_refused_by_name(field: str, value: Any) -> None:
    good: dict[str, Any] = {
        "entries_after_open_minutes": 5,
        "entries_until": time(15, 15),
        "tighten_at": time(15, 20),
        "square_off_at": time(15, 22),
        "flat_by": time(15, 25),
    }

    with pytest.raises(ValueError, match=f"^{field}: "):
        SegmentHours(**(good | {field: value}))


def test_a_session_that_opens_just_when_entries_end_is_an_evening_session() -> None:
    result = stages(at(15, 15), at(18, 0), Segment.FUTURES, HOURS)

    assert walls(result) == ("15:20", "17:45", "17:50", "17:52", "17:55")
