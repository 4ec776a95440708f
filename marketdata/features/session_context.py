"""The session against its open and the day before; its opening range is in `session_range.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters


@dataclass(frozen=True, slots=True)
class SessionContext(CompiledFeature):
    """The session's open and volume so far, and the previous session's close and volume.

    `session_open` is the open of the session's first bar with a trade; `gap` and `return_today`
    are fractions, of the open from `previous_close` and of the close from the open. Volumes in
    units, this bar included. What belongs to the previous session is NaN in the first one seen.
    """

    outputs = (
        "session_open",
        "previous_close",
        "gap",
        "volume_today",
        "previous_volume",
        "return_today",
    )

    @property
    def warm_up(self) -> int:
        return 0

    @property
    def memory(self) -> int:
        return 7

    @property
    def parameters(self) -> Parameters:
        return ()

    @staticmethod
    def body(memory: Floats, bar: Bar, _parameters: Parameters) -> tuple[float, ...]:
        if memory[0] == 0.0 or memory[1] != bar.session:
            first = memory[0] == 0.0
            memory[2] = nan
            memory[3] = nan if first else memory[4]
            memory[6] = nan if first else memory[5]
            memory[0], memory[1], memory[5] = 1.0, bar.session, 0.0
        if isnan(memory[2]) and not bar.gap:
            memory[2] = bar.open
        memory[4] = bar.close
        memory[5] += bar.volume
        session_open, previous_close, previous_volume = memory[2], memory[3], memory[6]
        gap = session_open / previous_close - 1.0 if previous_close > 0.0 else nan
        today = bar.close / session_open - 1.0 if session_open > 0.0 else nan
        return session_open, previous_close, gap, memory[5], previous_volume, today
