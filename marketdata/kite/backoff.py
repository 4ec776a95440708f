"""How long to wait before the next try; the waiting itself happens in `connection.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first` to `longest` seconds, without end.

    `spread`: by which share of itself a wait may be cut by chance, so that several connections do
    not come back in step. `settled`: seconds a connection must have stood for the next wait to be
    the first again.
    """

    first: float = 1.0
    longest: float = 30.0
    spread: float = 0.2
    settled: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.longest:
            raise ValueError(f"first: {self.first}, expected above 0, at most {self.longest}")
        if not 0 <= self.spread < 1:
            raise ValueError(f"spread: {self.spread}, expected from 0 to below 1")

    def wait(self, failures: int, chance: float) -> float:
        """Return the seconds to wait after so many failures in a row, at least 1.

        `chance`: from 0 to below 1; 0 gives the whole wait.
        """
        doubled = self.first
        for _ in range(failures - 1):
            doubled = min(2 * doubled, self.longest)
            if doubled == self.longest:
                break
        return doubled * (1 - self.spread * chance)

    def failures(self, before: int, stood: float) -> int:
        """Return the failures in a row after a connection that stood for so many seconds."""
        return 1 if stood >= self.settled else before + 1
