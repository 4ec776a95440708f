"""How far the rows are behind the journal: in records, and in seconds of this machine's clock.

Both ends are measured alike: a record counts from when it was read here, whatever speed the day
is lived at.
"""

from __future__ import annotations

from collections import deque


class Lag:
    """Remembers when records were read, until they have become rows."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, float]] = deque()
        self._read = 0
        self._projected = 0

    def read_up_to(self, seq: int, now: float) -> None:
        """Take note that the records up to `seq` have been read by `now`, in seconds."""
        if seq > self._read:
            self._waiting.append((seq, now))
            self._read = seq

    def projected_up_to(self, seq: int) -> None:
        """Take note that the records up to `seq` are rows."""
        self._projected = max(self._projected, seq)
        while self._waiting and self._waiting[0][0] <= self._projected:
            self._waiting.popleft()

    @property
    def records(self) -> int:
        """Return how many records are not rows yet."""
        return max(self._read - self._projected, 0)

    def seconds(self, now: float) -> float:
        """Return how long the oldest record that is no row yet has waited; 0 for none."""
        return max(now - self._waiting[0][1], 0.0) if self._waiting else 0.0
