"""Work that can't be cut into steps by itself, done slice by slice while somebody waits for it.

It has a thread, which stands still between two slices; what the work is, who does it says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
Breath = Callable[[], None]
"""What work calls wherever it may be held: it may return much later, or raise `GivenUpError`."""


class GivenUpError(Exception):
    """Nobody waits for the work any more."""


class Slices(Generic[T]):
    """A piece of work that goes on only within `go_on`; it has to be ended.

    `work` is called in a thread of its own, with what it is to call often. `clock`: in seconds.
    """

    def __init__(
        self, work: Callable[[Breath], T], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock = clock
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._until = 0.0
        self._is_given_up = False
        self._threads = ThreadPoolExecutor(1, "slices")
        self._job = self._threads.submit(self._begun, work)
        self._job.add_done_callback(lambda _: self._back.release())

    def go_on(self, seconds: float) -> bool:
        """Let it work until it is done, or breathes after so many seconds; say whether it is done.

        It isn't to be called again once it was done.
        """
        self._until = self._clock() + seconds
        self._go.release()
        self._back.acquire()
        return self._job.done()

    def result(self) -> T:
        """Return what the work that is done returned, or raise what it raised."""
        return self._job.result()

    def end(self) -> None:
        """Give up what isn't done, and return once the thread is gone."""
        self._is_given_up = True
        self._go.release()
        self._threads.shutdown()

    def _begun(self, work: Callable[[Breath], T]) -> T:
        self._hold()
        return work(self._breath)

    def _breath(self) -> None:
        if self._clock() >= self._until:
            self._back.release()
            self._hold()

    def _hold(self) -> None:
        self._go.acquire()
        if self._is_given_up:
            raise GivenUpError
