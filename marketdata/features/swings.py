"""Edges of the last bars, values of an earlier one; the opening range is in `session_range.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import highest_of, keep, lowest_of

FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class RollingHigh(CompiledFeature):
    """The highest high of the last bars, this one included."""

    bars: int

    outputs = ("high",)

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars - 1

    @property
    def memory(self) -> int:
        return 1 + self.bars

    @property
    def parameters(self) -> Parameters:
        return (self.bars,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (bars,) = parameters
        keep(memory[1:], memory[0], bar.high)
        memory[0] += 1.0
        return (highest_of(memory[1:]) if memory[0] >= bars else nan,)


@dataclass(frozen=True, slots=True)
class RollingLow(CompiledFeature):
    """The lowest low of the last bars, this one included."""

    bars: int

    outputs = ("low",)

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars - 1

    @property
    def memory(self) -> int:
        return 1 + self.bars

    @property
    def parameters(self) -> Parameters:
        return (self.bars,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (bars,) = parameters
        keep(memory[1:], memory[0], bar.low)
        memory[0] += 1.0
        return (lowest_of(memory[1:]) if memory[0] >= bars else nan,)


@dataclass(frozen=True, slots=True)
class Lag(CompiledFeature):
    """The `field` (open, high, low, close or volume) of the bar `bars` before this one.

    Bars are counted across sessions.
    """

    field: str
    bars: int

    outputs = ("value",)

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            raise ValueError(f"field: {self.field!r}, expected one of {', '.join(FIELDS)}")
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars

    @property
    def memory(self) -> int:
        return 2 + self.bars

    @property
    def parameters(self) -> Parameters:
        return FIELDS.index(self.field), self.bars

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        field, bars = int(parameters[0]), int(parameters[1])
        count = memory[0]
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        kept = memory[1:]
        now = keep(kept, count, values[field])
        memory[0] += 1.0
        return (kept[now - bars] if count >= bars else nan,)
