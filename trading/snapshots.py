"""What a run has come to, in a file beside its journal, so that its next engine is there sooner.

The journal stays the truth: a file that this very code has not written, that tells more than the
journal or can't be read whole, is as good as none. What stands in it is told by `engine/lived.py`.
"""

from __future__ import annotations

import copyreg
import hashlib
import importlib
import importlib.metadata
import os
import pickle
import platform
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple

import msgspec
import numpy as np
import structlog

from trading.engine.lived import Lived
from trading.engine.runner import Journal

SUFFIX = ".lived"
"""Behind the name of a journal."""
EVERY_SECONDS = 30.0
MOST_SHARE = 0.001
"""The engine waits for the writing: a run that takes long to tell is kept less often for it."""
_ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("execution", "marketdata", "risk", "strategies", "trading")
_PROTOCOL = 5
_log = structlog.get_logger(__name__)


class Kept(NamedTuple):
    """What was kept: what the run had come to, and what its feed goes on from, if anything."""

    lived: Lived
    feed: Any


class _Foot(msgspec.Struct, frozen=True):
    """What a file ends with, on a line of its own.

    `stamp`: of the code that wrote it, `check`: CRC-32 of the rest.
    """

    stamp: str
    seq: int
    check: int


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


@dataclass(slots=True)
class Snapshots:
    """The file beside one journal, written every so many seconds of `clock`, or less often.

    At most `MOST_SHARE` of the time goes into writing it. `stamp`: of the code of this process.
    """

    journal: Path
    stamp: str
    clock: Callable[[], float] = time.monotonic
    every_seconds: float = EVERY_SECONDS
    _due_at: float = field(default=float("-inf"))

    @property
    def path(self) -> Path:
        """Return the file."""
        return Path(f"{self.journal}{SUFFIX}")

    def is_due(self) -> bool:
        """Say whether it is time to write; at first it is."""
        return self.clock() >= self._due_at

    def write(self, kept: Kept) -> None:
        """Put what was lived into the file, whole or not at all; what can't be is told in the log.

        What can't be put into a file at all is not tried again.
        """
        began = self.clock()
        self._due_at = began + self.every_seconds
        half = Path(f"{self.path}.{os.getpid()}")
        try:
            half.touch(mode=0o600)
            with half.open("wb") as file:
                body = _Body(file)
                _dump(kept, body)
                foot = _Foot(self.stamp, kept.lived.seq, body.check)
                file.write(b"\n" + msgspec.json.encode(foot))
            half.replace(self.path)
            self._due_at = max(self._due_at, began + (self.clock() - began) / MOST_SHARE)
        except OSError as error:
            half.unlink(missing_ok=True)
            _log.warning("nothing kept of the run", reason=error.strerror)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            half.unlink(missing_ok=True)
            self._due_at = float("inf")
            _log.error("the run can't be kept: starts will be slower", reason=str(error))

    def take(self, seq: int) -> Kept | None:
        """Return what is kept of a run whose journal ends with record `seq`, None for nothing.

        It is gone then: an engine that ends over it must not find it again.
        """
        try:
            told = self.path.read_bytes()
        except FileNotFoundError:
            return None
        self.path.unlink()
        body, _, line = told.rpartition(b"\n")
        try:
            foot = msgspec.json.decode(line, type=_Foot)
        except msgspec.DecodeError:
            return None
        if foot.stamp != self.stamp or foot.seq > seq or foot.check != zlib.crc32(body):
            return None
        kept: Kept = pickle.loads(body)
        return kept

    def remove(self) -> None:
        """Forget what is kept: the run is over."""
        self.path.unlink(missing_ok=True)


class _Body:
    """A file that is written piece by piece, so that the whole is never held, and its CRC-32."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.check = 0

    def write(self, piece: Any) -> int:
        self.check = zlib.crc32(piece, self.check)
        return self._file.write(piece)


def _dump(kept: Kept, body: _Body) -> None:
    pickler = pickle.Pickler(body, _PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | _reducers()
    pickler.dump(kept)


def _reducers() -> dict[type, Callable[[Any], Any]]:
    """Return how to tell what can't be told by itself, or not as it hangs together."""
    # The compiler is imported when it is needed: only a process that compiles keeps a run.
    from numba.core.registry import CPUDispatcher

    return {ModuleType: _told_module, np.ndarray: _told_array, CPUDispatcher: _told_kernel}


def _told_module(module: ModuleType) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return importlib.import_module, (module.__name__,)


def _told_kernel(kernel: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Tell a compiled function by its name: what is compiled is kept by the compiler."""
    name = (kernel.py_func.__module__, kernel.py_func.__qualname__)
    if _kernel(*name) is not kernel:
        raise pickle.PicklingError(f"{'.'.join(name)} is not found under its name")
    return _kernel, name


def _kernel(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _told_array(array: Any) -> Any:
    """Tell an array so that arrays that share their memory do so again."""
    base = array.base
    if isinstance(base, np.ndarray) and base.flags.c_contiguous and not base.dtype.hasobject:
        offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        return _view, (base, array.shape, array.dtype, offset, array.strides)
    if not array.flags.writeable:
        return _read_only, (np.array(array, order="K"),)
    return array.__reduce_ex__(_PROTOCOL)


def _view(base: Any, shape: Any, dtype: Any, offset: int, strides: Any) -> Any:
    return np.ndarray(shape, dtype, base, offset, strides)


def _read_only(array: Any) -> Any:
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True)
class RunKept:
    """Keeps a run and what its feed goes on from, where both stand at the same frame.

    `feed` returns the feed's part and how many frames it has taken.
    """

    snapshots: Snapshots
    feed: Callable[[], tuple[Any, int | None]] = lambda: (None, None)

    def is_due(self) -> bool:
        """Say whether it is time to keep the run."""
        return self.snapshots.is_due()

    def keep(self, lived: Lived) -> None:
        """Keep it, unless the feed is ahead."""
        feed, taken = self.feed()
        if taken is None or taken == lived.frames:
            self.snapshots.write(Kept(lived, feed))


def kept_of(snapshots: Snapshots | None, journal: Journal) -> Kept | None:
    """Return what is kept of the run of a journal that was opened, None for nothing."""
    if snapshots is None or not journal.recovered:
        return None
    return snapshots.take(journal.recovered[-1].seq)
