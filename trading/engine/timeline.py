"""The run's alarm clock: bar closes, stages of the day and timers the engine asked for.

It is told the time; it never reads a clock. What an alarm means is the engine's business.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta

BAR = "bar"
"""Key of the alarm at each close of the shortest bar."""


def bar_closes(
    opens_at: datetime, closes_at: datetime, seconds: int
) -> Iterable[tuple[datetime, str]]:
    """Yield the moments at which a bar of `seconds` ends, the close of the session included."""
    step = timedelta(seconds=seconds)
    due = opens_at + step
    while due < closes_at:
        yield due, BAR
        due += step
    yield closes_at, BAR


class Timeline:
    """Alarms in order of time; at one moment stages come first, then bars, then the rest."""

    def __init__(self, fixed: Iterable[tuple[datetime, str]]) -> None:
        self._heap = [(due, self._rank(key), key) for due, key in fixed]
        heapq.heapify(self._heap)
        self._wanted: dict[str, datetime] = {}

    @staticmethod
    def _rank(key: str) -> int:
        return 0 if key.startswith("stage:") else 1 if key == BAR else 2

    def set(self, due: datetime, key: str) -> None:
        """Ask for an alarm; one already set under the same key is replaced."""
        self._wanted[key] = due
        heapq.heappush(self._heap, (due, self._rank(key), key))

    def first_at(self) -> datetime | None:
        """Return when the next alarm may be due, None for none to come; one replaced counts."""
        return self._heap[0][0] if self._heap else None

    def next_due(self, until: datetime) -> tuple[datetime, str] | None:
        """Take the next alarm that is due by `until`, that moment included; None for none."""
        while self._heap and self._heap[0][0] <= until:
            due, rank, key = heapq.heappop(self._heap)
            if rank < 2:
                return due, key
            if self._wanted.get(key) == due:
                del self._wanted[key]
                return due, key
        return None
