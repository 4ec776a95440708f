from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from execution.dated import NoFactError, Row, in_force, rows_of

WHAT = ("exchange", "segment", "names")


def row(day: int, **fields: object) -> Row:
    return Row("facts.toml", "fee", date(2026, 1, day), "circular", dict(fields))


def test_a_row_holds_from_its_day_until_the_next_begins() -> None:
    rows = (row(10), row(5), row(20))

    assert in_force(rows, date(2026, 1, 5), "fee") == row(5)
    assert in_force(rows, date(2026, 1, 19), "fee") == row(10)
    assert in_force(rows, date(2026, 1, 20), "fee") == row(20)


def test_a_day_before_all_rows_names_the_first_known() -> None:
    with pytest.raises(NoFactError, match=r"fee: nothing known for 2026-01-04.*2026-01-05"):
        in_force((row(5), row(10)), date(2026, 1, 4), "fee")


def test_no_row_at_all_says_so() -> None:
    with pytest.raises(NoFactError, match="there is no row"):
        in_force((), date(2026, 1, 4), "fee")


def test_percent_is_read_as_a_fraction() -> None:
    assert row(5, rate={"buy": "0.03"}).percent("rate", "buy") == Decimal("0.0003")


@pytest.mark.parametrize("bad", [0.03, "three", None])
def test_a_number_that_is_not_written_as_text_names_file_and_field(bad: object) -> None:
    with pytest.raises(ValueError, match=r"facts.toml: fee of 2026-01-05: rate"):
        row(5, rate=bad).number("rate")


@pytest.mark.parametrize("file", ["charges.toml", "margins.toml"])
def test_every_row_has_a_date_a_source_and_no_twin(file: str) -> None:
    rows = rows_of(file)
    identities = [
        (row.table, row.valid_from, *(str(row.fields.get(name)) for name in WHAT)) for row in rows
    ]

    assert rows
    assert all(row.source for row in rows)
    assert len(set(identities)) == len(identities)
