"""One read for all who ask within a moment: what they want to know is the same.

What is read, and what it means, is `broker.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedRead(Generic[T]):
    """Gives the answer of a read under way, or of one not older than `fresh`, to whoever asks."""

    def __init__(self, fresh: timedelta) -> None:
        self._fresh = fresh
        self._reading: asyncio.Task[T] | None = None
        self._asked_at: datetime | None = None

    async def get(self, now: datetime, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer; raises what the read raises, to everybody who waits for it.

        One that failed isn't kept. A waiter that is cancelled leaves the read to the others.
        """
        reading = self._reading
        if reading is None or self._is_over(reading, now):
            reading = self._reading = asyncio.ensure_future(read())
            self._asked_at = now
        return await asyncio.shield(reading)

    def _is_over(self, reading: asyncio.Task[T], now: datetime) -> bool:
        if not reading.done():
            return False
        failed = reading.cancelled() or reading.exception() is not None
        return failed or self._asked_at is None or now - self._asked_at > self._fresh
