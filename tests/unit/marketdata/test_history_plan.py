"""Which spans of candles are still to be fetched, and what a folder remembers of the others."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.dated import FactMissing
from marketdata.history import HistoryError
from marketdata.history_plan import Fetched, missing_spans, most_days, read_fetched
from marketdata.sources import Interval

DAYS = [date(2026, 10, day) for day in (1, 5, 6, 7, 8, 9, 12, 13)]


def test_all_sessions_make_one_span_where_one_answer_holds_them() -> None:
    assert missing_spans(DAYS, (), 60) == ((DAYS[0], DAYS[-1]),)


def test_a_span_is_not_longer_than_one_answer() -> None:
    assert missing_spans(DAYS, (), 5) == (
        (date(2026, 10, 1), date(2026, 10, 5)),
        (date(2026, 10, 6), date(2026, 10, 9)),
        (date(2026, 10, 12), date(2026, 10, 13)),
    )


def test_what_is_there_is_not_asked_for_again() -> None:
    assert missing_spans(DAYS, DAYS[2:4], 60) == ((DAYS[0], DAYS[1]), (DAYS[4], DAYS[-1]))
    assert missing_spans(DAYS, DAYS, 60) == ()
    assert missing_spans([], (), 60) == ()


@given(
    st.sets(st.integers(0, 200), max_size=60),
    st.sets(st.integers(0, 200), max_size=60),
    st.integers(1, 90),
)
def test_every_missing_session_is_in_exactly_one_span_and_none_that_is_there(
    wanted: set[int], done: set[int], most: int
) -> None:
    origin = date(2026, 1, 1)
    sessions = [origin + timedelta(days=day) for day in sorted(wanted)]
    known = {origin + timedelta(days=day) for day in done}

    spans = missing_spans(sessions, known, most)

    told = [day for first, last in spans for day in sessions if first <= day <= last]
    assert told == [day for day in sessions if day not in known]
    assert all((last - first).days < most for first, last in spans)


def test_kites_spans_are_dated_facts() -> None:
    on = date(2026, 10, 6)

    assert (most_days(Interval.MINUTE, on), most_days(Interval.DAY, on)) == (60, 2_000)
    with pytest.raises(FactMissing):
        most_days(Interval.MINUTE, date(2020, 1, 1))


def test_a_folder_remembers_what_it_was_given(tmp_path: Path) -> None:
    fetched = read_fetched(tmp_path, Interval.MINUTE)
    fetched.note("NIFTY", DAYS[:2])
    fetched.note("NIFTY", DAYS[1:3])
    fetched.write(tmp_path)

    again = read_fetched(tmp_path, Interval.MINUTE)

    assert again == fetched
    assert again.done("NIFTY") == frozenset(DAYS[:3])
    assert again.done("TCS") == frozenset()


def test_a_folder_holds_one_interval(tmp_path: Path) -> None:
    Fetched(Interval.MINUTE).write(tmp_path)

    with pytest.raises(HistoryError, match=r"fetched\.json: interval: expected 5minute"):
        read_fetched(tmp_path, Interval.FIVE_MINUTES)


def test_notes_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "fetched.json").write_text('{"interval": "minute"')

    with pytest.raises(HistoryError, match=r"fetched\.json: file: expected the notes"):
        read_fetched(tmp_path, Interval.MINUTE)
