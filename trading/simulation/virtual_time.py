"""An event loop whose time jumps: nobody waits, and whatever sleeps wakes in the right order.

What happens in that time is told by the day that is simulated.
"""

from __future__ import annotations

import asyncio
from asyncio.events import _set_running_loop
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SAME = 1e-9
"""Seconds within which two moments are one, as the clock of another loop would tell them."""


class NothingLeftError(Exception):
    """Everybody waits for somebody else; no time can pass any more."""


class _Errand(asyncio.TimerHandle):
    """Something to be called once its turn has come, unless it is cancelled before.

    None comes before another: among errands of the same moment the heap alone decides.
    """

    __slots__ = ("args", "callback", "context")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args
        self.context = copy_context() if context is None else context

    def cancel(self) -> None:
        """Let it not be called any more."""
        self.callback = None

    def cancelled(self) -> bool:
        """Say whether it will not be called any more."""
        return self.callback is None

    def __lt__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for one thread without sockets; the same work always runs in the same order.

    Where nothing can be done at once, time goes on to the next moment at which something can. What
    a callback raises ends the run: nobody else would tell of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0
        self._due: list[tuple[float, _Errand]] = []
        self._now: deque[_Errand] = deque()
        self._is_stopping = False

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._seconds

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call `callback` in the next round."""
        errand = _Errand(callback, args, context)
        self._now.append(errand)
        return errand

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call `callback` after so many simulated seconds."""
        errand = _Errand(callback, args, context)
        heappush(self._due, (self._seconds + delay, errand))
        return errand

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call `callback` at a moment of this loop's time."""
        errand = _Errand(callback, args, context)
        heappush(self._due, (when, errand))
        return errand

    def stop(self) -> None:
        """Run no other round after this one."""
        self._is_stopping = True

    def run_forever(self) -> None:
        """Run until `stop`. Raises `NothingLeftError`, and what a callback raises."""
        _set_running_loop(self)
        try:
            self._go_on(self._due, self._now)
        finally:
            self._is_stopping = False
            _set_running_loop(None)

    def _go_on(self, due: list[tuple[float, _Errand]], now: deque[_Errand]) -> None:
        """Call, round by round, everything whose turn it is and nothing of what that brings."""
        while not self._is_stopping:
            while due and due[0][1].callback is None:
                heappop(due)
            if not now:
                if not due:
                    raise NothingLeftError
                self._seconds += max(0.0, due[0][0] - self._seconds)
            until = self._seconds + _SAME
            while due and due[0][0] < until:
                now.append(heappop(due)[1])
            for _ in range(len(now)):
                errand = now.popleft()
                if errand.callback is not None:
                    errand.context.run(errand.callback, *errand.args)


class VirtualClock:
    """Tells a day's time by the one virtual loop that runs when it is first asked."""

    def __init__(self, opens_at: datetime) -> None:
        self._opens_at = opens_at
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last = (0.0, opens_at)

    def now(self) -> datetime:
        """Return the moment it is, to the microsecond."""
        gone = self.gone()
        if gone != self._last[0]:
            self._last = (gone, self._opens_at + timedelta(seconds=gone))
        return self._last[1]

    def gone(self) -> float:
        """Return the seconds since the open."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop.time()


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; raises what it raises, or `NothingLeftError`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
