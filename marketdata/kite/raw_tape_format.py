"""How a tape of raw frames is laid out in bytes; files are opened and appended to elsewhere.

A step is a 28-byte prefix (marker, bytes of its body, number of frames, microseconds since the
epoch, CRC-32 of the body, CRC-32 of the prefix) and a body: per frame its length and the
microseconds at which it was received, then the frames themselves. Everything but the frames is
little-endian.

The tape: `MAGIC`, length and CRC-32 of the head, the head as JSON; then blocks, each a prefix and
many steps compressed together. A spool, which holds the steps not yet in a block: `SPOOL`, the
number of its first step and its CRC-32, then steps.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import msgspec

from marketdata.kite.news import WireFrame
from marketdata.tape import microseconds, moment
from marketdata.tape_head import TapeHead, head_from_json, head_to_json

MAGIC = b"RAWTAPE1"
SPOOL = b"RAWSPOOL"

_HEAD = struct.Struct("<II")
_SPOOL = struct.Struct("<8sqI")
_STEP = struct.Struct("<4sIIqI")
_BLOCK = struct.Struct("<4sIIIqI")
_CHECK = struct.Struct("<I")
_FRAME = struct.Struct("<Iq")
_STEP_MARK, _BLOCK_MARK = b"STEP", b"BLOK"

SPOOL_HEAD_BYTES = _SPOOL.size
STEP_PREFIX_BYTES = _STEP.size + _CHECK.size
BLOCK_PREFIX_BYTES = _BLOCK.size + _CHECK.size

CODEC, LEVEL = "zstd", 3
"""Chosen by measurement over blocks of some megabytes, see `bench_raw_tape.py`."""


class RawTapeCorruptError(Exception):
    """A raw tape is damaged before its end, or the file is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a day: its number from 0, engine time (aware, IST) and the frames folded in."""

    index: int
    at: datetime
    frames: tuple[WireFrame, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Where one block's compressed bytes stand, and the steps it holds from number `first` on."""

    start: int
    size: int
    raw_size: int
    count: int
    first: int
    crc: int

    @property
    def end(self) -> int:
        """Return the offset behind the block."""
        return self.start + self.size

    @property
    def after(self) -> int:
        """Return the number of the step that follows the block."""
        return self.first + self.count


def encoded_head(head: TapeHead) -> bytes:
    """Return the first bytes of a tape."""
    text = head_to_json(head)
    return MAGIC + _HEAD.pack(len(text), zlib.crc32(text)) + text


def read_head(path: Path, data: bytes | mmap.mmap) -> tuple[TapeHead, int]:
    """Return the head and the offset behind it. Raises `RawTapeCorruptError`."""
    if data[: len(MAGIC)] != MAGIC:
        raise RawTapeCorruptError(f"{path}: no raw tape, expected it to begin with RAWTAPE1")
    start = len(MAGIC) + _HEAD.size
    length, crc = _HEAD.unpack(data[len(MAGIC) : start].ljust(_HEAD.size, b"\0"))
    text = data[start : start + length]
    if len(text) < length or not text or zlib.crc32(text) != crc:
        raise RawTapeCorruptError(f"{path}: damaged head")
    try:
        return head_from_json(text), start + length
    except (ValueError, msgspec.DecodeError) as error:
        raise RawTapeCorruptError(f"{path}: unreadable head: {error}") from error


def encoded_spool_head(first: int) -> bytes:
    """Return the first bytes of a spool whose first step has this number."""
    return _SPOOL.pack(SPOOL, first, zlib.crc32(first.to_bytes(8, "little")))


def spool_first(data: bytes) -> int | None:
    """Return the number of a spool's first step, None where its head is not whole."""
    if len(data) < SPOOL_HEAD_BYTES:
        return None
    magic, first, crc = _SPOOL.unpack_from(data)
    whole = magic == SPOOL and first >= 0 and crc == zlib.crc32(first.to_bytes(8, "little"))
    return int(first) if whole else None


def encoded_step(at: datetime, frames: Sequence[WireFrame]) -> list[bytes]:
    """Return the bytes of one step in pieces, to be written behind one another."""
    table = b"".join(
        _FRAME.pack(len(frame.data), microseconds(frame.received_at)) for frame in frames
    )
    size, crc = len(table), zlib.crc32(table)
    for frame in frames:
        size, crc = size + len(frame.data), zlib.crc32(frame.data, crc)
    prefix = _STEP.pack(_STEP_MARK, size, len(frames), microseconds(at), crc)
    return [prefix + _CHECK.pack(zlib.crc32(prefix)), table, *(frame.data for frame in frames)]


