"""Reading from Kite in a task or a command: with the desk's login, within the account's budgets.

What is asked is the services' business; the readers themselves are put together in
`bootstrap_kite.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.conf import settings

from marketdata.calendar import IST
from marketdata.dump_checks import fetch_files
from marketdata.instruments import Exchange
from marketdata.live_universe import LiveUniverse
from marketdata.pacing import LocalPacer, Patience, budgets_on
from marketdata.sources import LoginWanted
from trading.bootstrap_kite import KiteAccess, KiteData, Wall, is_practice, kite_data
from trading.rate_limits import SharedPacer, Timing, connect
from trading.services import broker_login
from trading.services.live_day import LivePlan, live_universe
from trading.services.share_ranks import share_ranks

_PATIENCE = Patience(urgent=30.0, normal=30.0)
"""Nobody waits for these reads; they give way to whoever trades."""


def kite_access(at: datetime) -> KiteAccess:
    """Return the desk's login at the broker. Raises `NoSessionError`."""
    login = broker_login.access(at)
    return access_of(login.api_key, login.access_token)


def access_of(api_key: str, access_token: str) -> KiteAccess:
    """Return how Kite is reached with a token; an empty one is refused by Kite itself."""
    return KiteAccess(
        api_key,
        access_token,
        settings.KITE_ROOT,
        settings.KITE_WS_ROOT,
        algo_id=settings.ALGO_ID,
    )


def kite_pacer(api_key: str, wall: Wall, patience: Patience) -> SharedPacer | LocalPacer:
    """Return the pacer of an account, shared with all other processes where there is a Redis."""
    budgets = budgets_on(wall.clock.now().astimezone(IST).date())
    if not settings.REDIS_URL:
        return LocalPacer(budgets, wall.clock.now, wall.sleep, patience)
    timing = Timing(wall.clock.now, wall.sleep, patience)
    return SharedPacer(connect(settings.REDIS_URL), api_key, budgets, timing)


@asynccontextmanager
async def kite_reading(access: KiteAccess) -> AsyncIterator[KiteData]:
    """Open readers of a session; they share the account's budgets with all other processes."""
    wall = Wall()
    pacer = kite_pacer(access.api_key, wall, _PATIENCE)
    data = kite_data(access, pacer, wall)
    try:
        yield data
    finally:
        data.close()
        if isinstance(pacer, SharedPacer):
            await pacer.close()


@dataclass(frozen=True, slots=True)
class KiteMorning:
    """The morning's questions to Kite, each in a loop of its own; a `Morning` of `premarket.py`.

    `history`: the folder of bars by which shares are ranked.
    """

    now: Callable[[], datetime]
    history: Path

    @property
    def is_practice(self) -> bool:
        """Say whether this is a Kite of our own, with a market as small as it likes."""
        return is_practice(settings.KITE_ROOT)

    def files(self) -> Mapping[Exchange, bytes]:
        """Return the instrument files. Raises `SourceFailed`."""
        return asyncio.run(_files(self._access()))

    def universe(self, plan: LivePlan) -> LiveUniverse:
        """Return what a plan watches, shares ranked. Raises `SourceFailed`, `LiveDayError`."""
        ranks = share_ranks(plan.listed, plan.day, plan.settings, self.history)
        return asyncio.run(_universe(self._access(), replace(plan, traded_value=ranks)))

    def _access(self) -> KiteAccess:
        try:
            return kite_access(self.now())
        except broker_login.NoSessionError as error:
            raise LoginWanted(str(error)) from error


async def _files(access: KiteAccess) -> Mapping[Exchange, bytes]:
    async with kite_reading(access) as data:
        return await fetch_files(data.instruments)


async def _universe(access: KiteAccess, plan: LivePlan) -> LiveUniverse:
    async with kite_reading(access) as data:
        return await live_universe(plan, data.quotes)
