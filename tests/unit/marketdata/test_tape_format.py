"""How much of a tape stays in memory; what its bytes mean is tested in `test_tape.py`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.tape_format import KEPT_FRAMES
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK

OPEN = datetime(2021, 4, 28, 9, 15, tzinfo=IST)
TICKS = 20
FRAMES = 4 * KEPT_FRAMES
SHARE = Instrument(
    token=341249,
    exchange=Exchange.NSE,
    symbol="HDFCBANK",
    name="HDFCBANK",
    kind=Kind.EQUITY,
    lot_size=1,
    tick_size=Decimal("0.05"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    head = TapeHead(
        date=date(2021, 4, 28),
        source="made",
        made_by="a test",
        instruments=(SHARE,),
        previous_close=((SHARE.token, 1400.0),),
        session_open=OPEN,
        session_close=OPEN + timedelta(hours=6),
    )
    first, ticks = microseconds(OPEN), np.zeros(TICKS, TICK)
    frames = ((first + 1_000 * number, ticks) for number in range(FRAMES))
    return write_tape(tmp_path_factory.mktemp("tape") / "day.tape", head, frames)


def resident(path: Path) -> int:
    """Return the bytes of a mapped file that are in this process's memory."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    return 1024 * sum(
        int(next(line for line in lines if line.startswith("Rss:")).split()[1])
        for mapping in lines
        if mapping.endswith(f" {path}")
    )


def test_a_tape_that_was_opened_is_not_kept_in_memory(path: Path) -> None:
    tape = TapeReader(path)

    assert len(tape) == FRAMES
    assert resident(path) < path.stat().st_size / 10


def test_a_tape_read_to_its_end_is_kept_in_part_only(path: Path) -> None:
    tape = TapeReader(path)

    read = sum(len(frame.ticks) for frame in tape.frames())

    assert read == FRAMES * TICKS
    assert 0 < resident(path) < path.stat().st_size / 2


def test_a_frame_whose_pages_were_given_back_reads_the_same_again(path: Path) -> None:
    tape = TapeReader(path)
    first = tape.frame(0)

    for _ in tape.frames():
        continue

    assert tape.frame(0).at == first.at
    np.testing.assert_array_equal(tape.frame(0).ticks, first.ticks)
