"""A run on Kite's prices while it is traded: its desk, on paper or live, kept in a good login.

Which adapters stand in the desk is said by `bootstrap_kite.py`; the run was opened by
`kite_day.py`. What a kitesim needs besides is told by `kitesim_run.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType

from django.conf import settings
from django.utils import timezone

from marketdata.pacing import LocalPacer
from trading.band_keeping import bands_of_day, kept_bands
from trading.bootstrap import Outside
from trading.bootstrap_kite import (
    ORDER_PATIENCE,
    KiteAccess,
    KiteDesk,
    Wall,
    kite_live_desk,
    kite_paper_desk,
)
from trading.bootstrap_practice import Stand, TapedDay, TapedDesk, taped_desk
from trading.engine.runner import Journal, Runner
from trading.kite_reading import access_of, kite_pacer
from trading.login_watch import LoginWatch
from trading.models import Run, RunMode
from trading.rate_limits import SharedPacer
from trading.services import broker_login
from trading.services.broker_login import Access, NoSessionError
from trading.services.mode_changes import check_live_run

_ATTEND_SECONDS = 0.25

Budgeted = SharedPacer | LocalPacer


@dataclass(slots=True)
class KiteRun:
    """One run being traded; lived inside `async with`, at whose end sockets and tape are let go.

    `pacer`: of the broker's calls, None on paper. `beside`: what else goes on meanwhile; where that
    fails the run ends with it.
    """

    taped: TapedDesk
    login: LoginWatch
    pacer: Budgeted | None = None
    beside: tuple[Callable[[], Awaitable[None]], ...] = ()
    _tasks: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def desk(self) -> KiteDesk:
        """Return the desk that trades it."""
        return self.taped.desk

    @property
    def runner(self) -> Runner:
        """Return what lives the day."""
        return self.taped.desk.runner

    def deepest_queue(self) -> int:
        """Return the most broker calls that waited for their turn since this was asked last."""
        return self.pacer.deepest_queue() if isinstance(self.pacer, SharedPacer) else 0

    async def __aenter__(self) -> KiteRun:
        living = asyncio.current_task()
        for work in (self._attend, *self.beside):
            task = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: _end_with(done, living))
            self._tasks.append(task)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.taped.end()
        finally:
            if isinstance(self.pacer, SharedPacer):
                await self.pacer.close()
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def _attend(self) -> None:
        """Look after the login while the run is lived; asking is done in another thread."""
        while True:
            self.login.attend(self.desk)
            await asyncio.sleep(_ATTEND_SECONDS)


def _end_with(done: asyncio.Future[None], living: asyncio.Task[object] | None) -> None:
    """End the run with what went on beside it, where that failed."""
    if not done.cancelled() and done.exception() is not None and living is not None:
        living.cancel()


@dataclass(frozen=True, slots=True)
class Rim:
    """Where a run touches the world: its journal, what comes from outside, its time."""

    journal: Journal
    outside: Outside
    wall: Wall


def kite_run(day: TapedDay, run: Run, rim: Rim) -> KiteRun:
    """Return a run ready to be lived in the desk's login; without one it waits for that.

    Only a LIVE run has a broker and a pacer. Raises `NotLiveError` for a LIVE one that was not
    opened through the gate, and as `taped_desk`.
    """
    pacer = None
    if run.mode == RunMode.LIVE.value:
        check_live_run(run)
        pacer = kite_pacer(settings.KITE_API_KEY, Wall(), ORDER_PATIENCE)
    login = login_watch(timezone.now)
    bands = bands_of_day(day)
    stand = stand_of(access_in(login), rim.journal, bands.around(rim.outside), pacer)
    taped = taped_desk(day, stand, rim.wall)
    return KiteRun(taped, login, pacer, (kept_bands(bands, taped),))


def login_watch(now: Callable[[], datetime]) -> LoginWatch:
    """Return a watch over the desk's login that begins with the one there is, if any.

    `now`: the moment at which a login has to be good.
    """

    def find() -> Access:
        return broker_login.access(now())

    try:
        return LoginWatch(find(), find)
    except NoSessionError:
        return LoginWatch(None, find)


def access_in(login: LoginWatch) -> KiteAccess:
    """Return how Kite is reached in a login; without one it refuses until there is one."""
    held = login.held
    return access_of(settings.KITE_API_KEY, "" if held is None else held.access_token)


def stand_of(
    access: KiteAccess, journal: Journal, outside: Outside, pacer: Budgeted | None
) -> Stand:
    """Return what stands a desk up: on paper without a pacer, else with Kite's broker."""
    if pacer is None:
        return lambda day, wall: kite_paper_desk(day, access, journal, outside, wall)
    return lambda day, wall: kite_live_desk(day, access, journal, outside, (wall, pacer))
