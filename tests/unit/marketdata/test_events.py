"""Scheduled events in IST, half-open ranges, and refusal of wrong rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marketdata.calendar import IST
from marketdata.events import EventKind, events_between, load_events
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
