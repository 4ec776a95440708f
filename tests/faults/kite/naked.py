"""How long something is held that no order at the broker covers, counted straight through.

Failing answers and refused orders stop no clock: only what is told as a cause does, for which no
desk could have done anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LOOK_SECONDS = 0.25
"""How often somebody should look; what lies between two looks isn't seen."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which `uncovered` units (the most of them) of an instrument were not covered."""

    key: str
    began_at: datetime
    ended_at: datetime
    uncovered: int

    @property
    def seconds(self) -> float:
        """Return how long it was."""
        return (self.ended_at - self.began_at).total_seconds()

    def __str__(self) -> str:
        began = f"{self.began_at:%H:%M:%S.%f}"[:-4]
        return f"{began} {self.key}: {self.uncovered} not covered for {self.seconds:.2f} s"


@dataclass(slots=True)
class NakedClock:
    """Gathers the spans of one day; `excused` counts the seconds that a cause kept out of them."""

    spans: list[Span] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)
    _running: dict[str, Span] = field(default_factory=dict)
    _looked_at: dict[str, datetime] = field(default_factory=dict)

    def look(self, at: datetime, key: str, uncovered: int, cause: str = "") -> None:
        """Take in how many units are not covered now, and why nothing can be done, if so.

        A cause ends a span: what comes after it is a new one, in which the desk has its time again.
        """
        before = self._looked_at.get(key, at)
        self._looked_at[key] = at
        if uncovered and not cause:
            running = self._running.get(key) or Span(key, at, at, 0)
            most = max(running.uncovered, uncovered)
            self._running[key] = Span(key, running.began_at, at, most)
            return
        running = self._running.pop(key, None)
        if running is not None:
            self.spans.append(Span(key, running.began_at, at, running.uncovered))
        if uncovered:
            self.excused[cause] += int((at - before) / timedelta(milliseconds=1))

    def end(self) -> list[Span]:
        """Return all spans, those that have not ended included."""
        return [*self.spans, *self._running.values()]

    @property
    def longest(self) -> float:
        """Return the seconds of the longest span."""
        return max((span.seconds for span in self.end()), default=0.0)
