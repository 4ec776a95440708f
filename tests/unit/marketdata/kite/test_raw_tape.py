from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.news import WireFrame
from marketdata.kite.raw_spool import spools_of
from marketdata.kite.raw_tape import RawTapeCorruptError, RawTapeReader, RawTapeWriter
from marketdata.tape import TapeBusyError
from tests.kite_frames import FUTURE, NIFTY, SHARE, Packet, at, frame, head
from tests.unit.marketdata.kite.raw_tapes import SMALL, as_live, live, record, step, told


def test_what_is_read_is_what_was_written(tmp_path):
    record(tmp_path / "day.raw", range(20))

    tape = RawTapeReader(tmp_path / "day.raw")

    assert tape.head == head()
    assert len(tape) == 20
    assert told(tape) == [step(number) for number in range(20)]
    assert [each.index for each in tape.steps(7)] == list(range(7, 20))


def test_the_frames_are_those_the_feed_told_live(tmp_path):
    record(tmp_path / "day.raw", range(20))
    tape = RawTapeReader(tmp_path / "day.raw")

    assert as_live(tape.frames()) == live(range(20))
    assert as_live(tape.frames(11)) == live(range(20))[11:]
    assert [frame.ticks["token"].tolist() for frame in tape.frames(19)] == [[NIFTY, FUTURE]]


def test_single_frames_can_be_asked_for_in_any_order(tmp_path):
    record(tmp_path / "day.raw", range(9))
    tape = RawTapeReader(tmp_path / "day.raw")

    for index in (0, 1, 5, 8, 8, 2):
        assert as_live([tape.frame(index)]) == live(range(9))[index : index + 1]
    for wrong in (-1, 9):
        with pytest.raises(IndexError, match="expected 0 to 8"):
            tape.frame(wrong)


def test_a_closed_tape_is_one_file(tmp_path):
    record(tmp_path / "day.raw", range(20))

    assert [path.name for path in tmp_path.iterdir()] == ["day.raw"]


def test_everything_synced_stands_in_files_before_the_tape_is_closed(tmp_path):
    writer = record(tmp_path / "day.raw", range(20), close=False)
    writer.sync()

    assert told(RawTapeReader(tmp_path / "day.raw")) == [step(number) for number in range(20)]
    writer.close()


def test_a_reader_follows_a_tape_that_is_being_written(tmp_path):
    writer = record(tmp_path / "day.raw", range(0), close=False)
    tape = RawTapeReader(tmp_path / "day.raw")
    frames = []
    for number in range(30):
        writer.append(*step(number))
        writer.sync()
        assert tape.refresh() == number + 1
        frames.append(tape.frame(number))
    writer.close()

    assert as_live(frames) == live(range(30))
    assert tape.refresh() == 30
    assert told(tape) == [step(number) for number in range(30)]


def test_a_tape_is_gone_on_with_and_numbers_go_on(tmp_path):
    record(tmp_path / "day.raw", range(7))

    writer = record(tmp_path / "day.raw", range(7, 12), close=False)

    assert writer.steps == 12
    assert writer.last_at == step(11)[0]
    writer.close()
    assert as_live(RawTapeReader(tmp_path / "day.raw").frames()) == live(range(12))


def test_the_digest_is_that_of_the_steps_however_they_are_compressed(tmp_path):
    record(tmp_path / "one.raw", range(12))
    record(tmp_path / "two.raw", range(12), block=1 << 20)
    record(tmp_path / "three.raw", range(11))
    one, two, three = (RawTapeReader(tmp_path / f"{name}.raw") for name in ("one", "two", "three"))

    assert one.sha256 == two.sha256 != three.sha256


def test_damaged_and_foreign_frames_are_kept_and_passed_over(tmp_path):
    whole = step(1)[1][0]
    odd = [WireFrame(whole.received_at, data) for data in (b"\0\1\0", frame(Packet(5 << 8, 1)))]
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    writer.append(at(9, 16), [*odd, whole])
    writer.close()
    tape = RawTapeReader(tmp_path / "day.raw")

    assert list(next(tape.steps()).frames) == [*odd, whole]
    assert next(tape.frames()).ticks["token"].tolist() == [NIFTY, FUTURE]


def test_a_frame_without_a_time_of_the_exchange_has_that_of_its_step(tmp_path):
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    writer.append(at(9, 16), [WireFrame(at(9, 16), frame(Packet(SHARE, 150_000)))])
    writer.close()

    (told_frame,) = RawTapeReader(tmp_path / "day.raw").frames()

    assert told_frame.ticks["exchange_at"].tolist() == [int(at(9, 16).timestamp()) * 1_000_000]


def test_a_step_back_in_time_is_refused_and_leaves_the_tape_as_it_was(tmp_path):
    writer = record(tmp_path / "day.raw", range(3), close=False)

    with pytest.raises(ValueError, match="at: "):
        writer.append(*step(1))

    writer.close()
    assert len(RawTapeReader(tmp_path / "day.raw")) == 3


def test_only_one_writes_and_only_under_the_same_head(tmp_path):
    writer = record(tmp_path / "day.raw", range(3), close=False)
    with pytest.raises(TapeBusyError, match=r"day\.raw"):
        RawTapeWriter(tmp_path / "day.raw", head())
    writer.close()

    other = Instrument(7 << 8 | 1, Exchange.NSE, "TCS", "TCS", Kind.EQUITY, 1, head_tick())
    with pytest.raises(ValueError, match="head: "):
        RawTapeWriter(tmp_path / "day.raw", head(other))


