"""A run is put aside piece by piece, for as long as nothing comes that it is wanted for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field, replace
from typing import Any

from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from tests.unit.trading.engine.builders import at
from tests.unit.trading.engine.surroundings import Stage, TracingJournal, TracingVenue, frames
from trading.engine.lived import Lived
from trading.engine.runner import Runner

START, NOW, END = at(9, 29, 50), at(9, 29, 55), at(9, 31)
TOLD = frames(START, 1, {}) + [replace(frame, index=1) for frame in frames(at(9, 31), 1, {})]
COMES_AFTER = 5


class Feed:
    """A feed whose second frame comes when `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    @property
    def head(self) -> TapeHead:
        raise NotImplementedError

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        for frame in TOLD[start:]:
            if frame.index:
                await self.go.wait()
            yield frame


@dataclass(slots=True)
class Pieces:
    """Puts a run aside in so many pieces; at its fifth one of the second frame's wait is over."""

    many: int
    rung: asyncio.Event
    trace: list[tuple[str, str]]
    told: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    def is_due(self) -> bool:
        return not self.kept

    def keep(self, lived: Lived) -> Generator[None, None, None]:
        if not lived.frames:
            return
        self.trace.append(("keep", ""))
        piece = 0
        try:
            for piece in range(1, self.many + 1):
                self.told.append(piece)
                if len(self.told) == COMES_AFTER:
                    self.rung.set()
                yield
        except GeneratorExit:
            self.given_up.append(piece)
            raise
        self.kept.append(lived.seq)

    def settle(self) -> None:
        """Nothing is under way."""


def runner_of(feed: Feed, trace: list[tuple[str, str]], **around: Any) -> Runner:
    runner = Stage(TOLD).runner(TracingJournal(trace), TracingVenue(trace))
    runner._around = replace(runner._around, feed=feed, now=lambda: NOW, **around)
    return runner


async def forever(seconds: float) -> None:
    del seconds
    await asyncio.Event().wait()


async def test_a_frame_does_not_wait_for_a_run_that_is_being_put_aside():
    feed, trace = Feed(), []
    pieces = Pieces(10**9, feed.go, trace)

    await runner_of(feed, trace, keeping=pieces, pause=forever).run({"run": "T1"}, END)

    assert pieces.given_up[0] <= COMES_AFTER + 1
    assert sum(pieces.given_up) == len(pieces.told)
    assert not pieces.kept


async def test_news_do_not_wait_for_a_run_that_is_being_put_aside():
    feed, trace, bell = Feed(), [], asyncio.Event()
    pieces = Pieces(10**9, bell, trace)
    heard = []

    async def pause(seconds: float) -> None:
        del seconds
        await bell.wait()
        if heard:
            feed.go.set()

    def inputs(moment: object) -> list[Any]:
        heard.append(moment)
        return []

    run = runner_of(feed, trace, keeping=pieces, pause=pause, inputs=inputs)
    await run.run({"run": "T1"}, END)

    assert pieces.given_up[0] <= COMES_AFTER + 1
    assert heard


async def test_a_run_is_put_aside_whole_where_nothing_comes():
    feed, trace = Feed(), []
    pieces = Pieces(COMES_AFTER - 1, feed.go, trace)

    async def pause(seconds: float) -> None:
        del seconds
        while not pieces.kept:
            await asyncio.sleep(0)
        feed.go.set()

    await runner_of(feed, trace, keeping=pieces, pause=pause).run({"run": "T1"}, END)

    assert len(pieces.told) == COMES_AFTER - 1
    assert not pieces.given_up
    assert len(pieces.kept) == 1


async def test_all_that_led_to_what_is_put_aside_is_in_the_file_before():
    feed, trace = Feed(), []
    pieces = Pieces(10**9, feed.go, trace)

    await runner_of(feed, trace, keeping=pieces, pause=forever).run({"run": "T1"}, END)

    assert trace[trace.index(("keep", "")) - 1] == ("write", "")


async def test_a_run_whose_tape_is_not_yet_safe_is_not_put_aside():
    feed, trace = Feed(), []
    pieces = Pieces(COMES_AFTER - 1, feed.go, trace)

    async def pause(seconds: float) -> None:
        del seconds
        feed.go.set()

    run = runner_of(feed, trace, keeping=pieces, pause=pause, frames_safe=lambda: 0)
    await run.run({"run": "T1"}, END)

    assert not pieces.told
