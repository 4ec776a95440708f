from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from execution.kite.rows import RowError
from execution.kite.standing import ServerClock, waiting, working

CAME = datetime(2026, 11, 23, 3, 0, 10, 400_000, tzinfo=UTC)


def drift_of(stamped: datetime | str, took: float = 0.0) -> float | None:
    clock = ServerClock(lambda: CAME)
    answer = requests.Response()
    answer.elapsed = timedelta(seconds=took)
    told = stamped if isinstance(stamped, str) else format_datetime(stamped, usegmt=True)
    answer.headers["Date"] = told
    clock.hear(answer)
    return clock.drift


def test_orders_work_until_their_last_word():
    rows = [{"status": status} for status in ("COMPLETE", "OPEN", "REJECTED", "TRIGGER PENDING")]

    assert working([*rows, {"status": "SOMETHING NEW"}]) == 3
    assert working([]) == 0


def test_an_order_without_a_status_is_not_none():
    with pytest.raises(RowError):
        working([{}])


def test_triggers_wait_unless_they_are_over():
    rows = [{"status": status} for status in ("active", "triggered", "cancelled", "unheard-of")]

    assert waiting(rows) == 2


def test_the_drift_is_the_worst_that_a_header_of_whole_seconds_allows():
    same_second = CAME.replace(microsecond=0)

    assert drift_of(same_second) == pytest.approx(0.6)
    assert drift_of(same_second + timedelta(seconds=3)) == pytest.approx(3.6)
    assert drift_of(same_second - timedelta(seconds=3)) == pytest.approx(-3.4)


def test_a_slow_answer_makes_the_drift_less_sure():
    assert drift_of(CAME.replace(microsecond=0), took=2.0) == pytest.approx(2.6)


@pytest.mark.parametrize("told", ["", "yesterday"])
def test_without_a_readable_date_there_is_no_drift(told: str):
    assert drift_of(told) is None
    assert ServerClock(lambda: CAME).drift is None


def test_of_several_answers_the_surest_counts():
    clock = ServerClock(lambda: CAME)
    for took in (2.0, 0.0):
        answer = requests.Response()
        answer.elapsed = timedelta(seconds=took)
        answer.headers["Date"] = format_datetime(CAME.replace(microsecond=0), usegmt=True)
        clock.hear(answer)

    assert clock.drift == pytest.approx(0.6)


def test_a_date_without_a_zone_is_read_as_utc():
    told = "Mon, 23 Nov 2026 03:00:10 -0000"

    assert drift_of(told) == drift_of(datetime(2026, 11, 23, 3, 0, 10, tzinfo=UTC))
