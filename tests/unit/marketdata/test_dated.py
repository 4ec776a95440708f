"""Values by date: half-open intervals, gaps that raise, overlaps that are refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.dated import Dated, Entry, FactMissing
from marketdata.facts import dated_table
from marketdata.tables import DataFileError, Row

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def test_an_interval_includes_its_first_day_and_not_its_last() -> None:
    fact = Dated("lot", (Entry(FIRST, SECOND, 75, "a"), Entry(SECOND, None, 65, "b")))

    assert fact.at(FIRST) == 75
    assert fact.at(SECOND - timedelta(days=1)) == 75
    assert fact.at(SECOND) == 65
    assert fact.entry(date(2099, 1, 1)).source == "b"


def test_days_before_and_in_gaps_are_missing() -> None:
    fact = Dated("lot", (Entry(FIRST, SECOND, 75, "a"), Entry(THIRD, None, 65, "b")))

    for day in (FIRST - timedelta(days=1), SECOND, THIRD - timedelta(days=1)):
        with pytest.raises(FactMissing, match=f"lot: nothing known for {day}"):
            fact.at(day)


@pytest.mark.parametrize("end", [None, SECOND + timedelta(days=1)])
def test_overlapping_values_are_refused(end: date | None) -> None:
    with pytest.raises(ValueError, match="lot: the value from 2026-02-01 overlaps"):
        Dated("lot", (Entry(FIRST, end, 75, "a"), Entry(SECOND, None, 65, "b")))


def test_an_entry_without_source_or_length_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        Entry(FIRST, None, 75, " ")
    with pytest.raises(ValueError, match="valid_to"):
        Entry(FIRST, FIRST, 75, "a")


def test_an_overlap_in_a_file_is_refused_as_a_data_file() -> None:
    rows = tuple(
        Row("x.csv", {"name": "A", "valid_from": day, "lot": 1, "source": "s"})
        for day in (FIRST, SECOND)
    )
    with pytest.raises(DataFileError, match="A: the value from 2026-02-01"):
        dated_table(rows, "name", lambda row: row.whole("lot"))


@given(st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), min_size=2, unique=True))
def test_every_day_of_a_gapless_table_has_the_latest_value(days: list[date]) -> None:
    starts = sorted(days)
    ends = [*starts[1:], None]
    fact = Dated("x", tuple(Entry(a, b, a, "s") for a, b in zip(starts, ends, strict=True)))
    for day in (starts[0], starts[-1] + timedelta(days=400), starts[1] - timedelta(days=1)):
        assert fact.at(day) == max(start for start in starts if start <= day)


def test_a_row_that_ends_before_it_begins_is_refused_with_its_place() -> None:
    row = Row(
        "x.csv line 2",
        {"name": "A", "valid_from": SECOND, "valid_to": FIRST, "lot": 1, "source": "s"},
    )

    with pytest.raises(DataFileError, match=r"x\.csv line 2: valid_to: 2026-01-01 is not after"):
        dated_table((row,), "name", lambda item: item.whole("lot"))


def test_values_told_by_their_first_day_hold_until_the_next_begins():
    fact = Dated.until_next("fee", [(date(2026, 1, 10), 2, "b"), (date(2026, 1, 5), 1, "a")])

    assert [fact.at(date(2026, 1, day)) for day in (5, 9, 10, 31)] == [1, 1, 2, 2]
    assert fact.entry(date(2026, 1, 7)).source == "a"


def test_a_fact_without_values_knows_nothing():
    with pytest.raises(FactMissing, match="fee: nothing known for 2026-01-04"):
        Dated.until_next("fee", []).at(date(2026, 1, 4))


def test_a_day_before_the_first_value_is_told_when_it_begins():
    fact = Dated.until_next("fee", [(date(2026, 1, 5), 1, "a")])

    with pytest.raises(FactMissing, match="2026-01-04, it begins 2026-01-05"):
        fact.at(date(2026, 1, 4))


def test_a_day_in_a_gap_is_told_what_is_known_on_both_sides():
    fact = Dated("lot", (Entry(FIRST, SECOND, 75, "a"), Entry(THIRD, None, 65, "b")))

    told = f"{SECOND}, known until {SECOND} \\(not included\\) and again from {THIRD}$"
    with pytest.raises(FactMissing, match=told):
        fact.at(SECOND)


def test_a_day_behind_the_last_value_is_told_where_it_ends():
    fact = Dated("lot", (Entry(FIRST, SECOND, 75, "a"),))

    with pytest.raises(FactMissing, match=f"{THIRD}, known until {SECOND} \\(not included\\)$"):
        fact.at(THIRD)
