"""How time goes in kitesim: paced by a clock, or one frame each time it is told to.

What a frame does is up to those who listen: the books first, then the sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from execution.kitesim.market import Market
from marketdata.feed import Pace
from marketdata.tape import Frame

Listener = Callable[[Frame], Awaitable[None]]


class Pulse:
    """Drives a market: a frame is taken once, and all listeners are done with it before the next.

    With a pace `run` takes the frames as they are due; without one (lockstep) only `advance`
    does. Listeners are called in the order they were added.
    """

    def __init__(self, market: Market, pace: Pace | None) -> None:
        self._market = market
        self._pace = pace
        self._listeners: list[Listener] = []
        self._turn = asyncio.Lock()

    @property
    def is_lockstep(self) -> bool:
        """Say whether time stands still until `advance` is called."""
        return self._pace is None

    def add(self, listener: Listener) -> None:
        """Call `listener` with every frame from now on, after those added before it."""
        self._listeners.append(listener)

    async def advance(self) -> Frame | None:
        """Take one frame and return it when every listener is done; None after the last."""
        async with self._turn:
            frame = self._market.step()
            if frame is not None:
                for listener in self._listeners:
                    await listener(frame)
            return frame

    async def run(self) -> None:
        """Take all frames left, each when it is due; return after the last.

        The first is due at once, each later one as much later as on the tape, divided by the
        speed. Listeners that take longer than that are given frames without a wait. Raises
        `ValueError` in lockstep.
        """
        pace = self._pace
        if pace is None:
            raise ValueError("pace: none, expected one to run by; in lockstep call advance")
        first = self._market.peek()
        began = pace.now()
        while (frame := self._market.peek()) is not None and first is not None:
            due = began + (frame.at - first.at).total_seconds() / pace.speed
            await pace.sleep(max(0.0, due - pace.now()))
            await self.advance()
        await self.advance()
