"""Small raw tapes of made steps, and what a feed would have told of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from marketdata.kite.folding import fold, step_ticks
from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.kite.raw_tape_reader import board_of
from tests.kite_frames import FUTURE, NIFTY, Packet, at, frame, head, index_packet

SMALL = 400
"""A block of two or three steps."""


def step(number: int) -> tuple[datetime, list[WireFrame]]:
    """Return the time and the frames of a step: one frame, two in every third step."""
    when = at(9, 15) + timedelta(seconds=number)
    frames = [
        frame(
            Packet(FUTURE, 2_400_000 + 5 * number, volume=75 * number, told_at=when),
            index_packet(NIFTY, 2_399_000 + number, when),
        )
    ]
    if number % 3 == 0:
        frames.append(frame(Packet(FUTURE, 2_400_500, volume=75 * number, told_at=when)))
    return when, [WireFrame(when - timedelta(milliseconds=3), data) for data in frames]


def record(path: Path, numbers: range, *, block: int = SMALL, close: bool = True) -> RawTapeWriter:
    writer = RawTapeWriter(path, head(), block_bytes=block)
    for number in numbers:
        writer.append(*step(number))
    if close:
        writer.close()
    return writer


def told(tape: RawTapeReader) -> list[tuple[datetime, list[WireFrame]]]:
    return [(each.at, list(each.frames)) for each in tape.steps()]


def live(numbers: range) -> list[tuple[int, datetime, bytes]]:
    """Return what a feed would have told of these steps."""
    board, frames = board_of(head()), []
    for number in numbers:
        when, wire = step(number)
        folded = fold(board, (each.data for each in wire))
        frames.append((number, when, step_ticks(board, folded.rows, when).tobytes()))
    return frames


def as_live(frames) -> list[tuple[int, datetime, bytes]]:
    return [(each.index, each.at, each.ticks.tobytes()) for each in frames]
