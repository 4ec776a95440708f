"""Scheduled events in IST, what is listed and what isn't, and refusal of wrong rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from marketdata.calendar import IST
from marketdata.events import (
    CSV_COLUMNS,
    EventKind,
    MarketEvent,
    Timing,
    event_lists,
    events_between,
    load_events,
    read_events,
    unlisted,
)
from marketdata.tables import DataFileError


def kinds_at(at: datetime) -> list[EventKind]:
    return [event.kind for event in events_between(at, at + timedelta(seconds=1))]


def test_the_next_policy_day_is_4_december_2026_at_ten() -> None:
    assert kinds_at(datetime(2026, 12, 4, 10, 0, tzinfo=IST)) == [EventKind.RBI_POLICY]


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 12, 10, 0, 30, tzinfo=IST),
        datetime(2026, 7, 29, 23, 30, tzinfo=IST),
    ],
)
def test_the_fed_speaks_at_half_past_midnight_in_winter_and_23_30_in_summer(at: datetime) -> None:
    assert kinds_at(at) == [EventKind.FOMC]


def test_the_range_includes_its_start_and_not_its_end() -> None:
    budget = datetime(2026, 2, 1, 11, 0, tzinfo=IST)

    assert events_between(budget, budget + timedelta(seconds=1))
    assert not events_between(budget - timedelta(hours=1), budget)


def test_events_are_in_order_in_ist_and_sourced() -> None:
    events = load_events()

    assert list(events) == sorted(events, key=lambda event: (event.starts_at, event.kind))
    for event in events:
        assert event.starts_at.utcoffset() == timedelta(hours=5, minutes=30)
        assert event.source
        assert 0 < event.severity <= 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", '"HOLIDAY"'),
        ("zone", '"Mars/Base"'),
        ("severity", '"1.5"'),
        ("at", "2026-02-01"),
        ("source", '""'),
    ],
)
def test_a_wrong_row_names_its_field(tmp_path: Path, field: str, value: str) -> None:
    row = {
        "kind": '"BUDGET"',
        "at": "2026-02-01T11:00:00",
        "zone": '"Asia/Kolkata"',
        "severity": '"1.0"',
        "source": '"s"',
    }
    row[field] = value
    path = tmp_path / "events.toml"
    path.write_text("[[event]]\n" + "\n".join(f"{key} = {text}" for key, text in row.items()))

    with pytest.raises(DataFileError, match=field):
        load_events(path)


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "events.csv"
    path.write_text("\n".join((",".join(CSV_COLUMNS), *lines)))
    return path


def test_a_csv_tells_results_by_company_day_and_part_of_the_day(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "RESULTS,TCS,2026-10-08,,AFTER_CLOSE,,0.8,filing",
        "RESULTS,INFY,2026-10-08,13:30,,,0.8,filing",
        "FOMC,,2026-12-09,14:00,AT,America/New_York,0.7,Federal Reserve",
    )

    tcs, infy, fed = read_events(path)

    midnight = datetime(2026, 10, 8, tzinfo=IST)
    assert (tcs.underlying, tcs.timing, tcs.starts_at) == ("TCS", Timing.AFTER_CLOSE, midnight)
    assert tcs.name == "TCS results 08 Oct after close"
    assert (infy.timing, infy.starts_at) == (Timing.AT, midnight.replace(hour=13, minute=30))
    assert infy.name == "INFY results 08 Oct 13:30"
    assert (fed.starts_at, fed.day) == (
        datetime(2026, 12, 10, 0, 30, tzinfo=IST),
        date(2026, 12, 10),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("RESULTS,,2026-10-08,,INTRADAY,,0.8,s", r"line 2: underlying is '', expected a symbol"),
        ("CPI,INFY,2026-10-08,16:00,,,0.6,s", r"line 2: underlying is 'INFY', expected nothing"),
        ("CPI,,8 Oct,16:00,,,0.6,s", r"line 2: date is '8 Oct', expected a date"),
        ("CPI,,2026-10-08,,,,0.6,s", r"line 2: time is '', expected a time like 10:00"),
        ("CPI,,,16:00,,,0.6,s", r"line 2: at is nothing, expected a local date"),
        ("CPI,,2026-10-08,4pm,,,0.6,s", r"line 2: time is '4pm', expected a time"),
        ("CPI,,2026-10-08,16:00,INTRADAY,,0.6,s", r"line 2: time is '16:00', expected nothing"),
        ("CPI,,2026-10-08,16:00,NOON,,0.6,s", r"line 2: timing is 'NOON', expected one of AT"),
        ("CPI,,2026-10-08,16:00,,,2,s", r"line 2: severity is '2', expected at most 1"),
        ("CPI,,2026-10-08,16:00,,,0.6,", r"line 2: source is '', expected a text"),
        ("CPI,,0001-01-01,16:00,,,0.6,s", r"line 2: date: 0001-01-01, expected a year"),
        ("FOMC,,9999-12-31,23:00,,America/New_York,0.6,s", r"line 2: date value out of range"),
        ("HOLI,,2026-10-08,16:00,,,0.6,s", r"line 2: kind is 'HOLI', expected one of RBI"),
    ],
)
def test_a_wrong_line_names_its_number_and_field(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(DataFileError, match=told):
        read_events(csv(tmp_path, line))


def test_an_event_told_twice_is_refused(tmp_path: Path) -> None:
    line = "CPI,,2026-10-08,16:00,,,0.6,s"

    with pytest.raises(DataFileError, match=r"line 3: CPI 08 Oct 16:00 stands in .* line 2"):
        read_events(csv(tmp_path, line, line))


@pytest.mark.parametrize(
    ("day", "missing"),
    [
        (date(2026, 12, 4), []),
        (date(2025, 10, 31), [EventKind.FOMC, EventKind.GDP]),
        (date(2027, 5, 3), [EventKind.RBI_POLICY, EventKind.CPI, EventKind.GDP]),
        (
            date(2024, 7, 1),
            [EventKind.RBI_POLICY, EventKind.FOMC, EventKind.CPI, EventKind.GDP],
        ),
    ],
)
def test_a_day_without_a_list_of_a_kind_says_so(day: date, missing: list[EventKind]) -> None:
    assert list(unlisted(day)) == missing


def test_every_list_has_its_source_and_events_in_it() -> None:
    for item in event_lists():
        assert item.source
        assert any(
            event.kind is item.kind and item.first <= event.day <= item.last
            for event in load_events()
        )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"severity": 0.0}, "severity"),
        ({"source": ""}, "source"),
        ({"underlying": "INFY"}, "underlying"),
        ({"starts_at": datetime(2026, 10, 8)}, "starts_at"),
        ({"starts_at": datetime(1999, 12, 31, tzinfo=IST)}, "date: 1999-12-31, expected a year"),
        ({"starts_at": datetime(2200, 1, 1, tzinfo=IST)}, "date: 2200-01-01, expected a year"),
        ({"source": "s" * 301}, "source: 301 letters, expected at most 300"),
        ({"kind": EventKind.RESULTS, "underlying": "T" * 51}, "underlying: 51 letters"),
    ],
)
def test_an_impossible_event_names_its_field(changes: dict[str, object], field: str) -> None:
    values: dict[str, object] = {
        "kind": EventKind.CPI,
        "starts_at": datetime(2026, 10, 8, tzinfo=IST),
        "severity": 0.5,
        "source": "s",
    }

    with pytest.raises(ValueError, match=field):
        MarketEvent(**(values | changes))  # type: ignore[arg-type]


def test_dates_that_were_computed_say_so() -> None:
    derived = {(event.kind, event.day) for event in load_events() if event.is_derived}

    others = {each for each in derived if each[0] is not EventKind.CPI}
    assert others == {
        (EventKind.BUDGET, date(2027, 2, 1)),
        (EventKind.GDP, date(2026, 8, 31)),
        (EventKind.GDP, date(2026, 11, 30)),
    }
    assert (EventKind.CPI, date(2026, 12, 14)) in derived
    assert not [each for each in derived if each[0] is EventKind.RBI_POLICY]
