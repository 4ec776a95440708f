"""How long another thread has said nothing, counted only while the one who listens was awake.

A process that was stopped and continued has not been kept waiting by anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Silence:
    """The seconds since a counter last moved; `seconds_of` is called again and again."""

    _turns: int = -1
    _looked_at: float = 0.0
    _seconds: float = 0.0

    def seconds_of(self, turns: int, now: float) -> float:
        """Return how long `turns` has stood; a gap between two looks counts half a second."""
        if turns != self._turns:
            self._turns, self._seconds = turns, 0.0
        else:
            self._seconds += min(now - self._looked_at, _LONGEST_LOOK_SECONDS)
        self._looked_at = now
        return self._seconds
