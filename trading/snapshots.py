"""What a run has come to, in a file beside its journal, so that its next engine is there sooner.

The journal stays the truth: a file that this very code has not written, that tells more than the
journal or can't be read whole, is as good as none. What stands in it is told by `engine/lived.py`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import pickle
import platform
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import structlog

from trading.engine.lived import Lived
from trading.engine.runner import Journal
from trading.slices import Breath, GivenUpError, Slices
from trading.snapshot_form import Teller, Told, made_again

SUFFIX = ".lived"
"""Behind the name of a journal."""
EVERY_SECONDS = 30.0
MOST_SHARE = 0.001
"""The engine waits for the telling: a run that takes long to tell is kept less often for it."""
SLICE_SECONDS = 0.001
"""After so long of the telling the engine looks whether something has come."""
_ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("execution", "marketdata", "risk", "strategies", "trading")
_log = structlog.get_logger(__name__)


class Kept(NamedTuple):
    """What was kept: what the run had come to, and what its feed goes on from, if anything."""

    lived: Lived
    feed: Any


class _Foot(msgspec.Struct, frozen=True):
    """What a file ends with, on a line of its own.

    `stamp`: of the code that wrote it, `check`: CRC-32 of the rest. `objects`, `arrays`: the length
    of each stream of objects, and of the memory of each array behind them.
    """

    stamp: str
    seq: int
    check: int
    objects: tuple[int, ...]
    arrays: tuple[int, ...]

    @property
    def places(self) -> tuple[slice, ...]:
        """Return where each stream and then each array stands."""
        ends = accumulate(self.objects + self.arrays, initial=0)
        return tuple(slice(*each) for each in pairwise(ends))


def code_stamp(root: Path = _ROOT) -> str:
    """Return a digest of every file that decides, as it stands on the disk, and of what runs it.

    A file counts by its size and the time of its last change.
    """
    told = [platform.python_version(), np.__version__, importlib.metadata.version("numba")]
    told += sorted(text for room in _ROOMS for text in _files(root / room))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _files(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _files(Path(entry.path))
            else:
                found = entry.stat()
                yield f"{entry.path} {found.st_size} {found.st_mtime_ns}"


class ToldRun(NamedTuple):
    """What a run had come to behind record `seq`, in bytes that nothing changes any more."""

    seq: int
    told: Told


@dataclass(slots=True)
class Snapshots:
    """The file beside one journal, written every so many seconds of `clock`, or less often.

    At most `MOST_SHARE` of the time goes into telling what is written. `stamp`: of the code of
    this process.
    """

    journal: Path
    stamp: str
    clock: Callable[[], float] = time.monotonic
    every_seconds: float = EVERY_SECONDS
    _due_at: float = field(default=float("-inf"))
    _teller: Teller = field(default_factory=Teller)

    @property
    def path(self) -> Path:
        """Return the file."""
        return Path(f"{self.journal}{SUFFIX}")

    def is_due(self) -> bool:
        """Say whether it is time to write; at first it is."""
        return self.clock() >= self._due_at

    def tell(self, kept: Kept, breath: Breath = lambda: None) -> ToldRun | None:
        """Return what was lived as it shall be written, None for what can't be told.

        That stands in the log then, and it is not tried again, unless something that changed within
        a breath was in its way. `breath`: as `Teller.told` takes it; what was given up is due again
        as soon as the time spent on it allows.
        """
        began = self.clock()
        self._due_at = began + self.every_seconds
        try:
            told = self._teller.told(kept, kept.lived.engine.setup, breath)
        except GivenUpError:
            self._due_at = began + (self.clock() - began) / MOST_SHARE
            raise
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            self._due_at = float("inf")
            _log.error("the run can't be kept: starts will be slower", reason=str(error))
            return None
        except RuntimeError as error:
            _log.warning("nothing kept of the run", reason=str(error))
            return None
        self._due_at = max(self._due_at, began + (self.clock() - began) / MOST_SHARE)
        return ToldRun(kept.lived.seq, told)

    def put(self, run: ToldRun) -> None:
        """Put what was told into the file, whole or not at all; a failure is told in the log."""
        half = Path(f"{self.path}.{os.getpid()}")
        try:
            half.touch(mode=0o600)
            with half.open("wb") as file:
                check = 0
                for piece in (*run.told.objects, *run.told.arrays):
                    check = zlib.crc32(piece, check)
                    file.write(piece)
                sizes = (tuple(map(len, run.told.objects)), tuple(map(len, run.told.arrays)))
                foot = _Foot(self.stamp, run.seq, check, *sizes)
                file.write(b"\n" + msgspec.json.encode(foot))
            half.replace(self.path)
        except OSError as error:
            half.unlink(missing_ok=True)
            _log.warning("nothing kept of the run", reason=error.strerror)

    def write(self, kept: Kept) -> None:
        """Tell what was lived and put it into the file."""
        run = self.tell(kept)
        if run is not None:
            self.put(run)

    def take(self, seq: int) -> Kept | None:
        """Return what is kept of a run whose journal ends with record `seq`, None for nothing.

        It is gone then: an engine that ends over it must not find it again.
        """
        try:
            found = self.path.read_bytes()
        except FileNotFoundError:
            return None
        self.path.unlink()
        end = found.rfind(b"\n")
        body = memoryview(found)[: max(end, 0)]
        try:
            foot = msgspec.json.decode(found[end + 1 :], type=_Foot)
        except msgspec.DecodeError:
            return None
        if foot.stamp != self.stamp or foot.seq > seq or foot.check != zlib.crc32(body):
            return None
        if sum(foot.objects) + sum(foot.arrays) != len(body):
            return None
        pieces = [body[place] for place in foot.places]
        streams, arrays = pieces[: len(foot.objects)], pieces[len(foot.objects) :]
        kept: Kept = made_again(map(bytes, streams), map(bytearray, arrays))
        return kept

    def remove(self) -> None:
        """Forget what is kept: the run is over."""
        self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class RunKept:
    """Keeps a run and what its feed goes on from, where both stand at the same frame.

    The file is written beside the run, which waits only while it is told, slice by slice. `feed`
    returns the feed's part and how many frames it has taken.
    """

    snapshots: Snapshots
    feed: Callable[[], tuple[Any, int | None]] = lambda: (None, None)
    slice_seconds: float = SLICE_SECONDS
    _writing: threading.Thread | None = None

    def is_due(self) -> bool:
        """Say whether it is time to keep the run, and nothing is being written any more."""
        is_writing = self._writing is not None and self._writing.is_alive()
        return not is_writing and self.snapshots.is_due()

    def keep(self, lived: Lived) -> Generator[None, None, None]:
        """Keep it, unless the feed is ahead; yield between two slices.

        Nothing may happen to the run then: whoever has something for it closes the iterator, and
        it is as if nothing had been begun.
        """
        feed, taken = self.feed()
        if taken is not None and taken != lived.frames:
            return
        telling = Slices(lambda breath: self.snapshots.tell(Kept(lived, feed), breath))
        try:
            while not telling.go_on(self.slice_seconds):
                yield
        finally:
            telling.end()
        told = telling.result()
        if told is not None:
            self._writing = threading.Thread(target=self.snapshots.put, args=(told,))
            self._writing.start()

    def settle(self) -> None:
        """Wait until nothing is being written any more."""
        if self._writing is not None:
            self._writing.join()


def kept_of(snapshots: Snapshots | None, journal: Journal) -> Kept | None:
    """Return what is kept of the run of a journal that was opened, None for nothing."""
    if snapshots is None or not journal.recovered:
        return None
    return snapshots.take(journal.recovered[-1].seq)
