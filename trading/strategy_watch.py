"""How long each strategy takes to answer, measured around the engine, and what is too long.

What becomes of a strategy that takes too long is decided by the engine, which is told as an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from trading.engine.events import StrategyOverran


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """How long a strategy may take over one bar of all columns, in seconds.

    It has overrun where it took longer than `each` for `in_a_row` bars, or once longer than
    `at_once`; exactly as long is in time.
    """

    each: float = 0.25
    in_a_row: int = 3
    at_once: float = 2.5


@dataclass(slots=True)
class StrategyWatch:
    """Measures by `clock` (seconds, any origin); keep one for a run."""

    clock: Callable[[], float]
    budget: TimeBudget = field(default_factory=TimeBudget)
    _begun: dict[str, float] = field(default_factory=dict)
    _slow: dict[str, int] = field(default_factory=dict)
    _overran: dict[str, str] = field(default_factory=dict)

    def begun(self, strategy: str) -> None:
        """Take the time at which a strategy is asked."""
        self._begun[strategy] = self.clock()

    def ended(self, strategy: str) -> None:
        """Take the time at which it has answered."""
        taken = self.clock() - self._begun[strategy]
        is_slow = taken > self.budget.each
        self._slow[strategy] = self._slow.get(strategy, 0) + 1 if is_slow else 0
        if taken > self.budget.at_once or self._slow[strategy] >= self.budget.in_a_row:
            self._slow[strategy] = 0
            allowed = f"{self.budget.each * 1e3:.0f} ms a bar"
            self._overran[strategy] = f"took {taken * 1e3:.0f} ms, allowed {allowed}"

    def overran(self, at: datetime) -> list[StrategyOverran]:
        """Return the strategies that have overrun since the last call, as of engine time `at`."""
        events = [StrategyOverran(at, name, detail) for name, detail in self._overran.items()]
        self._overran.clear()
        return events
