"""Calls to a real broker that are on their way, each behind the one before it on the same order.

What is called, and what becomes of the answer, is `live_venue.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(slots=True)
class Calls:
    """Calls on their way; `asked_at`: when those that are not answered were begun, by order."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    last: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    asked_at: dict[str, datetime] = field(default_factory=dict)

    def begin(self, subject: str, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start `call` once the one before it on the same subject has ended."""
        task = asyncio.create_task(self._after(self.last.get(subject), call))
        self.last[subject] = task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def is_silent(self, now: datetime, span: timedelta) -> bool:
        """Say whether any call has been without an answer for `span` or longer."""
        return any(now - at >= span for at in self.asked_at.values())

    @staticmethod
    async def _after(
        before: asyncio.Task[None] | None, call: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait({before})
        await call()
