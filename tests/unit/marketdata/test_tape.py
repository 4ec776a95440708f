from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import (
    TapeBusyError,
    TapeCorruptError,
    TapeReader,
    TapeWriter,
    compress,
    microseconds,
    moment,
    write_tape,
)
from marketdata.tape_head import TapeHead, head_from_json, head_to_json
from marketdata.ticks import TICK, Ticks

OPEN = datetime(2021, 4, 28, 9, 15, tzinfo=IST)

FUTURE = Instrument(
    token=12345602,
    exchange=Exchange.NFO,
    symbol="NIFTY21APRFUT",
    name="NIFTY",
    kind=Kind.FUTURE,
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=date(2021, 4, 29),
    freeze_quantity=1800,
    made_from="index NIFTY 50",
)
CALL = Instrument(
    token=12345858,
    exchange=Exchange.NFO,
    symbol="NIFTY21APR14700CE",
    name="NIFTY",
    kind=Kind.CALL,
    lot_size=75,
    tick_size=Decimal("0.05"),
    expiry=date(2021, 4, 29),
    strike=Decimal("14700.00"),
)


def a_head(source: str = "a recording") -> TapeHead:
    return TapeHead(
        date=date(2021, 4, 28),
        source=source,
        made_by="a test",
        instruments=(FUTURE, CALL),
        previous_close=((12345602, 14653.05), (12345858, 101.1)),
        session_open=OPEN,
        session_close=OPEN + timedelta(hours=6, minutes=15),
        notes=("the future is made",),
    )


def some_ticks(count: int, seed: int = 0) -> Ticks:
    random = np.random.default_rng(seed)
    ticks = np.zeros(count, TICK)
    ticks["token"] = np.arange(count) + 1
    for field in ("last", "open", "high", "low", "bid", "ask"):
        ticks[field] = random.uniform(1, 40_000, count)
    ticks["volume"] = random.integers(0, 10**12, count)
    ticks["ask"][:1] = np.nan
    return ticks


def a_tape(path: Path, frames: int = 3) -> list[Ticks]:
    told = [some_ticks(number + 1, seed=number) for number in range(frames)]
    with TapeWriter(path, a_head()) as writer:
        for number, ticks in enumerate(told):
            writer.append(OPEN + timedelta(seconds=number), ticks)
    return told


def read_all(path: Path) -> list[Ticks]:
    return [frame.ticks for frame in TapeReader(path).frames()]


def same(left: list[Ticks], right: list[Ticks]) -> bool:
    return [ticks.tobytes() for ticks in left] == [ticks.tobytes() for ticks in right]


def test_a_head_comes_back_as_it_was_written(tmp_path: Path) -> None:
    a_tape(tmp_path / "day.tape")

    head = TapeReader(tmp_path / "day.tape").head

    assert head == a_head()
    assert head.session_open.tzinfo is IST
    assert head.instruments[1].strike == Decimal("14700.00")
    assert str(head.instruments[1].strike) == "14700.00"
    assert head.instruments[0].made_from == "index NIFTY 50"


def test_a_head_refuses_a_token_told_twice() -> None:
    with pytest.raises(ValueError, match="instruments: a token appears twice"):
        TapeHead(date(2021, 4, 28), "s", "m", (CALL, CALL), (), OPEN, OPEN + timedelta(hours=6), ())


def test_a_head_refuses_naive_and_reversed_hours() -> None:
    with pytest.raises(ValueError, match="aware"):
        TapeHead(date(2021, 4, 28), "s", "m", (), (), OPEN.replace(tzinfo=None), OPEN, ())
    with pytest.raises(ValueError, match="session_close"):
        TapeHead(date(2021, 4, 28), "s", "m", (), (), OPEN, OPEN, ())


def test_a_head_names_the_field_it_cannot_read() -> None:
    text = head_to_json(a_head()).replace(b'"lot_size":75', b'"lot_size":"many"', 1)

    with pytest.raises(ValueError, match="lot_size"):
        head_from_json(text)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(0, 5), max_size=8),
    gaps=st.lists(st.integers(0, 10**7), min_size=8, max_size=8),
    raw=st.binary(min_size=5 * TICK.itemsize, max_size=5 * TICK.itemsize),
)
def test_any_frames_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], gaps: list[int], raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("tape") / "day.tape"
    told = [np.frombuffer(raw, TICK)[:count] for count in counts]
    times = [OPEN + timedelta(microseconds=sum(gaps[: n + 1])) for n in range(len(counts))]
    with TapeWriter(path, a_head()) as writer:
        numbers = [writer.append(at, ticks) for at, ticks in zip(times, told, strict=True)]

    reader = TapeReader(path)

    assert numbers == list(range(len(counts)))
    assert [frame.index for frame in reader.frames()] == numbers
    assert [frame.at for frame in reader.frames()] == times
    assert same([frame.ticks for frame in reader.frames()], told)
    assert same(read_all(compress(path)), told)
    assert TapeReader(compress(path)).sha256 == reader.sha256


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_a_moment_keeps_its_microseconds(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC)

    assert moment(microseconds(at)) == at
    assert moment(microseconds(at)).tzinfo is IST


def test_a_tape_torn_at_any_byte_ends_with_its_last_whole_frame(tmp_path: Path) -> None:
    whole = tmp_path / "whole.tape"
    told = a_tape(whole)
    data = whole.read_bytes()
    empty = tmp_path / "empty.tape"
    a_tape(empty, frames=0)
    ends = [empty.stat().st_size]
    for ticks in told:
        ends.append(ends[-1] + 24 + ticks.nbytes)
    torn = tmp_path / "torn.tape"

    for size in range(ends[0], len(data) + 1):
        torn.write_bytes(data[:size])
        standing = sum(end <= size for end in ends[1:])

        assert same(read_all(torn), told[:standing]), size

        with TapeWriter(torn, a_head()) as writer:
            assert writer.frames == standing
            assert writer.append(OPEN + timedelta(seconds=9), told[0]) == standing
        assert same(read_all(torn), [*told[:standing], told[0]]), size


