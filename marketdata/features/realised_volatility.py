"""How much the price has moved within sessions; with the nights, in `historical_volatility.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, sqrt

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep, mean_of


@dataclass(frozen=True, slots=True)
class RealisedVolatility(CompiledFeature):
    """The root mean square of the last `bars` log returns, a fraction a year on any timeframe.

    The year is counted in bars of the timeframe it is computed on: `sessions_a_year` sessions of
    `session_minutes`. A session's first bar counts from its own open, so no night is in it, and
    no mean is taken off. NaN until `bars` bars with positive prices.
    """

    session_minutes: float
    sessions_a_year: float = 252.0
    bars: int = 20

    outputs = ("volatility",)

    def __post_init__(self) -> None:
        at_least("session_minutes", self.session_minutes, 1.0)
        at_least("sessions_a_year", self.sessions_a_year, 1.0)
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars - 1

    @property
    def memory(self) -> int:
        return 3 + self.bars

    @property
    def parameters(self) -> Parameters:
        return self.bars, self.session_minutes * self.sessions_a_year

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        bars, minutes_a_year = parameters
        squares = memory[3:]
        is_first = memory[0] == 0.0 or memory[1] != bar.session
        before = bar.open if is_first else memory[2]
        memory[1], memory[2] = bar.session, bar.close
        if not (before > 0.0 and bar.close > 0.0):
            return (nan,)
        change = log(bar.close / before)
        keep(squares, memory[0], change * change)
        memory[0] += 1.0
        if memory[0] < bars:
            return (nan,)
        return (sqrt(mean_of(squares) * (minutes_a_year * 60.0 / bar.seconds)),)
