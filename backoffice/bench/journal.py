"""When each step of the engine was written down, by the clock on the wall.

The journal is read as it grows; what it says is not looked at, only its moments.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from trading.journal import read_records

_LOOK_SECONDS = 0.005


@dataclass(slots=True)
class Happenings:
    """Watches a journal from its present end until stopped; one pair a step.

    `steps`: moment of the desk and time on the wall, both in seconds since the epoch.
    """

    path: Path
    steps: list[tuple[float, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Read until stopped. Raises `JournalCorruptError`."""
        offset = seq = 0
        for record in read_records(self.path):
            offset, seq = record.end, record.seq
        while not self._stop.wait(_LOOK_SECONDS):
            now = time.time()
            for record in read_records(self.path, offset, seq):
                offset, seq = record.end, record.seq
                if record.kind == "MarketStep":
                    at = datetime.fromisoformat(record.body["at"]).timestamp()
                    self.steps.append((at, now))

    def stop(self) -> None:
        """End the watch soon."""
        self._stop.set()
