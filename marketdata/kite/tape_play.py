"""A raw tape played once: for a run's past, and then for the live feed that goes on from it.

Both need the same board brought up to the tape's end; what follows live is `feed.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from marketdata.kite.board import Board
from marketdata.kite.raw_tape_format import Step
from marketdata.kite.raw_tape_reader import RawTapeReader, board_of, frame_of
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead


@dataclass(slots=True)
class Played:
    """A board and how many steps of its day it has taken."""

    board: Board
    taken: int = 0

    @classmethod
    def nothing(cls, head: TapeHead) -> Played:
        """Return the board that a day begins with."""
        return cls(board_of(head))

    def take(self, step: Step) -> Frame:
        """Take the next step and return its frame."""
        self.taken = step.index + 1
        return frame_of(self.board, step)


class TapePlay:
    """A tape as far as it stood at first, each of its steps taken once; it is a MarketFeed.

    `played`: what was played of it before.
    """

    def __init__(self, tape: RawTapeReader, played: Played | None = None) -> None:
        self.played = played or Played.nothing(tape.head)
        self._tape = tape
        self._last: Frame | None = None

    @property
    def head(self) -> TapeHead:
        """Return the tape's head."""
        return self._tape.head

    def rest(self, start: int) -> Iterator[Frame]:
        """Yield the frames from number `start` on; the last one told may be told again.

        Raises `ValueError` for one before it, else as `RawTapeReader.steps`.
        """
        last = self._last
        again = last is not None and last.index == start
        if start < self.played.taken and not again:
            raise ValueError(f"start: frame {start}, but {self.played.taken} are played already")
        if last is not None and again:
            yield last
        for step in self._tape.steps(self.played.taken):
            self._last = frame = self.played.take(step)
            if frame.index >= start:
                yield frame

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the same, with a turn for the event loop before each."""
        for frame in self.rest(start):
            await asyncio.sleep(0)
            yield frame