def test_a_tail_the_disk_never_wrote_is_the_end(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    told = a_tape(path)
    path.write_bytes(path.read_bytes() + bytes(500))

    assert same(read_all(path), told)


def test_a_tape_torn_within_its_head_is_begun_again_by_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    a_tape(path, frames=0)
    data = path.read_bytes()

    for size in (0, 3, 8, 12, 16, 100, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(TapeCorruptError, match=r"day\.tape"):
            TapeReader(path)
        TapeWriter(path, a_head()).close()
        assert path.read_bytes() == data


def test_a_changed_byte_before_the_last_frame_is_never_read_over(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    told = a_tape(path)
    data = path.read_bytes()
    last = len(data) - 24 - told[-1].nbytes

    for position in range(0, last, 7):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x40]) + data[position + 1 :])

        with pytest.raises(TapeCorruptError, match=r"day\.tape"):
            read_all(path)


def test_damage_names_the_file_and_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    told = a_tape(path)
    data = bytearray(path.read_bytes())
    second = len(data) - told[2].nbytes - 24 - told[1].nbytes
    data[second] ^= 1
    path.write_bytes(data)
    reader = TapeReader(path)

    assert same([reader.frame(0).ticks, reader.frame(2).ticks], [told[0], told[2]])
    with pytest.raises(TapeCorruptError, match=r"day\.tape: damaged ticks in frame 1"):
        reader.frame(1)


def test_a_writer_does_not_go_on_behind_damage(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    told = a_tape(path)
    data = bytearray(path.read_bytes())
    data[len(data) - told[2].nbytes - 24 - told[1].nbytes - 20] ^= 1
    path.write_bytes(data)

    with pytest.raises(TapeCorruptError, match="damaged prefix of frame 1"):
        TapeWriter(path, a_head())
    assert path.read_bytes() == bytes(data)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    a_tape(tmp_path / "day.tape")
    archive = compress(tmp_path / "day.tape")
    data = bytearray(archive.read_bytes())

    archive.write_bytes(data[:-9])
    with pytest.raises(TapeCorruptError, match="damaged archive"):
        TapeReader(archive)

    data[len(data) // 2] ^= 1
    archive.write_bytes(data)
    with pytest.raises(TapeCorruptError, match="damaged archive"):
        TapeReader(archive)


def test_another_file_is_no_tape(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("symbol,ts,open\n")

    with pytest.raises(TapeCorruptError, match="no tape"):
        TapeReader(path)


def test_two_writers_cannot_hold_one_tape(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "day.tape", a_head()), pytest.raises(TapeBusyError, match="day"):
        TapeWriter(tmp_path / "day.tape", a_head())


def test_a_tape_does_not_go_on_under_another_head(tmp_path: Path) -> None:
    a_tape(tmp_path / "day.tape")

    with pytest.raises(ValueError, match=r"head: .*day\.tape"):
        TapeWriter(tmp_path / "day.tape", a_head("another recording"))
    assert len(TapeReader(tmp_path / "day.tape")) == 3


def test_time_on_a_tape_does_not_run_backwards_even_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "day.tape"
    a_tape(path)

    with TapeWriter(path, a_head()) as writer, pytest.raises(ValueError, match="at: "):
        writer.append(OPEN + timedelta(seconds=1), some_ticks(1))


def test_ticks_of_another_shape_are_refused(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "day.tape", a_head()) as writer:
        with pytest.raises(ValueError, match="ticks: "):
            writer.append(OPEN, np.zeros((2, 2), TICK))
        with pytest.raises(ValueError, match="ticks: "):
            writer.append(OPEN, np.zeros(2, np.float64))


def test_frames_are_read_while_the_tape_is_being_written(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "day.tape", a_head()) as writer:
        writer.append(OPEN, some_ticks(2))

        assert len(TapeReader(tmp_path / "day.tape")) == 1


def test_reading_can_begin_at_any_frame(tmp_path: Path) -> None:
    told = a_tape(tmp_path / "day.tape", frames=5)
    reader = TapeReader(tmp_path / "day.tape")

    assert [frame.index for frame in reader.frames(3)] == [3, 4]
    assert reader.frame(4).ticks.tobytes() == told[4].tobytes()
    with pytest.raises(IndexError, match="frame 5, expected 0 to 4"):
        reader.frame(5)


def test_what_a_reader_hands_out_may_be_changed_without_changing_the_tape(tmp_path: Path) -> None:
    told = a_tape(tmp_path / "day.tape")
    reader = TapeReader(tmp_path / "day.tape")

    reader.frame(1).ticks["last"] = 0.0

    assert reader.frame(1).ticks.tobytes() == told[1].tobytes()


def test_a_tape_written_at_once_equals_one_that_was_appended(tmp_path: Path) -> None:
    told = a_tape(tmp_path / "appended.tape")
    start = microseconds(OPEN)

    path = write_tape(
        tmp_path / "whole.tape",
        a_head(),
        ((start + number * 1_000_000, ticks) for number, ticks in enumerate(told)),
    )

    assert path.read_bytes() == (tmp_path / "appended.tape").read_bytes()


def test_a_tape_compresses_to_the_same_bytes_each_time(tmp_path: Path) -> None:
    a_tape(tmp_path / "day.tape")

    first = compress(tmp_path / "day.tape").read_bytes()

    assert compress(tmp_path / "day.tape").read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["day.tape", "day.tape.gz"]
