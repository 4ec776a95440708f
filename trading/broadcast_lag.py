"""How far rows and live state are from each other, in records and in seconds of this clock.

Whichever is behind is the lag, as both follow one journal. Both ends are measured alike: a record
counts from when it was seen first here, whatever speed the day is lived at.
"""

from __future__ import annotations

from collections import deque


class _Behind:
    """One that follows another: remembers when the other came how far, until it has, too."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, float]] = deque()
        self._ahead = self._behind = 0

    def ahead(self, seq: int, now: float) -> None:
        if seq > self._ahead:
            self._ahead = seq
            self._waiting.append((seq, now))
            self.behind(self._behind)

    def behind(self, seq: int) -> None:
        self._behind = max(self._behind, seq)
        while self._waiting and self._waiting[0][0] <= self._behind:
            self._waiting.popleft()

    @property
    def records(self) -> int:
        return max(self._ahead - self._behind, 0)

    def seconds(self, now: float) -> float:
        return max(now - self._waiting[0][1], 0.0) if self._waiting else 0.0


class Lag:
    """Remembers when records were read, or became rows, until they are both."""

    def __init__(self) -> None:
        self._rows, self._read = _Behind(), _Behind()

    def read_up_to(self, seq: int, now: float) -> None:
        """Take note that the records up to `seq` have been read by `now`, in seconds."""
        self._rows.ahead(seq, now)
        self._read.behind(seq)

    def projected_up_to(self, seq: int, now: float) -> None:
        """Take note that the records up to `seq` are rows by `now`, in seconds."""
        self._rows.behind(seq)
        self._read.ahead(seq, now)

    @property
    def records(self) -> int:
        """Return how many records are not rows yet, or rows and not read yet."""
        return max(self._rows.records, self._read.records)

    def seconds(self, now: float) -> float:
        """Return how long the oldest of these has waited; 0 for none."""
        return max(self._rows.seconds(now), self._read.seconds(now))
