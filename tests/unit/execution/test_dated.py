"""The dated tables that come with the package: each row has its day and its source."""

from __future__ import annotations

from datetime import date

import pytest

from execution.dated import dated_rows, rows_of
from marketdata.dated import FactMissing
from marketdata.tables import DataFileError

LEVIES = ("transaction_tax", "sebi_fee", "stamp_duty", "gst", "brokerage")
MARGINS = ("index_derivatives", "stock_derivatives", "shares")


@pytest.mark.parametrize(
    ("file", "table"),
    [
        *(("charges.toml", table) for table in LEVIES),
        *(("margins.toml", table) for table in MARGINS),
    ],
)
def test_the_newest_row_that_has_begun_holds(file, table):
    rows = dated_rows(file, table)

    for entry in rows.entries:
        assert rows.at(entry.valid_from).day("valid_from") == entry.valid_from
        assert entry.source
    assert rows.at(date.max) == rows.entries[-1].value


def test_a_day_before_all_rows_names_the_first_known():
    with pytest.raises(FactMissing, match=r"gst: nothing known for 2016-08-16, it begins 2021"):
        dated_rows("charges.toml", "gst").at(date(2016, 8, 16))


def test_exchange_fees_of_one_kind_never_begin_on_one_day():
    rows = rows_of("charges.toml", "exchange_charge")
    kinds = [
        (row.text("exchange"), row.text("segment"), row.texts("names") if row.has("names") else ())
        for row in rows
    ]
    days = [(kind, row.day("valid_from")) for kind, row in zip(kinds, rows, strict=True)]

    assert len(set(days)) == len(days) > 0


def test_a_table_that_is_not_there_names_file_and_table():
    with pytest.raises(DataFileError, match=r"charges.toml: no_such_table is None"):
        rows_of("charges.toml", "no_such_table")


def test_rows_that_begin_on_one_day_are_refused():
    with pytest.raises(DataFileError, match=r"charges.toml exchange_charge"):
        dated_rows("charges.toml", "exchange_charge")