def head_tick():
    return head().instruments[0].tick_size


@pytest.mark.parametrize("content", [b"", b"DAYTAPE1" + bytes(40), b"RAWTAPE1" + bytes(40)])
def test_a_file_that_is_no_raw_tape_is_named(tmp_path, content):
    (tmp_path / "day.raw").write_bytes(content)

    with pytest.raises(RawTapeCorruptError, match=r"day\.raw"):
        RawTapeReader(tmp_path / "day.raw")


def test_a_head_cut_short_by_a_crash_is_written_again(tmp_path):
    record(tmp_path / "day.raw", range(0))
    data = (tmp_path / "day.raw").read_bytes()
    (tmp_path / "day.raw").write_bytes(data[:-30])

    record(tmp_path / "day.raw", range(2))

    assert len(RawTapeReader(tmp_path / "day.raw")) == 2


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 2_000))
def test_a_torn_block_costs_that_block_only(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("torn") / "day.raw"
    record(path, range(10))
    os.truncate(path, max(len(_empty_tape(path.parent)), path.stat().st_size - cut))

    _reads_and_goes_on(path)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 2_000))
def test_a_torn_spool_costs_its_torn_steps_only(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("torn") / "day.raw"
    record(path, range(5))
    writer = record(path, range(5, 10), block=1 << 20, close=False)
    writer.sync()
    left = _copied(path.parent, path)
    writer.close()
    (spool,) = spools_of(left / path.name)
    os.truncate(spool, max(0, spool.stat().st_size - cut))

    assert len(RawTapeReader(left / path.name)) >= 5
    _reads_and_goes_on(left / path.name)


def _reads_and_goes_on(path: Path) -> None:
    """Find a beginning of ten steps, also after another one was written behind it."""
    steps = [step(number) for number in range(10)]
    kept = told(RawTapeReader(path))
    assert kept == steps[: len(kept)]

    again = RawTapeWriter(path, head())
    assert again.steps == len(kept)
    again.append(at(10), steps[0][1])
    again.close()

    assert told(RawTapeReader(path)) == [*kept, (at(10), steps[0][1])]


def _copied(folder: Path, path: Path) -> Path:
    """Copy the files as they stand while they are written: what a crash would leave."""
    left = folder / "left"
    left.mkdir()
    for part in [*spools_of(path), path]:
        (left / part.name).write_bytes(part.read_bytes())
    return left


def _empty_tape(folder: Path) -> bytes:
    empty = folder / "empty.raw"
    if not empty.exists():
        RawTapeWriter(empty, head()).close()
    return empty.read_bytes()


def test_a_damaged_block_in_the_middle_is_named_and_not_passed_over(tmp_path):
    record(tmp_path / "day.raw", range(20))
    data = bytearray((tmp_path / "day.raw").read_bytes())
    data[len(_empty_tape(tmp_path)) + 60] ^= 1
    (tmp_path / "day.raw").write_bytes(data)

    with pytest.raises(RawTapeCorruptError, match="damaged block of step 0"):
        list(RawTapeReader(tmp_path / "day.raw").steps())


def test_a_damaged_prefix_in_the_middle_is_named(tmp_path):
    record(tmp_path / "day.raw", range(20))
    data = bytearray((tmp_path / "day.raw").read_bytes())
    data[len(_empty_tape(tmp_path)) + 5] ^= 1
    (tmp_path / "day.raw").write_bytes(data)

    with pytest.raises(RawTapeCorruptError, match="prefix of the block of step 0"):
        RawTapeReader(tmp_path / "day.raw")


def test_a_block_that_was_made_twice_is_read_once(tmp_path):
    """A crash between a block and the removal of its spool leaves both."""
    path = tmp_path / "day.raw"
    writer = record(path, range(5), block=1 << 20, close=False)
    writer.sync()
    spool = spools_of(path)[0]
    data = spool.read_bytes()
    writer.close()
    spool.write_bytes(data)

    assert told(RawTapeReader(path)) == [step(number) for number in range(5)]
    assert record(path, range(5, 6)).steps == 6


def test_a_spool_behind_a_hole_is_not_read(tmp_path):
    path = tmp_path / "day.raw"
    record(path, range(5))
    writer = record(tmp_path / "other.raw", range(9), block=SMALL, close=False)
    writer.sync()
    copy = spools_of(tmp_path / "other.raw")[-1].read_bytes()
    writer.close()
    (tmp_path / "day.raw.000000008.spool").write_bytes(copy)

    assert len(RawTapeReader(path)) == 5
    assert record(path, range(5, 6)).steps == 6


def test_ticks_of_many_frames_in_a_step_tell_the_range_between(tmp_path):
    writer = RawTapeWriter(tmp_path / "day.raw", head())
    when = at(9, 20)
    for lasts in ((100_000,), (100_100, 99_900, 100_050)):
        wire = [frame(Packet(SHARE, p, high=100_100, low=99_900, told_at=when)) for p in lasts]
        writer.append(when, [WireFrame(when, data) for data in wire])
    writer.close()

    *_, last = RawTapeReader(tmp_path / "day.raw").frames()

    assert {name: last.ticks[name].tolist() for name in ("last", "open", "high", "low")} == {
        "last": [1000.5],
        "open": [1001.0],
        "high": [1001.0],
        "low": [999.0],
    }
