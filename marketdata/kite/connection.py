"""One connection kept up: opened, subscribed, watched, and opened again for as long as it takes.

When it may be tried is said by what it is given; the pure judgements are in `liveness.py`,
`backoff.py` and `subscriptions.py`, and several connections together make a `ticker.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketdata.kite.access import SocketLogin
from marketdata.kite.layout import Mode
from marketdata.kite.link import Link, LinkFailed, LoginRefused
from marketdata.kite.liveness import Pulse, Verdict
from marketdata.kite.news import Connected, Gap, Lost, NeedsLogin
from marketdata.kite.reception import Reception
from marketdata.kite.subscriptions import changes
from marketdata.kite.ticker_settings import Common


@dataclass(frozen=True, slots=True)
class _Ended:
    """Why a socket ended, and how many seconds it stood."""

    reason: str
    stood: float


class Connection:
    """One of a ticker's connections; `run` keeps it up until it is cancelled."""

    def __init__(self, number: int, common: Common) -> None:
        self._number = number
        self._common = common
        self._want: dict[int, Mode] = {}
        self._woken = asyncio.Event()
        self._heard_at: datetime | None = None

    @property
    def wanted(self) -> Mapping[int, Mode]:
        """Return what this connection is to carry."""
        return self._want

    def want(self, tokens: Mapping[int, Mode]) -> None:
        """Carry exactly these from now on, also after every reconnection."""
        self._want = dict(tokens)
        self._woken.set()

    async def run(self) -> None:
        """Open the socket, live with it, open it again; waits between tries grow to a limit."""
        rim, backoff = self._common.rim, self._common.settings.backoff
        failures = 0
        while True:
            login = await self._common.access.granted()
            while not self._common.hours.in_session(rim.clock.now()):
                await rim.sleep(self._common.settings.watch_every)
            ended = await self._once(login)
            failures = backoff.failures(failures, ended.stood)
            self._common.counts.failed += 1
            self._common.inbox.say(Lost(rim.clock.now(), self._number, ended.reason))
            await rim.sleep(backoff.wait(failures, rim.chance()))

    async def _once(self, login: SocketLogin) -> _Ended:
        """Open one socket and live with it to its end."""
        rim = self._common.rim
        self._woken.clear()
        reception = Reception(self._common, login, self._woken)
        try:
            link = await rim.open_link(login.url(), reception, self._common.settings.connect_within)
        except LoginRefused as error:
            if self._common.access.refuse(login):
                self._common.inbox.say(NeedsLogin(rim.clock.now()))
            return _Ended(str(error), 0.0)
        except LinkFailed as error:
            return _Ended(str(error), 0.0)
        began = rim.seconds()
        try:
            self._common.counts.opened += 1
            self._common.inbox.say(Connected(rim.clock.now(), self._number))
            reason = await self._attend(link, reception)
            return _Ended(reason, rim.seconds() - began)
        finally:
            reception.shut()
            link.close()
            self._heard_at = reception.heard_at or self._heard_at

    async def _attend(self, link: Link, reception: Reception) -> str:
        """Subscribe and watch one socket until it must be given up; return why."""
        reception.pulse.forgive(self._common.rim.seconds())
        have: dict[int, Mode] = {}
        await self._subscribe(link, reception, have)
        if not reception.reason:
            self._tell_gap()
        while not reception.reason:
            await self._pause()
            await self._subscribe(link, reception, have)
            match self._judge(reception.pulse):
                case Verdict.SILENT:
                    return reception.reason or "silent"
                case Verdict.UNANSWERED:
                    return reception.reason or "ping unanswered"
                case Verdict.PING:
                    reception.pulse.pinged(self._common.rim.seconds())
                    link.send_ping()
                case Verdict.WELL:
                    pass
        return reception.reason

    async def _subscribe(self, link: Link, reception: Reception, have: dict[int, Mode]) -> None:
        """Tell the server what is wanted, as far as it takes it.

        Between two commands the reader has its turn; what has no room now is told at the next
        look, so that a server that reads nothing can't keep the watch from its work.
        """
        while have != self._want:
            for change in changes(have, dict(self._want), self._common.settings.limits):
                if reception.reason or not link.has_room:
                    return
                link.send_text(change.text)
                change.apply(have)
                await self._common.rim.sleep(0)

    def _judge(self, pulse: Pulse) -> Verdict:
        now = self._common.rim.seconds()
        if not self._common.hours.in_session(self._common.rim.clock.now()):
            pulse.forgive(now)
        return pulse.judge(now)

    def _tell_gap(self) -> None:
        since, self._heard_at = self._heard_at, self._common.rim.clock.now()
        if since is not None:
            self._common.inbox.say(Gap(since, self._heard_at, self._number))

    async def _pause(self) -> None:
        """Wait until it is time to look again, or something asks for a look."""
        asleep = asyncio.ensure_future(self._sleep())
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({asleep, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            woken.cancel()
        self._woken.clear()

    async def _sleep(self) -> None:
        await self._common.rim.sleep(self._common.settings.watch_every)
