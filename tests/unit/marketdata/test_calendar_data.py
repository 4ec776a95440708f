"""The calendar's files: another folder can replace them, a wrong row is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketdata.calendar import Calendar, NoSession
from marketdata.instruments import Segment
from marketdata.tables import DATA, DataFileError


def test_a_folder_of_files_can_replace_the_packaged_ones(tmp_path: Path) -> None:
    for file in DATA.glob("*.toml"):
        (tmp_path / file.name).write_text(file.read_text())
    holidays = tmp_path / "holidays.toml"
    extra = '  { date = 2026-12-16, name = "Election" },\n'
    holidays.write_text(
        holidays.read_text().replace("  { date = 2026-12-25", extra + "  { date = 2026-12-25")
    )

    with pytest.raises(NoSession, match="Election"):
        Calendar.load(tmp_path).session(date(2026, 12, 16), Segment.CASH)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("holidays.toml", "date = 2026-12-25", "date = 2025-12-25", "a day of 2026"),
        ("holidays.toml", "date = 2026-12-25", "date = 2026-12-26", "a weekday"),
        ("session_hours.toml", "closes = 15:45:00", "closes = 09:00:00", "is not after"),
        ("session_hours.toml", "valid_from = 2026-12-07", "valid_from = 2026-12-01", "overlap"),
        ("special_sessions.toml", 'hours = "unknown"', 'hours = "soon"', "hours is 'soon'"),
        ("special_sessions.toml", "[{ opens = 13:45:00, closes = 14:45:00 }]", "[]", "one window"),
        ("session_hours.toml", "closes = 15:45:00", 'closes = "15:45"', "a time like"),
        ("special_sessions.toml", 'kind = "weekend"', 'kind = "party"', "kind is 'party'"),
        ("expiry_rules.toml", 'monthly = "tuesday"', 'monthly = "sunday"', "monthly is"),
    ],
)
def test_a_wrong_file_is_refused_with_row_and_field(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    for source in DATA.glob("*.toml"):
        (tmp_path / source.name).write_text(source.read_text())
    text = (DATA / file).read_text()
    assert old in text
    (tmp_path / file).write_text(new.join(text.rsplit(old, 1)))

    with pytest.raises(DataFileError, match=message):
        Calendar.load(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"holidays\.toml"):
        Calendar.load(tmp_path)
