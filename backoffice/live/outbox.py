"""The messages on their way to one page. A page that reads too slowly is told so, never waited for.

What the messages say is decided by `consumer.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

CAPACITY = 40
"""Messages that may wait for one page: ten seconds of changes."""


class SlowReaderError(Exception):
    """A page has not read its messages for too long."""


@dataclass(slots=True)
class Outbox:
    """Sends messages in order through `send`, one at a time, from a task of its own."""

    send: Callable[[str], Awaitable[None]]
    _waiting: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(CAPACITY))
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send what is put in."""
        self._task = asyncio.create_task(self._run())

    def put(self, message: str) -> None:
        """Add a message without waiting. Raises `SlowReaderError` when too many wait already."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull as error:
            raise SlowReaderError(f"{CAPACITY} messages wait for this page") from error

    def cancel(self) -> None:
        """Send nothing more; what waits is forgotten."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        """Send until cancelled; a page that has gone away meanwhile is told nothing more."""
        with contextlib.suppress(OSError):
            while True:
                await self.send(await self._waiting.get())
