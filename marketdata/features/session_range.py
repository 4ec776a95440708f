"""The opening range and the closes beyond it; ranges of the last bars stand in `swings.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least


@dataclass(frozen=True, slots=True)
class SessionRange(CompiledFeature):
    """The range of the session's first `minutes`, and how many closes in a row lie beyond it.

    `high` and `low` are NaN until the range's last bar has closed, and for the whole day when
    fewer than `coverage` (a fraction) of the bars that fit into the range had trades. Only bars
    with trades widen it. `closes_above` and `closes_below` count the bars after the range that
    closed beyond its edge by more than `threshold` times its height, 0 again after a close that
    did not; they are NaN while the range is.
    """

    minutes: int = 15
    threshold: float = 0.0
    coverage: float = 0.95

    outputs = ("high", "low", "closes_above", "closes_below")

    def __post_init__(self) -> None:
        at_least("minutes", self.minutes, 1)
        at_least("threshold", self.threshold, 0.0)
        at_least("coverage", self.coverage, 0.0)
        if self.coverage > 1.0:
            raise ValueError(f"coverage: {self.coverage}, expected at most 1")

    @property
    def warm_up(self) -> int:
        """Return 0, for how many bars a range takes depends on their length."""
        return 0

    @property
    def memory(self) -> int:
        return 10

    @property
    def parameters(self) -> Parameters:
        return self.minutes, self.threshold, self.coverage

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float, float, float]:
        minutes, threshold, coverage = parameters
        if memory[0] == 0.0 or memory[1] != bar.session:
            memory[:] = 0.0
            memory[0], memory[1], memory[2], memory[3] = 1.0, bar.session, -inf, inf
        if memory[7] == 0.0:
            begins = bar.minute * 60 + bar.start % 60
            after = begins >= minutes * 60.0
            if not after and not bar.gap:
                memory[2] = max(memory[2], bar.high)
                memory[3] = min(memory[3], bar.low)
                memory[4] += 1.0
            if begins + bar.seconds < minutes * 60.0:
                return nan, nan, nan, nan
            expected = ceil(minutes * 60.0 / bar.seconds)
            covered = memory[4] > 0.0 and memory[4] / expected >= coverage
            margin = threshold * (memory[2] - memory[3])
            memory[7] = 1.0 if covered else -1.0
            memory[8], memory[9] = memory[2] + margin, memory[3] - margin
            if covered and not after:
                return memory[2], memory[3], 0.0, 0.0
        if memory[7] < 0.0:
            return nan, nan, nan, nan
        memory[5] = memory[5] + 1.0 if bar.close > memory[8] else 0.0
        memory[6] = memory[6] + 1.0 if bar.close < memory[9] else 0.0
        return memory[2], memory[3], memory[5], memory[6]
