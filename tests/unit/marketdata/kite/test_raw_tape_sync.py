"""What the disk has of a raw tape while it is written."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.kite.raw_tape_courier import MOST_BYTES
from tests.kite_frames import FUTURE, Packet, at, frame, head


def recorded(path: Path, steps: int, block: int) -> RawTapeWriter:
    writer = RawTapeWriter(path, head(), block_bytes=block)
    for number in range(steps):
        when = at(9, 15) + timedelta(seconds=number)
        packet = Packet(FUTURE, 2_400_000 + number, volume=75 * number, told_at=when)
        writer.append(when, [WireFrame(when, frame(packet))])
    return writer


@pytest.mark.parametrize("block", [1, 400, 1_000_000])
def test_once_synced_every_step_is_safe_those_of_full_spools_included(tmp_path: Path, block: int):
    writer = recorded(tmp_path / "day.raw", 20, block)

    writer.sync()

    assert writer.safe_steps == writer.steps == 20
    writer.close()


def test_steps_become_safe_by_themselves(tmp_path: Path):
    writer = recorded(tmp_path / "day.raw", 3, 1_000_000)
    ends_at = time.monotonic() + 20

    while writer.safe_steps < 3 and time.monotonic() < ends_at:
        pass

    assert writer.safe_steps == 3
    writer.close()


def test_what_was_found_on_opening_is_safe(tmp_path: Path):
    recorded(tmp_path / "day.raw", 5, 400).close()

    again = RawTapeWriter(tmp_path / "day.raw", head())

    assert again.safe_steps == again.steps == 5
    again.close()


@given(
    does=st.lists(st.sampled_from(("append", "sync", "ask")), max_size=25),
    block=st.sampled_from((1, 400, 1_000_000)),
)
@settings(max_examples=25)
def test_whatever_is_asked_meanwhile_every_step_is_read_back(tmp_path_factory, does, block):
    path = tmp_path_factory.mktemp("tape") / "day.raw"
    writer, begun = RawTapeWriter(path, head(), block_bytes=block), 0
    for what in does:
        if what == "append":
            when = at(9, 15) + timedelta(seconds=begun)
            begun = 1 + writer.append(when, [WireFrame(when, b"%04d" % begun)])
        elif what == "sync":
            writer.sync()
            assert writer.safe_steps == begun
        else:
            assert 0 <= writer.safe_steps <= begun
    writer.close()

    steps = list(RawTapeReader(path).steps(0))

    assert [step.frames[0].data for step in steps] == [b"%04d" % number for number in range(begun)]


def test_a_large_step_is_safe_once_synced(tmp_path: Path):
    writer, when = RawTapeWriter(tmp_path / "day.raw", head()), at(9, 15)
    for size in (10, MOST_BYTES + 1, 10):
        writer.append(when, [WireFrame(when, b"x" * size)])
        writer.sync()

    assert writer.safe_steps == 3
    writer.close()
    steps = list(RawTapeReader(tmp_path / "day.raw").steps(0))
    assert [len(step.frames[0].data) for step in steps] == [10, MOST_BYTES + 1, 10]
