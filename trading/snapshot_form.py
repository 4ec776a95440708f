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

_PROTOCOL = 5


class Told(NamedTuple):
    """Streams of objects, read one after the other, and the memory of their arrays in its order.

    Nothing of it changes with what was told.
    """

    objects: tuple[bytes, ...]
    arrays: tuple[bytes, ...]


class _Lasting(NamedTuple):
    """Something that never changes, and how it was told; `memo`: what may be referred to."""

    thing: object
    told: Told
    memo: Any


class Teller:
    """Tells things that hang together with something that never changes, which is told once."""

    def __init__(self) -> None:
        self._lasting: _Lasting | None = None

    def told(self, thing: object, lasting: object) -> Told:
        """Return a thing in bytes; what it shares with `lasting` is shared when it is made again.

        Raises `PicklingError`, `TypeError` or `AttributeError` for what can't be told.
        """
        before = self._lasting
        if before is None or before.thing is not lasting:
            before = self._lasting = _lasting(lasting)
        told, _ = _dumped(thing, before.memo)
        return Told(before.told.objects + told.objects, before.told.arrays + told.arrays)


def made_again(objects: Iterable[bytes], arrays: Iterable[bytearray]) -> Any:
    """Return what was told last of streams; arrays share the memory that is given for them."""
    streams = tuple(objects)
    unpickler = pickle.Unpickler(io.BytesIO(b"".join(streams)), buffers=arrays)
    things = [unpickler.load() for _ in streams]
    return things[-1]


def _lasting(thing: object) -> _Lasting:
    told, memo = _dumped(thing, None)
    return _Lasting(thing, told, memo)


def _dumped(thing: object, memo: Any) -> tuple[Told, Any]:
    """Tell a thing behind what a memo holds; return the memo that holds it too."""
    stream, arrays = io.BytesIO(), list[pickle.PickleBuffer]()
    pickler = pickle.Pickler(stream, _PROTOCOL, buffer_callback=arrays.append)
    pickler.dispatch_table = copyreg.dispatch_table | _reducers()
    if memo is not None:
        pickler.memo = memo
    pickler.dump(thing)
    told = Told((stream.getvalue(),), tuple(bytes(array.raw()) for array in arrays))
    return told, pickler.memo


def _reducers() -> dict[type, Callable[[Any], Any]]:
    """Return how to tell what can't be told by itself, or not as it hangs together."""
    # The compiler is imported when it is needed: only a process that compiles keeps a run.
    from numba.core.registry import CPUDispatcher

    return {ModuleType: _told_module, np.ndarray: _told_array, CPUDispatcher: _told_kernel}


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
