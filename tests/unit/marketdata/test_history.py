"""Bars on disk: what a good file gives and how each kind of bad file is named."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from marketdata.calendar import IST, Calendar, Hours
from marketdata.history import BAR_SCHEMA, HistoryError, bars_path, bars_table, read_bars
from marketdata.instruments import Segment

CASH = Hours(Calendar.load(), Segment.CASH, has_derivatives=False, is_index=False)
MONDAY = date(2026, 11, 23)
OPEN = int(datetime(2026, 11, 23, 9, 15, tzinfo=IST).timestamp())


def table(count: int = 5, first: int = OPEN, **changes: list[float]) -> pa.Table:
    columns = {
        "start": first + 60 * np.arange(count),
        "open": np.full(count, 100.0),
        "high": np.full(count, 101.0),
        "low": np.full(count, 99.0),
        "close": np.full(count, 100.5),
        "volume": np.full(count, 7.0),
        "oi": np.full(count, 3.0),
    }
    columns |= {name: np.array(values) for name, values in changes.items()}
    return bars_table(columns, np.arange(count) != 1)


def write(folder: Path, rows: pa.Table, symbol: str = "RELIANCE") -> Path:
    path = bars_path(folder, symbol)
    pq.write_table(rows, path)
    return path


def test_bars_come_back_as_written(tmp_path: Path) -> None:
    bars = read_bars(write(tmp_path, table()), MONDAY, MONDAY, CASH)

    assert bars.symbol == "RELIANCE"
    assert list(bars.start) == [OPEN + 60 * i for i in range(5)]
    assert list(bars.close) == [100.5] * 5
    assert list(bars.volume) == [7] * 5
    assert not bars.dropped


def test_open_interest_that_was_not_recorded_is_read_as_zero(tmp_path: Path) -> None:
    bars = read_bars(write(tmp_path, table()), MONDAY, MONDAY, CASH)

    assert list(bars.oi) == [3, 0, 3, 3, 3]


def test_bad_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path, table(close=[100.5, -1.0, 100.5, 200.0, np.nan]))

    bars = read_bars(path, MONDAY, MONDAY, CASH)

    assert len(bars) == 2
    assert dict(bars.dropped) == {"zero-or-negative": 1, "ohlc-order": 1, "not-a-number": 1}


def test_only_the_days_asked_for_are_read(tmp_path: Path) -> None:
    day_after = OPEN + 2 * 86_400
    path = write(tmp_path, pa.concat_tables([table(), table(3, day_after)]))

    assert len(read_bars(path, MONDAY, MONDAY, CASH)) == 5
    assert len(read_bars(path, MONDAY, date(2026, 11, 25), CASH)) == 8
    assert len(read_bars(path, date(2026, 11, 25), date(2026, 11, 25), CASH)) == 3
    assert len(read_bars(path, date(2026, 11, 26), date(2026, 11, 27), CASH)) == 0


def test_a_reversed_range_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, table())

    with pytest.raises(HistoryError, match="last: expected a date from 2026-11-23 on"):
        read_bars(path, MONDAY, date(2026, 11, 20), CASH)


@pytest.mark.parametrize(
    ("name", "made", "message"),
    [
        ("ts", pa.timestamp("us"), "ts: expected timestamp.*Asia/Kolkata.*found timestamp"),
        ("ts", pa.timestamp("us", tz="UTC"), "ts: expected timestamp.*found timestamp.*UTC"),
        ("close", pa.float32(), "close: expected double, found float"),
        ("volume", pa.float64(), "volume: expected int64, found double"),
        ("oi", pa.int32(), "oi: expected int64, found int32"),
    ],
)
def test_another_type_names_file_and_column(
    tmp_path: Path, name: str, made: pa.DataType, message: str
) -> None:
    rows = table()
    place = BAR_SCHEMA.get_field_index(name)
    rows = rows.set_column(place, pa.field(name, made), rows[name].cast(made))

    with pytest.raises(HistoryError, match=rf"RELIANCE\.parquet: {message}"):
        read_bars(write(tmp_path, rows), MONDAY, MONDAY, CASH)


@pytest.mark.parametrize("name", BAR_SCHEMA.names)
def test_a_missing_column_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, table().drop_columns([name]))

    with pytest.raises(HistoryError, match=f"{name}: expected a column"):
        read_bars(path, MONDAY, MONDAY, CASH)


def test_an_empty_a_foreign_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "TCS.parquet"
    foreign.write_text("ts,open")

    with pytest.raises(HistoryError, match="at least one row"):
        read_bars(write(tmp_path, table(0)), MONDAY, MONDAY, CASH)
    with pytest.raises(HistoryError, match="a Parquet file"):
        read_bars(foreign, MONDAY, MONDAY, CASH)
    with pytest.raises(HistoryError, match="a Parquet file"):
        read_bars(tmp_path / "INFY.parquet", MONDAY, MONDAY, CASH)


def test_prices_that_change_their_scale_are_refused_with_the_moment(tmp_path: Path) -> None:
    scaled = {
        name: [value] * 2 + [value * 100] * 3
        for name, value in (("open", 100.0), ("high", 101.0), ("low", 99.0), ("close", 100.0))
    }

    with pytest.raises(HistoryError, match=r"one price scale; at 2026-11-23 09:17.*10000"):
        read_bars(write(tmp_path, table(**scaled)), MONDAY, MONDAY, CASH)


@pytest.mark.parametrize(
    "symbol", ["../X", "A/B", "A\\B", "", ".hidden", "A B", "NSE:A", "A\n", "A" * 65, "Ä"]
)
def test_a_symbol_that_could_leave_the_folder_is_refused(tmp_path: Path, symbol: str) -> None:
    with pytest.raises(HistoryError, match="symbol"):
        bars_path(tmp_path, symbol)


@pytest.mark.parametrize("symbol", ["M&M", "BAJAJ-AUTO", "NIFTY26OCTFUT", "A_B", "A.B", "360ONE"])
def test_the_exchanges_symbols_are_fine(tmp_path: Path, symbol: str) -> None:
    assert bars_path(tmp_path, symbol) == tmp_path / f"{symbol}.parquet"
