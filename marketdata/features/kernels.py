"""How an indicator is compiled: one scalar body, looped over rows and columns by one loop.

The indicators stand one to a file beside this one; NumPy alone is imported until the first bar.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import isnan, nan
from types import FunctionType
from typing import Any, ClassVar, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import BarGrid, BarRow
from marketdata.features.base import Floats

_OPTIONS = {"error_model": "numpy"}


class Bar(NamedTuple):
    """One bar of one column, as a body sees it; fields mean what they mean in `BarRow`."""

    start: int
    seconds: int
    session: int
    minute: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    gap: bool


Parameters: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CompiledFeature(ABC):
    """A feature made of a body: bars without a price leave its memory alone and give NaN.

    Columns are independent: each warms up from its own first price.
    """

    outputs: ClassVar[tuple[str, ...]]

    @staticmethod
    @abstractmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, ...]:
        """Take one bar into one column's memory, shape `(S,)`, zeros at first; return the outputs.

        Only bars with a price come here. One without a trade is flat with volume 0 and is a bar
        like any other, unless the body looks at `gap`. A body may use `math` and call plain
        functions; it returns as many floats as there are outputs, on every path.
        """

    @property
    @abstractmethod
    def warm_up(self) -> int:
        """Return the number of bars before the first finite value."""

    @property
    @abstractmethod
    def memory(self) -> int:
        """Return how many floats the body remembers of one column."""

    @property
    @abstractmethod
    def parameters(self) -> Parameters:
        """Return what the body gets as its third argument, in its order."""

    def new_state(self, columns: int) -> Floats:
        """Return the memory before any bar: shape `(columns, S)`."""
        return np.zeros((columns, self.memory))

    def step(self, state: Floats, bar: BarRow) -> Floats:
        """Take one bar into `state` (changed in place); return outputs, shape `(K, N)`."""
        columns = len(bar.close)
        times = np.array([bar.start, bar.session, bar.minute], dtype=np.int64).reshape(3, 1)
        prices = [_row(bar.open), _row(bar.high), _row(bar.low), _row(bar.close), _row(bar.volume)]
        out = np.empty((len(self.outputs), 1, columns))
        length = bar.timeframe.seconds
        self._loop(state, (length, *times), (*prices, _flags(bar.gap).reshape(1, -1)), out)
        return out[:, 0]

    def run(self, bars: BarGrid) -> Floats:
        """Return the outputs of every row, shape `(K, T, N)`; row t equals `step` at t exactly."""
        times = (_whole(bars.start), _whole(bars.session), _whole(bars.minute))
        prices = [_floats(a) for a in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
        out = np.empty((len(self.outputs), *bars.close.shape))
        state = self.new_state(bars.close.shape[1])
        self._loop(state, (bars.timeframe.seconds, *times), (*prices, _flags(bars.gap)), out)
        return out

    def _loop(
        self, state: Floats, times: tuple[Any, ...], columns: tuple[Any, ...], out: Floats
    ) -> None:
        shape = out.shape[1:]
        if len(state) != shape[1] or any(values.shape != shape for values in columns):
            raise ValueError(f"columns: memory of {len(state)}, expected bars of one shape {shape}")
        parameters = tuple(float(p) for p in self.parameters)
        _compiled(type(self).body)(state, times, columns, parameters, out)


def _over_rows(
    state: Floats, times: Any, columns: Any, parameters: Parameters, out: Floats
) -> None:
    seconds, start, session, minute = times
    open_, high, low, close, volume, gap = columns
    for t in range(close.shape[0]):
        for j in range(close.shape[1]):
            if isnan(close[t, j]):
                for k in range(out.shape[0]):
                    out[k, t, j] = nan
                continue
            bar = Bar(
                start[t],
                seconds,
                session[t],
                minute[t],
                open_[t, j],
                high[t, j],
                low[t, j],
                close[t, j],
                volume[t, j],
                gap[t, j],
            )
            values = _body(state[j], bar, parameters)
            for k in range(len(values)):
                out[k, t, j] = values[k]


def _body(state: Floats, bar: Bar, parameters: Parameters) -> tuple[float, ...]:
    raise NotImplementedError("each compiled loop gets its indicator's body in this place")


@cache
def _compiled(body: Any) -> Callable[..., None]:
    """Return `_over_rows` with `body` in its place, compiled at the first call.

    The machine code is kept on disk beside the body's own file, under a name made from everything
    compiled into it, so that neither another indicator's nor an older code can be taken for it.
    """
    from numba import njit

    fingerprint = crc32(_text(_over_rows) + _text(body) + repr(_OPTIONS).encode())
    loop = _copy(_over_rows, {"_body": _jitted(body)}, body.__code__.co_filename)
    loop.__module__ = body.__module__
    loop.__qualname__ = f"{body.__qualname__}_{fingerprint:08x}"
    compiled: Callable[..., None] = njit(cache=True, **_OPTIONS)(loop)
    return compiled


def _jitted(function: Any) -> Any:
    from numba import njit

    parts = {name: _jitted(part) for name, part in _parts(function).items()}
    return njit(_copy(function, parts, function.__code__.co_filename), **_OPTIONS)


def _copy(function: Any, parts: dict[str, Any], filename: str) -> FunctionType:
    code = function.__code__.replace(co_filename=filename)
    return FunctionType(code, {**function.__globals__, **parts}, function.__name__)


def _parts(function: Any) -> dict[str, FunctionType]:
    """Return the plain functions of this program that `function` calls, by name."""
    named = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    return {name: part for name, part in named.items() if isinstance(part, FunctionType)}


def _text(function: Any) -> bytes:
    code = function.__code__
    own: bytes = code.co_code + repr((code.co_names, code.co_varnames, code.co_consts)).encode()
    called = _parts(function).values()
    return own + b"".join(_text(part) for part in called if part is not _body)


def _row(values: Floats) -> Floats:
    return _floats(values).reshape(1, -1)


def _floats(values: Floats) -> Floats:
    """Return the array in the one layout the loop is compiled for, copied only if it must be."""
    return values if _is_plain(values) else np.require(values, np.float64, ("C", "W"))


def _is_plain(values: Floats) -> bool:
    return values.flags.carray and values.dtype == np.float64


def _whole(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.require(values, np.int64, ("C", "W"))


def _flags(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.require(values, np.bool_, ("C", "W"))
