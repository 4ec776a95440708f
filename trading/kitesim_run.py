"""A run on a kitesim's prices while it is traded: its desk, and an eye on the end of its day.

The kitesim decides how fast its day passes; when it has come to the end, so has the run.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from types import TracebackType

from trading.bootstrap import Outside
from trading.bootstrap_kite import KiteAccess
from trading.bootstrap_practice import PracticeDay, PracticeDesk, practice_desk
from trading.engine.runner import Journal, Runner
from trading.kite_reading import kite_access
from trading.kitesim_hand import SimAway, sim_state

_LOOK_SECONDS = 0.5


class KitesimRun:
    """One run being traded; lived inside `async with`, at whose end sockets and tape are let go."""

    def __init__(self, desk: PracticeDesk, root: str) -> None:
        self._desk = desk
        self._root = root
        self._watching: asyncio.Task[None] | None = None

    @property
    def runner(self) -> Runner:
        """Return what lives the day."""
        return self._desk.desk.runner

    async def __aenter__(self) -> KitesimRun:
        self._watching = asyncio.get_running_loop().create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._desk.end()

    async def _watch(self) -> None:
        """End the day once the kitesim has, and all it had sent by then has had time to come.

        A process that began after the end has to hear the last prices first, to close by them.
        """
        while not (self._desk.has_heard and await self._has_ended()):
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.sleep(_LOOK_SECONDS)
        self._desk.end_day()

    async def _has_ended(self) -> bool:
        """Ask the kitesim; while it is away its day goes on."""
        try:
            return (await asyncio.to_thread(sim_state, self._root)).has_ended
        except SimAway:
            return False


def kitesim_run(day: PracticeDay, at: datetime, journal: Journal, outside: Outside) -> KitesimRun:
    """Return a run ready to be lived, in the login of the desk at `at`.

    Raises `NoSessionError`, and as `practice_desk`.
    """
    access: KiteAccess = kite_access(at)
    return KitesimRun(practice_desk(day, access, journal, outside), access.root)
