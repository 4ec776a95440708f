"""Calls that need no answer any more: a row of the book or a message shows that they were done.

Which row shows what is `broker.py`'s to say; a call itself is never ended here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Shown:
    """Order calls under way; of several for one order only the last can be shown to be done."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._unanswered: set[asyncio.Task[Any]] = set()

    def show(self, client_id: str) -> None:
        """Take note that what a call asks for an order is done."""
        waiting = self._waiting.get(client_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def first(self, client_id: str, call: Coroutine[Any, Any, T]) -> T | None:
        """Return what a call returns, or None as soon as it is shown that it was done.

        Raises what the call raises before that; afterwards its answer is of no interest.
        """
        shown = self._waiting[client_id] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(call)
        self._unanswered.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task, shown}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            if self._waiting.get(client_id) is shown:
                del self._waiting[client_id]
        return task.result() if task.done() else None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._unanswered.discard(task)
        if not task.cancelled():
            task.exception()
