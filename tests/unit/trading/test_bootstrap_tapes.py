from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from marketdata.feed import KeptTape
from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeCorruptError, RawTapeWriter
from marketdata.tape import TapeCorruptError, TapeWriter, compress
from tests.kite_frames import NIFTY, at, frame, head, index_packet
from trading.bootstrap_tapes import grown, is_raw, open_tape


class RawDay:
    """A raw tape that is being written."""

    def __init__(self, path: Path) -> None:
        self.writer = RawTapeWriter(path, head())

    def step(self, number: int) -> None:
        when = at(9, 15) + timedelta(seconds=number)
        data = frame(index_packet(NIFTY, 2_400_000 + number, when))
        self.writer.append(when, [WireFrame(when, data)])
        self.writer.sync()


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[RawDay]:
    day = RawDay(tmp_path / "day.raw")
    yield day
    day.writer.close()


def lasts(tape: KeptTape) -> list[float]:
    return [float(each.ticks["last"][0]) for each in tape.frames()]


def test_a_raw_tape_opens_as_frames(raw: RawDay):
    raw.step(0)
    raw.step(1)

    tape = open_tape(raw.writer.path)

    assert is_raw(tape.path)
    assert tape.head == head()
    assert lasts(tape) == [24_000.0, 24_000.01]


def test_a_raw_tape_that_grows_tells_what_has_come_since(raw: RawDay):
    raw.step(0)
    tape = open_tape(raw.writer.path)
    assert tape.frame(0).index == 0
    raw.step(1)

    tape = grown(tape)

    assert len(tape) == 2
    assert float(tape.frame(1).ticks["last"][0]) == 24_000.01


def test_a_tape_of_ticks_opens_plain_packed_and_grown(raw: RawDay, tmp_path: Path):
    raw.step(0)
    ticks = open_tape(raw.writer.path).frame(0).ticks
    with TapeWriter(tmp_path / "day.tape", head()) as writer:
        writer.append(at(9, 15), ticks)
        tape = open_tape(tmp_path / "day.tape")
        writer.append(at(9, 16), ticks)

    assert len(tape) == 1
    assert len(grown(tape)) == 2
    assert lasts(open_tape(compress(tmp_path / "day.tape"))) == [24_000.0, 24_000.0]


@pytest.mark.parametrize(
    ("name", "error"), [("day.raw", RawTapeCorruptError), ("day.tape", TapeCorruptError)]
)
def test_what_is_no_tape_is_refused(tmp_path: Path, name: str, error: type[Exception]):
    (tmp_path / name).write_bytes(b"not a tape at all, and long enough to be one")

    with pytest.raises(error):
        open_tape(tmp_path / name)
