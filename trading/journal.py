"""The journal of one run: an append-only local file of everything in and out, flushed on demand.

One record a line: CRC-32 of the rest in hex, a space, JSON. A torn last line (a crash in mid-write)
is cut off on opening; a bad line anywhere else means corruption and raises. Each line tells the
lease it was written under, and none may follow one of a later lease. Which records exist is decided
by the engine's events and actions; turning them into rows is the recorder's work.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

HEAD = "run"
"""Kind of the first record: what the run was started with."""


class JournalCorruptError(Exception):
    """A record in the middle of a journal fails its checksum or is out of sequence."""


class JournalBusyError(Exception):
    """Another process holds this journal open for writing."""


class StaleLeaseError(JournalCorruptError):
    """A record was written under an earlier lease than one that stands before it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: its number (from 1, without gaps), kind, body, and the offset behind it.

    `kind` is the class name of the event or action (`FillNoted`), or `run` for the head.
    `incoming` is true for events. Decimals and datetimes are told as text in `body`. `token` is
    that of the lease it was written under, 0 without one.
    """

    seq: int
    kind: str
    incoming: bool
    body: dict[str, Any]
    end: int
    token: int = 0


_decode = msgspec.json.Decoder().decode


def _encoded(record: tuple[int, str, bool, object], token: int) -> bytes:
    seq, kind, incoming, body = record
    told = {"s": seq, "k": kind, "i": incoming, "b": body}
    if token:
        told["t"] = token
    text = msgspec.json.encode(told)
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parsed(line: bytes, end: int) -> Record | None:
    """Return the record of one line, or None where the line is damaged."""
    if not line.endswith(b"\n") or len(line) < 10 or line[8:9] != b" ":
        return None
    text = line[9:-1]
    try:
        if int(line[:8], 16) != zlib.crc32(text):
            return None
        raw = _decode(text)
    except (ValueError, msgspec.DecodeError):
        return None
    return Record(raw["s"], raw["k"], raw["i"], raw["b"], end, raw.get("t", 0))


def read_records(path: Path, start: int = 0, after: int = 0, token: int = 0) -> Iterator[Record]:
    """Yield the whole records behind byte `start`, whose numbers must go on from `after`.

    `token`: of the newest lease heard of before. Stops quietly before a torn or half-written last
    line, so that a reader may come back for more. Raises `JournalCorruptError` for damage anywhere
    else, `StaleLeaseError` for a record of an earlier lease.
    """
    seq = after
    with path.open("rb") as file:
        file.seek(start)
        position = start
        pending: bytes | None = None
        for line in file:
            if not line.endswith(b"\n"):
                return
            if pending is not None:
                raise JournalCorruptError(f"{path}: damaged record at byte {position}")
            record = _parsed(line, position + len(line))
            if record is None:
                pending = line
                continue
            if record.seq != seq + 1:
                raise JournalCorruptError(
                    f"{path}: record {record.seq} follows {seq} at byte {position}"
                )
            token = _not_before(token, record, path)
            seq, position = record.seq, record.end
            yield record


def _not_before(token: int, record: Record, path: Path) -> int:
    """Return the newest lease heard of. Raises `StaleLeaseError` for a record of an earlier one."""
    if 0 < record.token < token:
        raise StaleLeaseError(
            f"{path}: record {record.seq} was written under lease {record.token}, after {token}"
        )
    return max(token, record.token)


class JournalFile:
    """The journal opened for appending by its one writer."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it; cut off a torn last line. Raises `JournalBusyError`."""
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise JournalBusyError(f"{path} is held by another engine") from error
        self.recovered = tuple(read_records(path))
        last = self.recovered[-1] if self.recovered else None
        self.seq = last.seq if last else 0
        self.token = max((record.token for record in self.recovered), default=0)
        os.ftruncate(self._file, last.end if last else 0)
        self._buffer: list[bytes] = []

    def lead(self, token: int) -> None:
        """Write what follows under a lease. Raises `StaleLeaseError` for one that is not newer.

        The lease that stands last may go on.
        """
        if token < self.token:
            raise StaleLeaseError(f"{self._path}: lease {token}, but {self.token} has written")
        self.token = token

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        """Add a record to the batch and return its number; nothing is on disk yet."""
        self.seq += 1
        self._buffer.append(_encoded((self.seq, kind, incoming, body), self.token))
        return self.seq

    def write(self, before: int | None = None) -> None:
        """Hand the batch to the operating system: it survives this process, not the machine.

        With `before` the records from that number on are kept back for a later call.
        """
        kept = 0 if before is None else max(self.seq + 1 - before, 0)
        count = max(len(self._buffer) - kept, 0)
        if count:
            data = b"".join(self._buffer[:count])
            del self._buffer[:count]
            while data:
                data = data[os.write(self._file, data) :]

    def flush(self) -> None:
        """Write the batch and wait until the disk has it; required before an order leaves."""
        self.write()
        os.fdatasync(self._file)

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        self.let_go()

    def let_go(self) -> None:
        """Let go of the file as a process that dies does: the batch is gone."""
        os.close(self._file)


class MemoryJournal:
    """The journal of replays, backtests and tests: records are kept in a list."""

    def __init__(self, *, keep: bool = True) -> None:
        self.seq = 0
        self.recovered: tuple[Record, ...] = ()
        self.records: list[tuple[str, bool, object]] = []
        self._keep = keep

    def append(self, kind: str, body: object, *, incoming: bool) -> int:
        """Add a record and return its number."""
        self.seq += 1
        if self._keep:
            self.records.append((kind, incoming, body))
        return self.seq

    def write(self, before: int | None = None) -> None:
        """Do nothing: memory is where it stays."""

    def flush(self) -> None:
        """Do nothing: memory is where it stays."""

    def close(self) -> None:
        """Do nothing: memory is where it stays."""
