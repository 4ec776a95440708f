"""How far the close stands from the session's VWAP; the line itself is in `vwap.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.vwap import VWAP_MEMORY, session_vwap

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class VWAPDistance(CompiledFeature):
    """The close less VWAP in sigmas of the traded prices, and as a fraction of VWAP.

    Above VWAP is positive. NaN while no volume has been traded; `sigmas` also while all of it
    was traded at one price.
    """

    outputs = ("sigmas", "fraction")

    @property
    def warm_up(self) -> int:
        return 0

    @property
    def memory(self) -> int:
        return VWAP_MEMORY

    @property
    def parameters(self) -> Parameters:
        return ()

    @staticmethod
    def body(memory: Floats, bar: Bar, _parameters: Parameters) -> tuple[float, float]:
        vwap, sigma = session_vwap(memory, bar)
        if isnan(vwap):
            return nan, nan
        away = bar.close - vwap
        # A sigma as small as the rounding of the prices is that of one price.
        is_spread = sigma > _ROUNDING * vwap
        return (away / sigma if is_spread else nan), (away / vwap if vwap > 0.0 else nan)
