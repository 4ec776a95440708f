"""Rows of data files say which file, row and field is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from marketdata.tables import DataFileError, Row, read_csv, read_toml


def test_a_row_gives_each_kind_of_value() -> None:
    row = Row(
        "x.toml",
        {
            "name": "A",
            "day": date(2026, 1, 2),
            "iso": "2026-01-02",
            "at": datetime(2026, 1, 2, 10),
            "clock": time(9, 15),
            "count": "7",
            "step": "0.05",
            "free": "0",
            "on": True,
            "names": ["A", "B"],
            "inner": {"name": "B"},
            "list": [{"name": "C"}],
        },
    )

    assert row.text("name") == "A"
    assert row.day("day") == row.day("iso") == date(2026, 1, 2)
    assert row.moment("at") == datetime(2026, 1, 2, 10)
    assert row.clock("clock") == time(9, 15)
    assert row.whole("count") == 7
    assert row.decimal("step") == Decimal("0.05")
    assert row.number("free") == 0
    assert row.percent("step") == Decimal("0.0005")
    assert row.flag("on") is True
    assert row.texts("names") == ("A", "B")
    assert row.row("inner").text("name") == "B"
    assert row.rows("list")[0].where == "x.toml.list[0]"
    assert row.choice("name", ("A", "B")) == "A"
    assert not row.has("absent")


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        (lambda row: row.text("f"), "  "),
        (lambda row: row.text("f"), 3),
        (lambda row: row.day("f"), "2026-13-01"),
        (lambda row: row.day("f"), datetime(2026, 1, 1)),
        (lambda row: row.moment("f"), date(2026, 1, 1)),
        (lambda row: row.clock("f"), "09:15"),
        (lambda row: row.whole("f"), 0),
        (lambda row: row.whole("f"), True),
        (lambda row: row.whole("f"), "-3"),
        (lambda row: row.decimal("f"), 0.05),
        (lambda row: row.decimal("f"), "NaN"),
        (lambda row: row.decimal("f"), "0"),
        (lambda row: row.decimal("f"), "many"),
        (lambda row: row.number("f"), "-0.01"),
        (lambda row: row.percent("f"), 0.03),
        (lambda row: row.flag("f"), "true"),
        (lambda row: row.texts("f"), "b"),
        (lambda row: row.texts("f"), ["b", 1]),
        (lambda row: row.choice("f", ("a",)), "b"),
        (lambda row: row.row("f"), "b"),
        (lambda row: row.rows("f"), ["b"]),
    ],
)
def test_a_wrong_value_names_row_field_and_expectation(
    ask: Callable[[Row], object], value: object
) -> None:
    with pytest.raises(DataFileError, match=r"x\.toml\.rows\[2\]: f is .*, expected "):
        ask(Row("x.toml.rows[2]", {"f": value}))


def test_a_missing_value_is_named_too() -> None:
    with pytest.raises(DataFileError, match="f is nothing, expected a text"):
        Row("x.toml", {}).text("f")


def test_a_broken_toml_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = = 1")

    with pytest.raises(DataFileError, match="expected a TOML file"):
        read_toml(path)


def test_a_csv_with_another_header_or_width_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3\n")

    with pytest.raises(DataFileError, match="expected the header a,c"):
        read_csv(path, ("a", "c"))
    with pytest.raises(DataFileError, match=r"x\.csv line 3: expected 2 cells"):
        read_csv(path, ("a", "b"))
    with pytest.raises(DataFileError, match="expected a CSV file"):
        read_csv(tmp_path / "none.csv", ("a",))
