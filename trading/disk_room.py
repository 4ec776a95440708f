"""Whether the disk of a run's journal has room: an order that can't be written there isn't sent.

On a full disk not even an exit leaves, so entries end while there is room for the exits. What a bad
condition does to the desk is the engine's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DISK = "disk"
"""Condition that is bad while there is too little room."""
LEAST_FREE_BYTES = 500_000_000
"""A choice, far more than exits need: what else writes there, and how fast, is not known."""
_AGAIN = 1.1


def free_bytes(folder: Path) -> int:
    """Return the room on the disk of a folder. Raises `OSError`."""
    return shutil.disk_usage(folder).free


@dataclass(slots=True)
class DiskRoom:
    """Looks at the disk of `folder`; bad below `least` bytes, good again with a tenth more."""

    folder: Path
    least: int = LEAST_FREE_BYTES
    free: Callable[[Path], int] = free_bytes
    _is_bad: bool = False

    def ask(self) -> dict[str, str]:
        """Return what is wrong by condition, an empty text for what is well."""
        try:
            free = self.free(self.folder)
        except OSError as error:
            return {DISK: f"{self.folder}: {error.strerror}"}
        self._is_bad = free < self.least * (_AGAIN if self._is_bad else 1)
        text = f"{free / 1e6:.0f} MB free at {self.folder}: exits only"
        return {DISK: text if self._is_bad else ""}
