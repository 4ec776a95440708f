"""A bell that ends a wait early; whoever has news for an engine's loop rings it."""

from __future__ import annotations

import asyncio


class Doorbell:
    """Rung at any time in the loop's own thread; a ring before the wait counts."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the wait that goes on, or the next one."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a ring, at most so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()
