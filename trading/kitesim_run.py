"""What a run on a kitesim's prices needs besides: the exchange's time, an eye on its day's end.

The kitesim decides how fast its day passes; when it has come to the end, so has the run. It is
always traded on paper.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from trading.band_keeping import bands_of_day, kept_bands
from trading.bootstrap import Outside
from trading.bootstrap_practice import PracticeClock, TapedDay, TapedDesk, practice_desk
from trading.engine.runner import Journal
from trading.kite_run import KiteRun, access_in, login_watch, stand_of
from trading.kitesim_hand import SimAway, sim_state

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class DayEnd:
    """Waits for the end of a kitesim's day; `root` is its address."""

    taped: TapedDesk
    clock: PracticeClock
    root: str

    async def watch(self) -> None:
        """End the day once the kitesim has, and all it had sent by then has had time to come.

        A process that began after the end has to hear the last prices first, to close by them.
        """
        while not (self.taped.has_heard and await self._has_ended()):
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.sleep(_LOOK_SECONDS)
        self.clock.end_at(self.taped.tape.head.session_close)

    async def _has_ended(self) -> bool:
        """Ask the kitesim; while it is away its day goes on."""
        try:
            return (await asyncio.to_thread(sim_state, self.root)).has_ended
        except SimAway:
            return False


def kitesim_run(day: TapedDay, at: datetime, journal: Journal, outside: Outside) -> KiteRun:
    """Return a paper run ready to be lived, in the desk's login as good as it was at `at`.

    Raises as `practice_desk`.
    """
    login = login_watch(lambda: at)
    access = access_in(login)
    bands = bands_of_day(day)
    taped, clock = practice_desk(day, stand_of(access, journal, bands.around(outside), None))
    end = DayEnd(taped, clock, access.root)
    return KiteRun(taped, login, beside=(end.watch, kept_bands(bands, taped)))
