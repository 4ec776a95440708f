from __future__ import annotations

import asyncio

import pytest

from execution.kitesim.market import Market
from execution.kitesim.pulse import Pulse
from marketdata.feed import Pace
from tests.unit.execution.kitesim.days import SHARE, day, tick


def market(frames=4):
    return Market(day(*((tick(SHARE, 1500.0 + n),) for n in range(frames)), seconds=2))


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self):
        self.at = 100.0
        self.slept = []

    def now(self):
        return self.at

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


def noting(name, notes):
    async def note(frame):
        await asyncio.sleep(0)
        notes.append((name, frame.index))

    return note


async def test_in_lockstep_a_step_is_done_when_every_listener_is():
    notes, pulse = [], Pulse(market(), None)
    pulse.add(noting("books", notes))
    pulse.add(noting("socket", notes))

    assert (await pulse.advance()).index == 0
    assert notes == [("books", 0), ("socket", 0)]
    assert pulse.is_lockstep


async def test_steps_asked_for_at_once_are_taken_one_after_the_other():
    notes, pulse = [], Pulse(market(), None)
    pulse.add(noting("books", notes))
    pulse.add(noting("socket", notes))

    frames = await asyncio.gather(*(pulse.advance() for _ in range(5)))

    assert [frame and frame.index for frame in frames] == [0, 1, 2, 3, None]
    assert [index for _, index in notes] == [0, 0, 1, 1, 2, 2, 3, 3]


async def test_a_paced_day_takes_as_long_as_on_the_tape_by_its_speed():
    clock, notes, day_market = Clock(), [], market()
    pulse = Pulse(day_market, Pace(4.0, clock.now, clock.sleep))
    pulse.add(noting("books", notes))

    await pulse.run()

    assert clock.slept == [0.0, 0.5, 0.5, 0.5]
    assert len(notes) == 4
    assert day_market.has_ended
    assert not pulse.is_lockstep


async def test_a_slow_listener_gets_frames_without_a_wait_until_it_has_caught_up():
    clock = Clock()
    pulse = Pulse(market(), Pace(1.0, clock.now, clock.sleep))

    async def dawdle(frame):
        clock.at += 3.0 if frame.index == 0 else 0.0

    pulse.add(dawdle)
    await pulse.run()

    assert clock.slept == [0.0, 0.0, 1.0, 2.0]


async def test_in_lockstep_there_is_no_pace_to_run_by():
    with pytest.raises(ValueError, match="lockstep"):
        await Pulse(market(), None).run()


async def test_an_empty_day_ends_at_once():
    clock, empty = Clock(), market(0)

    await Pulse(empty, Pace(1.0, clock.now, clock.sleep)).run()

    assert empty.has_ended
