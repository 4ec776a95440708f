"""Importing recorded CSV bars: every row accounted for, on real files and on broken ones."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from marketdata.bar_grids import GridSpan, bar_grid
from marketdata.calendar import Calendar, Hours
from marketdata.history import HistoryError, bars_path, read_bars
from marketdata.history_import import hours_of, import_bars
from marketdata.instruments import Segment
from marketdata.timeframes import Timeframe

CALENDAR = Calendar.load()
CASH = Hours(CALENDAR, Segment.CASH, has_derivatives=False, is_index=False)
HEADER = "symbol,ts,open,high,low,close,volume,oi"
ROW = "TCS,2026-11-23T09:15:00+05:30,100,101,99,100.5,7,0"


def source(folder: Path, *rows: str, header: str = HEADER, name: str = "bars.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def minute(number: int, symbol: str = "TCS", cells: str = "100,101,99,100.5,7,0") -> str:
    return f"{symbol},2026-11-23T09:{15 + number}:00+05:30,{cells}"


def test_rows_become_one_file_a_symbol(tmp_path: Path) -> None:
    report = import_bars(
        source(tmp_path, minute(0), minute(1), minute(0, "M&M")), tmp_path / "out", CALENDAR
    )

    assert report.symbols == ("M&M", "TCS")
    assert (report.rows, report.written, dict(report.dropped)) == (3, 3, {})
    day = date(2026, 11, 23)
    assert len(read_bars(bars_path(tmp_path / "out", "TCS"), day, day, CASH)) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (minute(1, cells="x,101,99,100.5,7,0"), "not-a-number"),
        (minute(1, cells="100,101,99,100.5,,0"), "not-a-number"),
        (minute(1, cells="100,101,99,0,7,0"), "zero-or-negative"),
        (minute(1, cells="100,100.2,99,100.5,7,0"), "ohlc-order"),
        (minute(1, cells="100,101,99,100.5,-7,0"), "negative-volume"),
        (minute(0), "duplicate-time"),
        ("TCS,2026-11-23T08:00:00+05:30,100,101,99,100.5,7,0", "out-of-order"),
        ("TCS,2026-11-24T09:15:00+05:30,100,101,99,100.5,7,0", "off-session"),
        (minute(1, cells="9000,9000,9000,9000,7,0"), "price-scale"),
        ("TCS,,100,101,99,100.5,7,0", "bad-time"),
        ("TCS,2026-11-31T09:15:00+05:30,100,101,99,100.5,7,0", "bad-time"),
    ],
)
def test_each_bad_row_is_counted_under_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    report = import_bars(source(tmp_path, ROW, row), tmp_path / "out", CALENDAR)

    assert dict(report.dropped) == {reason: 1}
    assert report.written == 1


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    path = source(tmp_path, minute(0), minute(1))
    import_bars(path, tmp_path / "out", CALENDAR)
    before = (tmp_path / "out" / "TCS.parquet").read_bytes()

    report = import_bars(path, tmp_path / "out", CALENDAR)

    assert dict(report.dropped) == {"already-there": 2}
    assert (tmp_path / "out" / "TCS.parquet").read_bytes() == before


def test_an_earlier_file_joins_a_later_one_in_order(tmp_path: Path) -> None:
    import_bars(source(tmp_path, minute(2), minute(3)), tmp_path / "out", CALENDAR)

    report = import_bars(
        source(tmp_path, minute(0), minute(1), minute(2)), tmp_path / "out", CALENDAR
    )

    day = date(2026, 11, 23)
    bars = read_bars(tmp_path / "out" / "TCS.parquet", day, day, CASH)
    assert dict(report.dropped) == {"already-there": 1}
    assert len(bars) == 4
    assert not bars.dropped


def test_bars_of_another_length_are_not_mixed_in(tmp_path: Path) -> None:
    import_bars(source(tmp_path, minute(0), minute(1)), tmp_path / "out", CALENDAR)

    with pytest.raises(HistoryError, match=r"would hold MINUTE and MINUTES_5"):
        import_bars(source(tmp_path, minute(5), minute(10)), tmp_path / "out", CALENDAR)


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ((ROW,), HEADER.replace("volume", "vol"), "volume: expected this column"),
        ((), HEADER, "at least one row"),
        ((ROW, "TCS,2026-11-23T09:16:00,1,1,1,1,1,0"), HEADER, "line 3 has none"),
        (("../up" + ROW[3:],), HEADER, "symbol"),
        (
            (minute(0), *(minute(n, cells="9000,9000,9000,9000,7,0") for n in (1, 2, 3))),
            HEADER,
            "TCS jumps from 100.5 to 9000.0",
        ),
    ],
)
def test_a_file_that_cannot_be_imported_writes_nothing(
    tmp_path: Path, rows: tuple[str, ...], header: str, message: str
) -> None:
    path = source(tmp_path, *rows, header=header)

    with pytest.raises(HistoryError, match=message):
        import_bars(path, tmp_path / "out", CALENDAR)

    assert not (tmp_path / "out").exists()


def test_a_file_of_another_schema_is_not_extended(tmp_path: Path) -> None:
    pq.write_table(pa.table({"ts": [1]}), tmp_path / "TCS.parquet")

    with pytest.raises(HistoryError, match="schema: expected the bar schema"):
        import_bars(source(tmp_path, ROW), tmp_path, CALENDAR)


def test_bars_of_an_odd_length_do_not_join_a_file(tmp_path: Path) -> None:
    import_bars(source(tmp_path, minute(0), minute(1)), tmp_path / "out", CALENDAR)
    odd = [minute(2), minute(3).replace(":00+", ":30+")]

    with pytest.raises(HistoryError, match="90 s apart"):
        import_bars(source(tmp_path, *odd), tmp_path / "out", CALENDAR)


def test_an_absent_and_a_torn_file_are_named(tmp_path: Path) -> None:
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(gzip.compress(f"{HEADER}\n{ROW}\n".encode())[:-12])

    with pytest.raises(HistoryError, match=r"absent\.csv: file"):
        import_bars(tmp_path / "absent.csv", tmp_path / "out", CALENDAR)
    with pytest.raises(HistoryError, match=r"torn\.csv\.gz: file"):
        import_bars(torn, tmp_path / "out", CALENDAR)


@pytest.mark.parametrize(
    ("symbol", "segment", "is_index"),
    [
        ("NIFTY", Segment.CASH, True),
        ("INDIAVIX", Segment.CASH, True),
        ("RELIANCE", Segment.CASH, False),
        ("NIFTY26OCTFUT", Segment.FUTURES, False),
        ("BANKNIFTY2411046900PE", Segment.OPTIONS, False),
        ("NIFTY25O1425000CE", Segment.OPTIONS, False),
        ("BAJFINANCE", Segment.CASH, False),
        ("RELIANCE-CE", Segment.CASH, False),
    ],
)
def test_the_name_tells_the_hours(symbol: str, segment: Segment, is_index: bool) -> None:
    hours = hours_of(symbol, CALENDAR)

    assert (hours.segment, hours.is_index) == (segment, is_index)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "dropped"),
    [
        ("bars_1m/banks_vix_2023-04-03_2023-05-12.csv.gz", {}),
        ("bars_1m/index_2021-04_2021-05.csv.gz", {}),
        ("bars_1m/index_2021-04_2021-05_offsession.csv.gz", {"off-session": 146}),
        ("bars_1m/index_2021-07_2021-12.csv.gz", {}),
        ("bars_1m/index_2021-07_2021-12_offsession.csv.gz", {"off-session": 744}),
        ("bars_1m/nifty_2026-07-28_2026-08-21.csv.gz", {}),
        ("bars_1m/stocks_2016-08-16_2016-09-09.csv.gz", {}),
        ("bars_1m/stocks_2021-04-05_2021-05-14_from_ticks.csv.gz", {}),
        ("bars_5m/index_2025-10_2025-11.csv.gz", {"off-session": 6}),
        ("bars_5m/stocks_2026-05-20_2026-06-05.csv.gz", {}),
        ("futures/NIFTY26OCTFUT_5m_2026-09-30.csv", {}),
        ("options_1m/BANKNIFTY_exp2024-01-10.csv.gz", {"ohlc-order": 61}),
    ],
)
def test_every_recorded_row_is_accounted_for(
    tmp_path: Path, shared_data: Path, file: str, dropped: dict[str, int]
) -> None:
    with (shared_data / "MANIFEST.csv").open() as lines:
        manifest = {row["path"]: row for row in csv.DictReader(lines)}[file]

    report = import_bars(shared_data / file, tmp_path, CALENDAR)

    assert report.rows == int(manifest["rows"])
    assert dict(report.dropped) == dropped
    read = 0
    for symbol in report.symbols:
        bars = read_bars(
            bars_path(tmp_path, symbol),
            date.fromisoformat(manifest["first"][:10]),
            date.fromisoformat(manifest["last"][:10]),
            hours_of(symbol, CALENDAR),
        )
        assert not bars.dropped
        read += len(bars)
    assert read == report.written


@pytest.mark.shared_data
def test_recorded_stocks_make_a_full_grid(tmp_path: Path, shared_data: Path) -> None:
    report = import_bars(
        shared_data / "bars_5m" / "stocks_2026-05-20_2026-06-05.csv.gz", tmp_path, CALENDAR
    )
    first, last = date(2026, 5, 20), date(2026, 6, 5)

    grid = bar_grid(
        {s: read_bars(bars_path(tmp_path, s), first, last, CASH) for s in report.symbols},
        GridSpan(CASH, Timeframe.MINUTES_15, first, last),
    )

    assert grid.close.shape == (12 * 25, 47)
    assert not grid.gap.any()
    assert (grid.low <= grid.close).all()


@pytest.mark.shared_data
def test_recorder_outages_show_as_gaps(tmp_path: Path, shared_data: Path) -> None:
    name = "stocks_2021-04-05_2021-05-14_from_ticks.csv.gz"
    import_bars(shared_data / "bars_1m" / name, tmp_path, CALENDAR)
    day = date(2021, 4, 22)
    bars = read_bars(bars_path(tmp_path, "AXISBANK"), day, day, CASH)

    grid = bar_grid({"AXISBANK": bars}, GridSpan(CASH, Timeframe.MINUTE, day, day))

    assert len(grid) == 375
    assert int(grid.gap.sum()) == 375 - len(bars)
    assert len(bars) < 375
    assert (grid.volume[grid.gap] == 0).all()
