"""Any TA-Lib function by name, computed over a window of the last bars.

Indicators the desk lives on stand in their own files and are compiled; this one is for trying.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from marketdata.bars import BarGrid, BarRow
from marketdata.features.base import Floats

FIELDS = ("open", "high", "low", "close", "volume")

Arguments = tuple[tuple[str, float], ...]


class _Described(NamedTuple):
    call: Callable[..., Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    lookback: int


@dataclass(frozen=True, slots=True)
class TALib:
    """TA-Lib's `function` over each column's last `window` bars with a price.

    The value of a bar depends on those bars alone, so it is the same however long ago the column
    was begun; where the function never forgets (an average of averages) it is what TA-Lib gives
    if begun there, so take a long window. `arguments` are pairs in TA-Lib's words, as
    `(("timeperiod", 20.0),)`; what is left out is TA-Lib's default. A column costs one call a
    bar, live as in a run: about 2 µs, a hundred times what a compiled indicator costs.

    Raises `ValueError` for a function or argument that TA-Lib doesn't know, an input that bars
    don't have, and a window too short for a single value.
    """

    function: str
    window: int
    arguments: Arguments = ()

    def __post_init__(self) -> None:
        lookback = self._described.lookback
        if self.window <= lookback:
            raise ValueError(f"window: {self.window}, expected more than {lookback} bars")

    @property
    def _described(self) -> _Described:
        return _described(self.function, self.arguments)

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._described.outputs

    @property
    def warm_up(self) -> int:
        return self._described.lookback

    def new_state(self, columns: int) -> Floats:
        """Return the memory before any bar: the count of bars and the inputs' windows."""
        return np.zeros((columns, 1 + len(self._described.inputs) * self.window))

    def step(self, state: Floats, bar: BarRow) -> Floats:
        """Take one bar into `state` (changed in place); return outputs, shape `(K, N)`."""
        call, inputs, outputs, _ = self._described
        rows = np.stack([getattr(bar, name) for name in inputs], axis=-1)
        out = np.full((len(outputs), len(rows)), np.nan)
        for column in np.flatnonzero(np.isfinite(rows).all(axis=-1)).tolist():
            windows = state[column, 1:].reshape(len(inputs), self.window)
            windows[:, :-1] = windows[:, 1:]
            windows[:, -1] = rows[column]
            state[column, 0] = min(state[column, 0] + 1.0, self.window)
            if state[column, 0] > self.warm_up:
                out[:, column] = _last(call(*windows[:, self.window - int(state[column, 0]) :]))
        return out

    def run(self, bars: BarGrid) -> Floats:
        """Return the outputs of every row, shape `(K, T, N)`; row t equals `step` at t exactly."""
        state = self.new_state(bars.close.shape[1])
        out = np.empty((len(self.outputs), *bars.close.shape))
        for t in range(len(bars)):
            out[:, t] = self.step(state, bars.row(t))
        return out


def _last(values: Any) -> list[float]:
    return [float(v[-1]) for v in (values if isinstance(values, list | tuple) else (values,))]


@cache
def _described(function: str, arguments: Arguments) -> _Described:
    import talib

    if function not in talib.get_functions():
        raise ValueError(f"function: TA-Lib has no {function!r}")
    known = import_module("talib.abstract").Function(function)
    given = {name: _as(known.parameters.get(name), name, value) for name, value in arguments}
    known.parameters = given
    inputs = tuple(_flat(known.input_names.values()))
    if not set(inputs) <= set(FIELDS):
        raise ValueError(f"function: {function} wants {', '.join(inputs)}, bars have only {FIELDS}")
    plain = getattr(talib, function)
    return _Described(
        call=lambda *columns: plain(*columns, **given),
        inputs=inputs,
        outputs=tuple(known.output_names),
        lookback=int(known.lookback),
    )


def _as(default: Any, name: str, value: float) -> float:
    if default is None:
        raise ValueError(f"arguments: the function has no {name!r}")
    return int(value) if isinstance(default, int) else float(value)


def _flat(inputs: Any) -> list[str]:
    return [name for i in inputs for name in (i if isinstance(i, list | tuple) else [i])]
