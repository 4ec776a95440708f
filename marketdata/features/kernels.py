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
_KEPT_AS = "2"
"""Changes whenever the way of compiling does, so that no code kept before is taken for new."""
_FLOAT, _WHOLE, _FLAG = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_FIELDS = ("open", "high", "low", "close", "volume", "oi")


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
    oi: float
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
        out = np.empty((len(self.outputs), 1, len(bar.close)))
        self.kept(state).take(columns_of(bar), out)
        return out[:, 0]

    def run(self, bars: BarGrid) -> Floats:
        """Return the outputs of every row, shape `(K, T, N)`; row t equals `step` at t exactly."""
        out = np.empty((len(self.outputs), *bars.close.shape))
        self.kept(self.new_state(bars.close.shape[1])).take(columns_of(bars), out)
        return out

    def kept(self, state: Floats) -> Kept:
        """Return the compiled loop bound to `state`, which it changes in place."""
        parameters = tuple(float(p) for p in self.parameters)
        return _bound(type(self).body, state, parameters)


class Columns(NamedTuple):
    """Bars as every compiled loop takes them: times `(T,)`, values `(T, N)`, one layout."""

    times: tuple[Any, ...]
    values: tuple[Any, ...]
    shape: tuple[int, int]


def columns_of(bars: BarRow | BarGrid) -> Columns:
    """Return one bar or a history, made ready once for any number of features.

    Raises `ValueError` where the columns differ in shape.
    """
    times: tuple[Any, ...]
    values = [_laid_out(getattr(bars, name), _FLOAT) for name in _FIELDS]
    values.append(_laid_out(bars.gap, _FLAG))
    if isinstance(bars, BarRow):
        shape = (1, len(bars.close))
        values = [a.reshape(1, -1) for a in values]
        now = np.array((bars.start, bars.session, bars.minute), dtype=np.int64)
        times = (now[0:1], now[1:2], now[2:3])
    else:
        shape = bars.close.shape
        times = tuple(_laid_out(t, _WHOLE) for t in (bars.start, bars.session, bars.minute))
    for array in values:
        if array.shape != shape:
            raise ValueError(f"columns: an array of {array.shape}, expected one shape {shape}")
    return Columns((bars.timeframe.seconds, *times), tuple(values), shape)


@dataclass(frozen=True, slots=True)
class Kept:
    """One feature's compiled loop with the memory it keeps up, shape `(columns, S)`.

    `body`: what the loop is compiled from, by which it is found again where this was written down.
    """

    loop: Callable[..., None]
    state: Floats
    parameters: Parameters
    body: Callable[..., tuple[float, ...]]

    def __reduce__(self) -> tuple[Callable[..., Kept], tuple[Any, ...]]:
        return _bound, (self.body, self.state, self.parameters)

    def take(self, bars: Columns, out: Floats) -> None:
        """Take the bars into the memory; fill `out`, shape `(K, T, N)`."""
        if len(self.state) != bars.shape[1]:
            raise ValueError(
                f"columns: memory of {len(self.state)}, expected bars of one shape {bars.shape}"
            )
        self.loop(self.state, bars.times, bars.values, self.parameters, out)


def _bound(body: Callable[..., tuple[float, ...]], state: Floats, parameters: Parameters) -> Kept:
    return Kept(_compiled(body), state, parameters, body)


def _over_rows(
    state: Floats, times: Any, columns: Any, parameters: Parameters, out: Floats
) -> None:
    seconds, start, session, minute = times
    open_, high, low, close, volume, oi, gap = columns
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
                oi[t, j],
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

    fingerprint = crc32(
        _text(_over_rows) + _text(body) + repr(_OPTIONS).encode() + _KEPT_AS.encode()
    )
    loop = _copy(_over_rows, {"_body": _jitted(body)}, body.__code__.co_filename)
    loop.__module__ = body.__module__
    loop.__qualname__ = f"{body.__qualname__}_{fingerprint:08x}"
    compiled: Callable[..., None] = njit(cache=True, **_OPTIONS)(loop)
    return compiled


@cache
def compiled(loop: Any) -> Any:
    """Return a loop as machine code, with the plain functions it calls; made at its first call.

    Kept on disk as the indicators' are. For a loop that a light process may run as it stands.
    """
    from numba import njit

    fingerprint = crc32(_text(loop) + repr(_OPTIONS).encode() + _KEPT_AS.encode())
    parts = {name: _jitted(part) for name, part in _parts(loop).items()}
    own = _copy(loop, parts, loop.__code__.co_filename)
    own.__module__ = loop.__module__
    own.__qualname__ = f"{loop.__qualname__}_{fingerprint:08x}"
    return njit(cache=True, **_OPTIONS)(own)


def _jitted(function: Any) -> Any:
    """Return a part compiled into its caller: a call for each column costs more than its work."""
    from numba import njit

    parts = {name: _jitted(part) for name, part in _parts(function).items()}
    return njit(_copy(function, parts, function.__code__.co_filename), inline="always", **_OPTIONS)


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


def _laid_out(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the array in the one layout the loop is compiled for, copied only if it must be."""
    if values.dtype is dtype and values.flags.carray:
        return values
    return np.require(values, dtype, ("C", "W"))
