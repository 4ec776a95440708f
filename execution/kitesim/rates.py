"""How many calls are answered: windows of a second, a minute and a day, by kind of call.

What a breach is answered with is Kite's 429; the numbers are `settings.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from execution.kitesim.answers import ErrorType, KiteError
from execution.kitesim.settings import Limits

_MINUTE = 60.0
_DAY = 86_400.0


class Call(StrEnum):
    """The kinds of call that have a limit of their own."""

    PLACE = "PLACE"
    CHANGE = "CHANGE"
    QUOTE = "QUOTE"
    HISTORY = "HISTORY"
    OTHER = "OTHER"


class _Window:
    """So many calls within the last so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._made: deque[float] = deque()

    def has_room(self, now: float) -> bool:
        while self._made and self._made[0] <= now - self._seconds:
            self._made.popleft()
        return len(self._made) < self._most

    def count(self, now: float) -> None:
        self._made.append(now)


class Rates:
    """Counts the account's calls; a call that is turned away isn't counted."""

    def __init__(self, limits: Limits | None, now: Callable[[], float]) -> None:
        """`limits`: None counts nothing. `now`: seconds of a clock that never runs backwards."""
        self._now = now
        self._windows: dict[Call, tuple[_Window, ...]] = {}
        if limits is not None:
            self._windows = _windows(limits)

    def take(self, call: Call) -> None:
        """Count a call. Raises `KiteError` with 429 where one of its windows is full."""
        now = self._now()
        windows = self._windows.get(call, ())
        if not all(window.has_room(now) for window in windows):
            raise too_many_requests()
        for window in windows:
            window.count(now)


def too_many_requests() -> KiteError:
    """Return the answer to a call above a limit."""
    return KiteError("Too many requests", ErrorType.NETWORK, 429)


def _windows(limits: Limits) -> dict[Call, tuple[_Window, ...]]:
    orders = (_Window(limits.orders_a_second, 1.0), _Window(limits.orders_a_minute, _MINUTE))
    return {
        Call.PLACE: (*orders, _Window(limits.orders_a_day, _DAY)),
        Call.CHANGE: orders,
        Call.QUOTE: (_Window(limits.quotes_a_second, 1.0),),
        Call.HISTORY: (_Window(limits.history_a_second, 1.0),),
        Call.OTHER: (_Window(limits.others_a_second, 1.0),),
    }
