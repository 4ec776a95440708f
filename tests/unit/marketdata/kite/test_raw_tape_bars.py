from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from marketdata.calendar import IST, Calendar, Hours
from marketdata.history import BAR_SCHEMA, HistoryError, bars_path, bars_table, read_bars
from marketdata.instruments import Segment
from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.kite.raw_tape_bars import minute_bars, write_minute_bars
from marketdata.quality import ScreenSettings
from tests.kite_frames import DAY, FUTURE, NIFTY, SHARE, Packet, at, frame, head, index_packet

SCREEN = ScreenSettings()


def recorded(path: Path) -> RawTapeReader:
    """Record three minutes: the future trades in all, the index in two, the share in none."""
    writer = RawTapeWriter(path, head())
    volume = 0
    for second in range(-5, 180, 5):
        when = at(9, 15) + timedelta(seconds=second)
        volume += 75
        last = 2_400_000 + 100 * (second // 60) + 10 * (second % 60)
        packets = [Packet(FUTURE, last, volume=volume, oi=1_000 + second, told_at=when)]
        if second < 120:
            packets.append(index_packet(NIFTY, 2_398_000 + second, when))
        if second == 100:
            packets.append(Packet(SHARE, 100_000_000, told_at=when))
        writer.append(when, [WireFrame(when, frame(*packets))])
    writer.close()
    return RawTapeReader(path)


@pytest.fixture
def tape(tmp_path) -> RawTapeReader:
    return recorded(tmp_path / "day.raw")


def test_bars_tell_what_ticked_in_their_minute(tape):
    bars = minute_bars(tape, SCREEN)[FUTURE].to_pylist()

    assert [bar["ts"].time().isoformat("minutes") for bar in bars] == ["09:15", "09:16", "09:17"]
    assert bars[1] == {
        "ts": at(9, 16),
        "open": 24_001.0,
        "high": 24_006.5,
        "low": 24_001.0,
        "close": 24_006.5,
        "volume": 12 * 75,
        "oi": 1_115,
    }


def test_an_index_has_no_volume_and_no_open_interest_and_only_minutes_that_ticked(tape):
    bars = minute_bars(tape, SCREEN)[NIFTY].to_pylist()

    assert [(bar["volume"], bar["oi"]) for bar in bars] == [(0, None), (0, None)]


def test_what_was_told_before_the_open_of_the_day_before_takes_no_volume_from_the_day(tmp_path):
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    closed = at(15, 29) - timedelta(days=1)
    told = ((at(9, 1), closed, 9_000_000), (at(9, 15, 5), at(9, 15, 5), 750))
    for when, stamp, volume in told:
        packet = Packet(FUTURE, 2_400_000, volume=volume, told_at=stamp)
        writer.append(when, [WireFrame(when, frame(packet))])
    writer.close()

    (bar,) = minute_bars(RawTapeReader(tmp_path / "day.raw"), SCREEN)[FUTURE].to_pylist()

    assert (bar["ts"], bar["volume"]) == (at(9, 15), 750)


def test_the_close_before_that_is_told_until_the_first_trade_is_in_no_bar(tmp_path):
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    told = ((at(9, 1), 2_400_000, 9_000), (at(9, 15), 2_400_000, 0), (at(9, 15, 3), 2_450_000, 75))
    for when, last, volume in told:
        writer.append(when, [WireFrame(when, frame(Packet(FUTURE, last, volume, told_at=when)))])
    writer.close()

    (bar,) = minute_bars(RawTapeReader(tmp_path / "day.raw"), SCREEN)[FUTURE].to_pylist()

    assert [bar[name] for name in ("open", "high", "low", "close")] == [24_500.0] * 4
    assert bar["volume"] == 75


def test_prices_that_the_screen_refuses_make_no_bar(tape):
    assert set(minute_bars(tape, SCREEN)) == {NIFTY, FUTURE}


def test_bars_written_are_read_by_the_store(tape, tmp_path):
    written = write_minute_bars(tape, SCREEN, tmp_path / "bars")

    hours = Hours(Calendar.load(), Segment.FUTURES, has_derivatives=True, is_index=True)
    bars = read_bars(bars_path(tmp_path / "bars", "NIFTY26NOVFUT"), DAY, DAY, hours)
    assert [(each.path.stem, each.bars) for each in written] == [
        ("NIFTY", 2),
        ("NIFTY26NOVFUT", 3),
    ]
    assert len(bars) == 3
    assert sum(bars.dropped.values()) == 0


def test_a_day_takes_the_place_of_what_was_there_and_leaves_other_days(tape, tmp_path):
    folder = tmp_path / "bars"
    write_minute_bars(tape, SCREEN, folder)
    path = bars_path(folder, "NIFTY")
    around = (date(2026, 11, 20), date(2026, 11, 25))
    starts = [datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST) for day in around]
    other = bars_table(
        {
            "start": np.array([round(start.timestamp()) for start in starts]),
            **dict.fromkeys(("open", "high", "low", "close", "volume", "oi"), np.ones(2)),
        },
        np.ones(2, np.bool_),
    )
    pq.write_table(other, path)

    write_minute_bars(tape, SCREEN, folder)
    write_minute_bars(tape, SCREEN, folder)

    table = pq.ParquetFile(path).read()
    assert table.schema == BAR_SCHEMA
    assert table["ts"].to_pylist() == [starts[0], at(9, 15), at(9, 16), starts[1]]


def test_a_file_of_another_schema_is_named(tape, tmp_path):
    path = bars_path(tmp_path, "NIFTY")
    pq.write_table(bars_table_without_oi(), path)

    with pytest.raises(HistoryError, match=r"NIFTY\.parquet: schema"):
        write_minute_bars(tape, SCREEN, tmp_path)


def bars_table_without_oi():
    columns = dict.fromkeys(("open", "high", "low", "close", "volume", "oi"), np.ones(1))
    start = np.ones(1, np.int64)
    return bars_table({"start": start, **columns}, np.ones(1, np.bool_)).drop_columns("oi")
