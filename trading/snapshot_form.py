"""How what a run has come to is told in bytes, quickly, and made again of them.

The file that they go to, and when, is `snapshots.py`'s.
"""

from __future__ import annotations

import copyreg
import importlib
import io
import pickle
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from execution.orders import Order
from marketdata.instruments import Instrument

_PROTOCOL = 5
_MANY = (Instrument, Order)
_PIECE = 1 << 20
"""Bytes of an array that are copied at once: in less than a millisecond."""


def _go_on() -> None:
    """Hold nobody."""


class Told(NamedTuple):
    """Streams of objects, read one after the other, and the memory of their arrays in its order.

    Nothing of it changes with what was told.
    """

    objects: tuple[bytes, ...]
    arrays: tuple[bytes | bytearray, ...]


class _Lasting(NamedTuple):
    """Something that never changes, and how it was told; `memo`: what may be referred to."""

    thing: object
    told: Told
    memo: Any


class Teller:
    """Tells things that hang together with something that never changes, which is told once."""

    def __init__(self) -> None:
        self._lasting: _Lasting | None = None

    def told(self, thing: object, lasting: object, breath: Callable[[], None] = _go_on) -> Told:
        """Return a thing in bytes; what it shares with `lasting` is shared when it is made again.

        `breath` is called often, and may take its time as long as the thing stays as it is. Raises
        what it raises, and `PicklingError`, `TypeError` or `AttributeError` for what can't be told.
        """
        before = self._lasting
        if before is None or before.thing is not lasting:
            before = self._lasting = _Lasting(lasting, *_dumped(lasting, None, breath))
        told, _ = _dumped(thing, before.memo, breath)
        return Told(before.told.objects + told.objects, before.told.arrays + told.arrays)


class _Pickler(pickle.Pickler):
    """Breathes at arrays, and at things of which there are many: they stand all over a run."""

    def __init__(self, stream: io.BytesIO, breath: Callable[[], None]) -> None:
        self.arrays: list[bytes | bytearray] = []
        super().__init__(stream, _PROTOCOL, buffer_callback=self._take)
        self.dispatch_table = copyreg.dispatch_table | _reducers()
        self.dispatch_table |= {np.ndarray: self._array} | dict.fromkeys(_MANY, self._thing)
        self._breath = breath

    def _array(self, array: Any) -> Any:
        self._breath()
        return _told_array(array)

    def _thing(self, thing: object) -> Any:
        self._breath()
        return thing.__reduce_ex__(_PROTOCOL)

    def _take(self, array: pickle.PickleBuffer) -> None:
        """Copy an array, a large one piece by piece."""
        memory = array.raw()
        if len(memory) <= _PIECE:
            self.arrays.append(bytes(memory))
            return
        copy = bytearray(len(memory))
        for start in range(0, len(memory), _PIECE):
            copy[start : start + _PIECE] = memory[start : start + _PIECE]
            self._breath()
        self.arrays.append(copy)


def made_again(objects: Iterable[bytes], arrays: Iterable[bytearray]) -> Any:
    """Return what was told last of streams; arrays share the memory that is given for them."""
    streams = tuple(objects)
    unpickler = pickle.Unpickler(io.BytesIO(b"".join(streams)), buffers=arrays)
    things = [unpickler.load() for _ in streams]
    return things[-1]


def _dumped(thing: object, memo: Any, breath: Callable[[], None]) -> tuple[Told, Any]:
    """Tell a thing behind what a memo holds; return the memo that holds it too."""
    stream = io.BytesIO()
    pickler = _Pickler(stream, breath)
    if memo is not None:
        pickler.memo = memo
    pickler.dump(thing)
    return Told((stream.getvalue(),), tuple(pickler.arrays)), pickler.memo


def _reducers() -> dict[type, Callable[[Any], Any]]:
    """Return how to tell what can't be told by itself, or not as it hangs together."""
    # The compiler is imported when it is needed: only a process that compiles keeps a run.
    from numba.core.registry import CPUDispatcher

    return {ModuleType: _told_module, CPUDispatcher: _told_kernel}


def _told_module(module: ModuleType) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return importlib.import_module, (module.__name__,)


def _told_kernel(kernel: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Tell a compiled function by its name: what is compiled is kept by the compiler."""
    name = (kernel.py_func.__module__, kernel.py_func.__qualname__)
    if _kernel(*name) is not kernel:
        raise pickle.PicklingError(f"{'.'.join(name)} is not found under its name")
    return _kernel, name


def _kernel(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _told_array(array: Any) -> Any:
    """Tell an array so that arrays that share their memory do so again."""
    base = array.base
    if isinstance(base, np.ndarray) and base.flags.c_contiguous and not base.dtype.hasobject:
        offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        return _view, (base, array.shape, array.dtype, offset, array.strides)
    if not array.flags.writeable:
        return _read_only, (np.array(array, order="K"),)
    return array.__reduce_ex__(_PROTOCOL)


def _view(base: Any, shape: Any, dtype: Any, offset: int, strides: Any) -> Any:
    return np.ndarray(shape, dtype, base, offset, strides)


def _read_only(array: Any) -> Any:
    array.setflags(write=False)
    return array
