"""Volume-weighted average price of the session; averages over bars stand in `ema.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least

VWAP_MEMORY = 5


@dataclass(frozen=True, slots=True)
class SessionVWAP(CompiledFeature):
    """The session's turnover over its volume, and bands some sigmas away; begins anew each day.

    A bar counts with its typical price (high + low + close) / 3. Sigma is the volume-weighted
    deviation of those prices; `bands` is how many of them. NaN while no volume has been traded,
    so always for an index without a volume of its own.
    """

    bands: float = 1.0

    outputs = ("vwap", "upper", "lower")

    def __post_init__(self) -> None:
        at_least("bands", self.bands, 0.0)

    @property
    def warm_up(self) -> int:
        return 0

    @property
    def memory(self) -> int:
        return VWAP_MEMORY

    @property
    def parameters(self) -> Parameters:
        return (self.bands,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float, float]:
        (bands,) = parameters
        vwap, sigma = session_vwap(memory, bar)
        return vwap, vwap + bands * sigma, vwap - bands * sigma


def session_vwap(memory: Floats, bar: Bar) -> tuple[float, float]:
    """Take a bar into the first five floats of `memory`; return VWAP and sigma, or NaN twice."""
    if memory[0] == 0.0 or memory[1] != bar.session:
        memory[:VWAP_MEMORY] = 0.0
        memory[0], memory[1] = 1.0, bar.session
    if bar.volume > 0.0:
        # Updated by differences: a mean of squares less a squared mean loses all its digits.
        distance = (bar.high + bar.low + bar.close) / 3.0 - memory[3]
        memory[2] += bar.volume
        memory[3] += distance * (bar.volume / memory[2])
        left = (bar.high + bar.low + bar.close) / 3.0 - memory[3]
        memory[4] += bar.volume * distance * left
    if memory[2] == 0.0:
        return nan, nan
    return float(memory[3]), sqrt(memory[4] / memory[2])