def step_bytes(frames: Sequence[WireFrame]) -> int:
    """Return how many bytes `encoded_step` gives for so many frames of such lengths."""
    return STEP_PREFIX_BYTES + sum(_FRAME.size + len(frame.data) for frame in frames)


def step_ends(data: bytes, start: int) -> list[int]:
    """Return the offsets behind each whole step from `start` on, up to the first torn one."""
    ends: list[int] = []
    while (end := _end_of_step(data, start)) is not None:
        ends.append(end)
        start = end
    return ends


def _end_of_step(data: bytes, start: int) -> int | None:
    body = start + STEP_PREFIX_BYTES
    if body > len(data):
        return None
    prefix = data[start : start + _STEP.size]
    mark, size, _, _, crc = _STEP.unpack(prefix)
    (check,) = _CHECK.unpack_from(data, start + _STEP.size)
    end = body + int(size)
    if mark != _STEP_MARK or check != zlib.crc32(prefix) or end > len(data):
        return None
    return end if zlib.crc32(memoryview(data)[body:end]) == crc else None


def read_step(data: bytes, start: int, index: int) -> tuple[Step, int]:
    """Return the whole step that stands at `start`, and the offset behind it."""
    _, size, count, at, _ = _STEP.unpack_from(data, start)
    table = start + STEP_PREFIX_BYTES
    rows = [_FRAME.unpack_from(data, table + k * _FRAME.size) for k in range(count)]
    places = accumulate((length for length, _ in rows), initial=table + count * _FRAME.size)
    frames = tuple(
        WireFrame(moment(received), data[begin:end])
        for (_, received), (begin, end) in zip(rows, pairwise(places), strict=True)
    )
    return Step(index, moment(at), frames), table + size


def encoded_block(steps: bytes, count: int, first: int) -> list[bytes]:
    """Return the steps compressed, behind their prefix, in pieces to be written in order."""
    packed: bytes = _codec().compress(steps, asbytes=True)
    prefix = _BLOCK.pack(_BLOCK_MARK, len(packed), len(steps), count, first, zlib.crc32(packed))
    return [prefix + _CHECK.pack(zlib.crc32(prefix)), packed]


def scan_blocks(path: Path, data: Any, start: int, first: int) -> Iterator[Block]:
    """Yield the blocks from offset `start` on, whose first step must have number `first`.

    A torn last block is the end. Raises `RawTapeCorruptError` for a damaged prefix before it.
    """
    while start + BLOCK_PREFIX_BYTES <= len(data):
        prefix = bytes(data[start : start + _BLOCK.size])
        mark, size, raw_size, count, number, crc = _BLOCK.unpack(prefix)
        (check,) = _CHECK.unpack_from(data, start + _BLOCK.size)
        if mark != _BLOCK_MARK or check != zlib.crc32(prefix) or number != first:
            if any(data[start : start + BLOCK_PREFIX_BYTES]):
                raise RawTapeCorruptError(f"{path}: damaged prefix of the block of step {first}")
            return
        block = Block(start + BLOCK_PREFIX_BYTES, size, raw_size, count, number, crc)
        if block.end > len(data) or (block.end == len(data) and not _is_whole(data, block)):
            return
        yield block
        start, first = block.end, block.after


def block_steps(path: Path, block: Block, packed: bytes) -> bytes:
    """Return the steps of a block as bytes. Raises `RawTapeCorruptError`."""
    if zlib.crc32(packed) != block.crc:
        raise RawTapeCorruptError(f"{path}: damaged block of step {block.first}")
    steps: bytes = _codec().decompress(packed, decompressed_size=block.raw_size, asbytes=True)
    return steps


def _is_whole(data: Any, block: Block) -> bool:
    return zlib.crc32(data[block.start : block.end]) == block.crc


def _codec() -> Any:
    """Return the compressor; loaded late, as who only looks for tapes doesn't need it."""
    import pyarrow as pa

    return pa.Codec(CODEC, compression_level=LEVEL)
