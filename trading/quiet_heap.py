"""Keeps the search for unused objects short while a day is traded.

A whole search goes through everything a process holds, modules and compiled code included, and
stops it meanwhile. What is unused is found as ever; nothing here decides anything.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def loaded() -> None:
    """Look for unused objects from now on, among those that are made from now on."""
    gc.freeze()
    gc.enable()


@contextmanager
def quiet_heap() -> Iterator[None]:
    """Leave what stands now out of every search until the block ends.

    One whole search comes first. Searches within the block go through what was made in it.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def searched_on_request() -> Iterator[Callable[[], None]]:
    """Look for unused objects only when what this gives is called, until the block ends.

    A search goes through what was made since the one before; what it leaves is not looked at
    again before the block ends. One comes first.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        _search_and_leave()
        yield _search_and_leave
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def _search_and_leave() -> None:
    gc.collect()
    gc.freeze()
