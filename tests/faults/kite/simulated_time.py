"""A loop whose time jumps: nobody waits, and whatever sleeps wakes in the right order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeftError(Exception):
    """Everybody waits for somebody else; no time can pass any more."""


class _Jumping(selectors.SelectSelector):
    """Lets simulated seconds pass where another selector would wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise NothingLeftError
        if not ready:
            self.seconds += max(timeout or 0.0, 0.0)
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop for one thread without sockets; the same work gives the same order."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._jumping.seconds


class LoopClock:
    """Tells a day's time by a simulated loop."""

    def __init__(self, begins_at: datetime) -> None:
        self._begins_at = begins_at

    def now(self) -> datetime:
        """Return the moment it is, to the microsecond."""
        return self._begins_at + timedelta(seconds=asyncio.get_running_loop().time())


def simulate(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)
