"""An event loop whose time jumps: nobody waits, and whatever sleeps wakes in the right order.

What happens in that time is told by the day that is simulated.
"""

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
        if timeout is None:
            raise NothingLeftError
        self.seconds += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for one thread without sockets; the same work always runs in the same order."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._jumping.seconds


class VirtualClock:
    """Tells a day's time by a virtual loop; `now` only while that loop runs."""

    def __init__(self, opens_at: datetime) -> None:
        self._opens_at = opens_at

    def now(self) -> datetime:
        """Return the moment it is, to the microsecond."""
        return self._opens_at + timedelta(seconds=asyncio.get_running_loop().time())

    def gone(self) -> float:
        """Return the seconds since the open."""
        return asyncio.get_running_loop().time()


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; raises what it raises, or `NothingLeftError`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
