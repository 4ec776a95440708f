"""The kill switch of last resort: a file beside the journals, and a signal that says to look at it.

It needs no database, store, feed or page. What it does to the desk is the engine's kill switch;
who writes the file stands in the supervisor's `kill`.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from trading.engine.events import CommandIssued, CommandKind, ConditionChanged

NAME = "kill.flag"
"""Name of the file, in the folder of the journals whose engines are to flatten."""
KILL_FILE = "kill-file"
"""Condition that is bad while the file stands."""
LOOK_SIGNAL = signal.SIGUSR2
_LOOK_SECONDS = 0.2
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class KillWish:
    """What a file asks for: who, why, and the number by which one file is told from another."""

    number: int
    by: str
    reason: str


def write_kill(folder: Path, *, by: str, reason: str) -> Path:
    """Write the file, whole or not at all, and return its path. Raises `OSError`.

    On a disk that has no room for what stands in it the file is empty, which asks for the same.
    """
    path, half = folder / NAME, folder / f".{NAME}.{os.getpid()}"
    try:
        half.write_text(json.dumps({"by": by, "reason": reason}), encoding="utf-8")
    except OSError as error:
        if error.errno not in _NO_ROOM or not half.exists():
            raise
        os.truncate(half, 0)
    half.replace(path)
    return path


def read_kill(folder: Path) -> KillWish | None:
    """Return what the file of a folder asks for, None where there is none.

    Any file counts, whatever stands in it: `touch` is enough.
    """
    path, number = folder / NAME, -1
    try:
        number = -(path.lstat().st_mtime_ns // 1_000_000)
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return KillWish(number, NAME, "a file that cannot be read")
    known = told if isinstance(told, dict) else {}
    return KillWish(number, str(known.get("by", NAME)), str(known.get("reason", "kill file")))


@dataclass(slots=True)
class KillFile:
    """Looks for the file a few times a second, at once after `look_now`, and tells the engine.

    `folder`: of the run's journal. Commands have numbers below 0, so that none is taken for a row.
    """

    folder: Path
    clock: Callable[[], float] = time.monotonic
    _next_look: float = 0.0
    _wish: KillWish | None = None
    _told: set[int] = field(default_factory=set)

    def look_now(self) -> None:
        """Look at the file at the next call of `inputs`."""
        self._next_look = 0.0

    def inputs(
        self, at: datetime, blocked: Collection[str]
    ) -> tuple[CommandIssued | ConditionChanged, ...]:
        """Return the kill switch, once for each file, and whether a file stands where it changed.

        `blocked`: what the engine holds for bad.
        """
        now = self.clock()
        if now >= self._next_look:
            self._wish, self._next_look = read_kill(self.folder), now + _LOOK_SECONDS
        wish, stands = self._wish, self._wish is not None
        found: list[CommandIssued | ConditionChanged] = []
        if wish is not None and wish.number not in self._told:
            self._told.add(wish.number)
            found.append(CommandIssued(at, wish.number, CommandKind.FLATTEN, wish.by, wish.reason))
        if stands != (KILL_FILE in blocked):
            detail = f"{self.folder / NAME} stands" if stands else ""
            found.append(ConditionChanged(at, KILL_FILE, not stands, detail))
        return tuple(found)


def listen_for(file: KillFile) -> None:
    """Look at `file` at once on the signal from now on.

    Only the main thread hears signals; called from another one this leaves the looks as they are.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(LOOK_SIGNAL, lambda *_: file.look_now())
