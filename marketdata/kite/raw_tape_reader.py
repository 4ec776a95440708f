"""A raw tape read back, as it was recorded or as the frames it gave live.

Recording is in `raw_tape.py`; tapes of ready-made ticks are in `marketdata/tape.py`, and a raw
tape reads like one of them.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from marketdata.kite.board import Board
from marketdata.kite.folding import fold, step_ticks
from marketdata.kite.raw_spool import SpoolTail, spools_of
from marketdata.kite.raw_tape_format import (
    Block,
    Step,
    block_steps,
    encoded_head,
    encoded_step,
    read_head,
    read_step,
    scan_blocks,
)
from marketdata.tape import Frame
from marketdata.tape_format import let_go
from marketdata.tape_head import TapeHead


def board_of(head: TapeHead) -> Board:
    """Return the board a day begins with: a row for each instrument of its head, in that order."""
    return Board([instrument.token for instrument in head.instruments])


class RawTapeReader:
    """A raw tape as far as it stands, also while it is being written."""

    def __init__(self, path: Path) -> None:
        """Open `path` and find its steps. Raises `RawTapeCorruptError`, `OSError`."""
        self.path = path
        self._data = mapped(path)
        self.head, self._start = read_head(path, self._data)
        self._blocks: list[Block] = []
        self._tails: list[SpoolTail] = []
        self._cursor: tuple[Board, Iterator[Step], int] | None = None
        self.refresh()

    def __len__(self) -> int:
        return self._tails[-1].after if self._tails else self._in_blocks

    @property
    def _in_blocks(self) -> int:
        return self._blocks[-1].after if self._blocks else 0

    def refresh(self) -> int:
        """Find what was written since; return how many steps there are."""
        grown = {tail.path: tail for tail in self._tails}
        tails = []
        for path in spools_of(self.path):
            tail = grown.get(path)
            if tail is None:
                tail = SpoolTail.open(path)
            else:
                tail.grow()
            if tail is not None:
                tails.append(tail)
        # Only after the spools: what has left them by now stands in a block.
        self._data = mapped(self.path)
        start = self._blocks[-1].end if self._blocks else self._start
        self._blocks += scan_blocks(self.path, self._data, start, self._in_blocks)
        self._tails = joined_tails(tails, self._in_blocks)
        return len(self)

    def steps(self, start: int = 0) -> Iterator[Step]:
        """Yield the steps from number `start` on as they were recorded.

        Raises `RawTapeCorruptError` at a damaged block.
        """
        data, blocks, tails = self._data, tuple(self._blocks), tuple(self._tails)
        for block in blocks:
            if block.after > start:
                told = block_steps(self.path, block, data[block.start : block.end])
                let_go(data)
                yield from _steps_in(told, block.first, block.after, start)
        following = max(start, blocks[-1].after if blocks else 0)
        for tail in tails:
            following = max(following, tail.first)
            place = tail.start(following) if following < tail.after else 0
            while following < tail.after:
                step, place = read_step(tail.data, place, following)
                following += 1
                yield step

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from number `start` on, just as the live feed gave them.

        The steps before are lived through without being told, as ranges depend on them. Raises
        as `steps`.
        """
        board = board_of(self.head)
        for step in self.steps():
            frame = frame_of(board, step)
            if step.index >= start:
                yield frame

    def frame(self, index: int) -> Frame:
        """Return frame `index` (from 0); cheap when asked in rising order.

        Raises `IndexError` where there is none, else as `steps`.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path}: frame {index}, expected 0 to {len(self) - 1}")
        if self._cursor is None or index < self._cursor[2]:
            self._cursor = (board_of(self.head), self.steps(), 0)
        board, steps, following = self._cursor
        while True:
            step = next(steps, None)
            if step is None:
                steps = self.steps(following)
                continue
            frame, following = frame_of(board, step), step.index + 1
            if step.index == index:
                self._cursor = (board, steps, following)
                return frame

    @property
    def sha256(self) -> str:
        """Return the digest of the head and the steps, the same however they are compressed."""
        digest = hashlib.sha256(encoded_head(self.head))
        for step in self.steps():
            for piece in encoded_step(step.at, step.frames):
                digest.update(piece)
        return digest.hexdigest()


def joined_tails(tails: Sequence[SpoolTail], count: int) -> list[SpoolTail]:
    """Return the spools that go on behind step `count`, up to the first that leaves a hole."""
    joined = []
    for tail in tails:
        if tail.after <= count:
            continue
        if tail.first > count:
            break
        joined.append(tail)
        count = tail.after
    return joined


def _steps_in(told: bytes, first: int, after: int, start: int) -> Iterator[Step]:
    place = 0
    for index in range(first, after):
        step, place = read_step(told, place, index)
        if index >= start:
            yield step


def mapped(path: Path) -> bytes | mmap.mmap:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def frame_of(board: Board, step: Step) -> Frame:
    """Take a step onto the board and return its frame."""
    folded = fold(board, (frame.data for frame in step.frames))
    return Frame(step.index, step.at, step_ticks(board, folded.rows, step.at))
