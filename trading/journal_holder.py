"""Which process of this machine holds a journal open for writing, and whether it still works.

It is told by the system's own locks; what follows from it is decided in `takeover.py` and by
`make kill`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path("/proc/locks")
QUIET_SECONDS = 90.0
"""An engine at work writes at least once a minute, at the close of each minute's bar."""
_STOPPED = frozenset("Tt")
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a journal; other machines' and other containers' are not seen."""

    journal: Path
    pid: int

    @property
    def is_stopped(self) -> bool:
        """Say whether the process has been stopped by a signal and not been continued."""
        with suppress(OSError):
            told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
            return told.rpartition(")")[2].split()[0] in _STOPPED
        return False

    @property
    def works(self) -> bool:
        """Say whether the process may still be at work on the journal."""
        return not self.is_stopped and quiet_seconds(self.journal) < QUIET_SECONDS

    def end(self, within_seconds: float) -> bool:
        """Kill the process, which can't refuse it, and say whether it let go of the journal.

        A process that isn't ours to kill is left as it is.
        """
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + within_seconds
        while (held := holder_of(self.journal)) == self and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        return held is None


def holder_of(journal: Path, locks: Path = LOCKS) -> Holder | None:
    """Return who holds a journal, None where nobody is seen to. Raises `OSError`."""
    if not journal.exists():
        return None
    pid = lock_holders(locks).get(_identity(journal))
    return Holder(journal, pid) if pid is not None and pid > 1 else None


def lock_holders(locks: Path = LOCKS) -> Mapping[str, int]:
    """Return the process that holds each file locked for writing, by the file's identity.

    Raises `OSError` on a system that doesn't tell its locks.
    """
    rows = (line.split() for line in locks.read_text(encoding="ascii").splitlines())
    return {row[5]: int(row[4]) for row in rows if row[1] == "FLOCK" and row[3] == "WRITE"}


def quiet_seconds(journal: Path) -> float:
    """Return for how long nothing has been written to a journal; no file is quiet for ever."""
    try:
        return max(time.time() - journal.stat().st_mtime, 0.0)
    except FileNotFoundError:
        return float("inf")


def _identity(path: Path) -> str:
    told = path.stat()
    return f"{os.major(told.st_dev):02x}:{os.minor(told.st_dev):02x}:{told.st_ino}"
