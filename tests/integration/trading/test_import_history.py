"""The command that brings recorded bars and live days into the folder that backtests read."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeWriter
from tests.kite_frames import FUTURE, Packet, at, frame, head

LINES = (
    "symbol,ts,open,high,low,close,volume,oi",
    "TCS,2026-11-23T09:15:00+05:30,100,101,99,100.5,7,0",
    "TCS,2026-11-23T09:16:00+05:30,100,101,99,100.5,7,0",
    "TCS,2026-11-23T09:17:00+05:30,100,101,99,0,7,0",
)


def said(*sources: Path, out: Path) -> str:
    words = StringIO()
    call_command("import_history", *map(str, sources), "--out", str(out), stdout=words)
    return words.getvalue()


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "bars.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def tape(path: Path) -> Path:
    """Record three minutes in which the future trades."""
    writer = RawTapeWriter(path, head())
    for second in range(0, 180, 30):
        when = at(9, 15) + timedelta(seconds=second)
        packet = Packet(FUTURE, 2_400_000 + second, volume=75 * (second + 1), told_at=when)
        writer.append(when, [WireFrame(when, frame(packet))])
    writer.close()
    return path


def test_a_recording_becomes_bars_with_an_account_of_every_row(tmp_path):
    told = said(csv(tmp_path, *LINES), out=tmp_path / "bars")

    assert told == "bars.csv: 2 of 3 bars of 1 symbols, left out: zero-or-negative 1\n"
    assert pq.read_table(tmp_path / "bars/TCS.parquet").num_rows == 2


def test_a_live_day_becomes_bars_and_again_the_same(tmp_path):
    day = tape(tmp_path / "day.raw")

    first, second = (said(day, out=tmp_path / "bars") for _ in range(2))

    assert first == second == "day.raw: 3 bars of 1 instruments\n"
    (file,) = (tmp_path / "bars").iterdir()
    assert pq.read_table(file).num_rows == 3


def test_a_file_that_cannot_be_used_is_named_in_one_line(tmp_path):
    torn = tmp_path / "torn.raw"
    torn.write_bytes(b"no tape")

    with pytest.raises(CommandError, match=r"torn\.raw: .*expected the raw tape of a day"):
        said(torn, out=tmp_path)
    with pytest.raises(CommandError, match=r"bars\.csv: ts: expected this column"):
        said(csv(tmp_path, "symbol,open", "TCS,1"), out=tmp_path)
    with pytest.raises(CommandError, match=r"absent\.csv: .*expected a CSV file"):
        said(tmp_path / "absent.csv", out=tmp_path)
