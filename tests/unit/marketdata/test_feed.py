from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import IST
from marketdata.feed import MarketFeed, Pace, TapeFeed
from marketdata.tape import TapeHead, TapeReader, TapeWriter
from marketdata.ticks import TICK

OPEN = datetime(2021, 4, 28, 9, 15, tzinfo=IST)
SECONDS = (0, 1, 1.5, 10)


class SteppedClock:
    """A clock that only moves when somebody sleeps, or works for as long as the test says."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def tape(tmp_path: Path) -> TapeReader:
    head = TapeHead(date(2021, 4, 28), "s", "m", (), (), OPEN, OPEN + timedelta(hours=6), ())
    with TapeWriter(tmp_path / "day.tape", head) as writer:
        for after in SECONDS:
            writer.append(OPEN + timedelta(seconds=after), np.zeros(1, TICK))
    return TapeReader(tmp_path / "day.tape")


async def test_without_a_pace_every_frame_comes_in_order(tape: TapeReader) -> None:
    feed: MarketFeed = TapeFeed(tape, None)

    frames = [frame async for frame in feed.frames(0)]

    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert feed.head == tape.head


async def test_a_restart_goes_on_at_the_frame_it_names(tape: TapeReader) -> None:
    assert [frame.index async for frame in TapeFeed(tape, None).frames(2)] == [2, 3]


async def test_a_tape_at_double_speed_takes_half_its_time(tape: TapeReader) -> None:
    clock = SteppedClock()

    async for _ in TapeFeed(tape, Pace(2.0, clock.now, clock.sleep)).frames(0):
        pass

    assert clock.slept == pytest.approx([0.5, 0.25, 4.25])
    assert clock.seconds == pytest.approx(1005.0)


async def test_a_reader_that_lags_catches_up_without_waiting(tape: TapeReader) -> None:
    clock = SteppedClock()

    async for frame in TapeFeed(tape, Pace(1.0, clock.now, clock.sleep)).frames(0):
        if frame.index == 0:
            clock.seconds += 5.0

    assert clock.slept == pytest.approx([0.0, 0.0, 5.0])


def test_a_speed_must_lie_above_zero() -> None:
    clock = SteppedClock()

    with pytest.raises(ValueError, match=r"speed: 0\.0"):
        Pace(0.0, clock.now, clock.sleep)


async def test_what_comes_before_the_pace_is_kept_comes_without_a_wait(tape: TapeReader) -> None:
    clock = SteppedClock()
    pace = Pace(1.0, clock.now, clock.sleep, kept_from=OPEN + timedelta(seconds=1.5))
    feed = TapeFeed(tape, pace)

    moments = [(frame.index, feed.now() is None) async for frame in feed.frames(0)]

    assert moments == [(0, True), (1, True), (2, False), (3, False)]
    assert clock.slept == [8.5]


async def test_a_restart_behind_the_moment_keeps_the_pace_at_once(tape: TapeReader) -> None:
    clock = SteppedClock()

    async for _ in TapeFeed(tape, Pace(1.0, clock.now, clock.sleep, OPEN)).frames(2):
        pass

    assert clock.slept == [8.5]
