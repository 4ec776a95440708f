"""Mutated frames thrown at a board, each answer compared with a plain and slow reading.

A frame that isn't whole must raise `FrameError` and leave every byte of the board as it was; a
whole one must change exactly the rows it tells. Run: `python -m marketdata.kite.bench_fuzz COUNT
[SEED]`; with `NUMBA_DISABLE_JIT=1` every index is checked as well.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from marketdata.kite.board import Board
from marketdata.kite.frames import FrameError, split

_TOKENS = (256265, 408065, 738561, 14866434, 265, 1_000_003)
_UNKNOWN = 999_937
_LENGTHS = (8, 28, 32, 44, 184)
_ROW = 184
_SOURCES = 64
_INDEX_PLACES = ((32, 8), (36, 12), (28, 16), (40, 20))


class FuzzError(Exception):
    """A frame whose answer is not the right one; the text holds the frame in hex."""


@dataclass(frozen=True, slots=True)
class FuzzReport:
    """How many frames were thrown, and how many were refused, told nothing or changed a row."""

    frames: int
    refused: int
    empty: int
    taken: int


def fuzz_frames(count: int, seed: int) -> FuzzReport:
    """Throw `count` mutated frames at one board. Raises `FuzzError` at the first wrong answer."""
    random = np.random.default_rng(seed)
    sources = [_source(random) for _ in range(_SOURCES)]
    board, model = Board(_TOKENS), Model()
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        frame = mutated(sources[int(random.integers(_SOURCES))], random)
        outcomes[_throw(board, model, frame)] += 1
    return FuzzReport(count, outcomes["refused"], outcomes["empty"], outcomes["taken"])


class Model:
    """The rows as a board must hold them, made with slices of bytes alone."""

    def __init__(self) -> None:
        self.rows = {token: bytearray(_ROW) for token in _TOKENS}

    def take(self, frame: bytes) -> list[int] | None:
        """Take a frame and return the tokens told, each once; None where it isn't whole."""
        packets = self.packets(frame)
        if packets is None:
            return None
        told = dict.fromkeys(
            int.from_bytes(packet[:4], "big") for packet in packets if len(packet) in _LENGTHS
        )
        for packet in packets:
            row = self.rows.get(int.from_bytes(packet[:4], "big"))
            if row is not None and len(packet) in _LENGTHS:
                self._lay(packet, row)
        return [token for token in told if token in self.rows]

    @staticmethod
    def packets(frame: bytes) -> list[bytes] | None:
        """Return the packets of a frame, None where it isn't whole; a heartbeat has none."""
        if len(frame) == 1:
            return []
        if len(frame) < 2:
            return None
        packets, place = [], 2
        for _ in range(int.from_bytes(frame[:2], "big")):
            length = int.from_bytes(frame[place : place + 2], "big")
            if place + 2 + length > len(frame):
                return None
            packets.append(frame[place + 2 : place + 2 + length])
            place += 2 + length
        return packets if place == len(frame) else None

    @staticmethod
    def _lay(packet: bytes, row: bytearray) -> None:
        if len(packet) not in (28, 32):
            row[: len(packet)] = packet
            return
        row[:8] = packet[:8]
        for to, place in _INDEX_PLACES:
            row[to : to + 4] = packet[place : place + 4]
        if len(packet) == 32:
            row[60:64] = packet[28:]


def mutated(frame: bytes, random: np.random.Generator) -> bytes:
    """Return a frame with one or two things done to it: bytes changed, cut, doubled, put in."""
    changed = bytearray(frame)
    for _ in range(int(random.integers(1, 3))):
        _mutate(changed, random)
    return bytes(changed)


def _mutate(changed: bytearray, random: np.random.Generator) -> None:
    size = len(changed)
    place, length = int(random.integers(size + 1)), int(random.integers(1, 200))
    match int(random.integers(8)):
        case 0 if size:
            changed[place % size] ^= int(random.integers(1, 256))
        case 1:
            del changed[place:]
        case 2:
            del changed[place : place + length]
        case 3:
            changed[place:place] = random.bytes(length)
        case 4:
            changed[place:place] = changed[place : place + length]
        case 5:
            changed[:2] = int(random.integers(0, 9)).to_bytes(2, "big")
        case 6:
            changed[2:4] = int(random.choice((*_LENGTHS, 0, 1, 65_535))).to_bytes(2, "big")
        case _:
            changed[:] = random.bytes(int(random.integers(0, 12)))


def _source(random: np.random.Generator) -> bytes:
    """Return a whole frame of up to five packets."""
    packets = []
    for _ in range(int(random.integers(0, 6))):
        token = int(random.choice((*_TOKENS, _UNKNOWN)))
        length = int(random.choice(_LENGTHS))
        packets.append(length.to_bytes(2, "big") + token.to_bytes(4, "big"))
        packets[-1] += random.bytes(length - 4)
    return len(packets).to_bytes(2, "big") + b"".join(packets)


def _throw(board: Board, model: Model, frame: bytes) -> str:
    before = board.image()
    expected = model.take(frame)
    try:
        told = board.take(frame).rows
        split(frame)
    except FrameError:
        if expected is not None or board.image() != before:
            raise FuzzError(f"refused or half taken: {frame.hex()}") from None
        return "refused"
    tokens = board.tokens[told].tolist()
    rows = [board.packet(row) for row in range(len(board))]
    if tokens != expected or rows != [bytes(row) for row in model.rows.values()]:
        raise FuzzError(f"taken otherwise: {frame.hex()}")
    if told.size:
        board.ticks(told)
    return "taken" if tokens else "empty"


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.stdout.write(f"{fuzz_frames(arguments[0], arguments[1] if arguments[1:] else 1)}\n")
