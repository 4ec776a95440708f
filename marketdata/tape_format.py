"""How a tape is laid out in bytes: the head, the prefix of a frame, the scan that finds them.

Opening, appending and reading tapes is the work of `tape.py`.

File: `MAGIC`; length and CRC-32 of the head; the head as JSON; then per frame a 24-byte prefix
(marker, number of ticks, microseconds since the epoch, CRC-32 of the ticks, CRC-32 of the prefix)
and the bytes of a `TICK` array. Everything is little-endian and starts on a multiple of eight.
"""

from __future__ import annotations

import gzip
import mmap
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from marketdata.tape_head import TapeHead, head_from_json, head_to_json
from marketdata.ticks import TICK, Ticks

MAGIC = b"DAYTAPE1"
"""Format and version; a change of `TICK` is a new version."""

_HEAD = struct.Struct("<II")
_PREFIX = struct.Struct("<4sIqI")
_CHECK = struct.Struct("<I")
_PREFIX_SIZE = _PREFIX.size + _CHECK.size
_MARKER = b"FRAM"

Bytes = bytes | mmap.mmap

KEPT_FRAMES = 1024
"""After so many frames their pages are given back: a reader holds a part of a day in memory."""


class TapeCorruptError(Exception):
    """A tape's head or a frame in its middle is damaged, or the file is no tape."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ticks of one frame stand in the file; `at` in microseconds since the epoch."""

    at: int
    start: int
    count: int
    crc: int

    @property
    def end(self) -> int:
        """Return the offset behind the frame."""
        return self.start + self.count * TICK.itemsize


def encoded_head(head: TapeHead) -> bytes:
    """Return the first bytes of a tape."""
    text = head_to_json(head)
    text += b" " * (-len(text) % 8)
    return MAGIC + _HEAD.pack(len(text), zlib.crc32(text)) + text


def encoded_frame(at: int, ticks: Ticks) -> bytes:
    """Return the bytes of one frame; `at` in microseconds since the epoch."""
    data = ticks.tobytes()
    prefix = _PREFIX.pack(_MARKER, len(ticks), at, zlib.crc32(data))
    return prefix + _CHECK.pack(zlib.crc32(prefix)) + data


def contents(path: Path) -> Bytes:
    """Return the uncompressed bytes of a tape, mapped where possible.

    Raises `TapeCorruptError` for a damaged archive.
    """
    if path.suffix == ".gz":
        try:
            return gzip.decompress(path.read_bytes())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TapeCorruptError(f"{path}: damaged archive: {error}") from error
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def let_go(data: Bytes) -> None:
    """Give the pages of a mapped tape back; what is read next comes from the file again."""
    if isinstance(data, mmap.mmap):
        data.madvise(mmap.MADV_DONTNEED)


def read_head(path: Path, data: Bytes) -> tuple[TapeHead, int]:
    """Return the head and the offset behind it. Raises `TapeCorruptError`."""
    if data[: len(MAGIC)] != MAGIC:
        raise TapeCorruptError(f"{path}: no tape, expected it to begin with {MAGIC.decode()}")
    start = len(MAGIC) + _HEAD.size
    length, crc = _HEAD.unpack(data[len(MAGIC) : start].ljust(_HEAD.size, b"\0"))
    text = data[start : start + length]
    if len(text) < length or not text or zlib.crc32(text) != crc:
        raise TapeCorruptError(f"{path}: damaged head")
    try:
        return head_from_json(text), start + length
    except (ValueError, msgspec.DecodeError) as error:
        raise TapeCorruptError(f"{path}: unreadable head: {error}") from error


def scan(path: Path, data: Bytes, start: int) -> list[Place]:
    """Return the places of all frames behind byte `start`.

    A torn last frame (cut short, or never written by the disk) is the end. Raises
    `TapeCorruptError` for a damaged prefix; damaged ticks are found when their frame is read.
    """
    places: list[Place] = []
    size = len(data)
    while start + _PREFIX_SIZE <= size:
        place = _place(data, start)
        if place is None:
            if any(data[start:]):
                raise TapeCorruptError(f"{path}: damaged prefix of frame {len(places)}")
            break
        if place.end > size or (place.end == size and not is_whole(data[place.start :], place)):
            break
        places.append(place)
        start = place.end
        if len(places) % KEPT_FRAMES == 0:
            let_go(data)
    let_go(data)
    return places


def is_whole(data: bytes, place: Place) -> bool:
    """Say whether the ticks of a frame are as they were written."""
    return zlib.crc32(data) == place.crc


def _place(data: Bytes, start: int) -> Place | None:
    """Return the place told by the prefix at `start`, or None where the prefix is damaged."""
    prefix = data[start : start + _PREFIX.size]
    marker, count, at, crc = _PREFIX.unpack(prefix)
    (check,) = _CHECK.unpack_from(data, start + _PREFIX.size)
    if marker != _MARKER or zlib.crc32(prefix) != check:
        return None
    return Place(at, start + _PREFIX_SIZE, count, crc)
