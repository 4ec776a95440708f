"""A day on Kite as the desk's processes live it, before a kitesim in lockstep.

The morning's task, the opening of the day and the engine's worker are the desk's own; only the
wall's time is that of the frames, so that a day takes seconds and comes out the same each time.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import connections
from django.utils import timezone

from execution.kitesim.faults import FaultKind, FaultRule
from marketdata.calendar import IST
from marketdata.clock import EventClock
from marketdata.live_universe import LiveUniverseSettings
from marketdata.tape import TapeReader
from tests.contracts.kite.lockstep import LockstepDay, Sockets, until
from trading.bootstrap_kite import KiteDesk, Wall
from trading.bootstrap_login import login_door
from trading.config import KIND, Config, document_of
from trading.kite_day import DayWish, open_kite_day
from trading.kite_reading import KiteMorning
from trading.kite_run import KiteRun
from trading.made_days import make_day
from trading.models import Account, BrokerSession, Mode, ModeChange, Run
from trading.services import broker_login, config_versions
from trading.services.ban_list import store_ban_list
from trading.services.premarket import Sources, premarket_sync
from trading.services.seed import seed
from trading.services.task_runs import Occasion
from trading.worker import DeskWorker, Trading

DAY = date(2026, 10, 6)
SYNCS_AT = datetime(2026, 10, 6, 8, 30, tzinfo=IST)
OPENS_AT = datetime(2026, 10, 6, 8, 50, tzinfo=IST)
SEED, SECONDS_PER_TICK = 1, 20
_ALL_DAY = 86_400.0
_STALE_AFTER = 30.0
"""Seconds after which a price is too old to enter at, above those between two ticks."""
WATCH = LiveUniverseSettings(
    stocks=20,
    least_traded_value=0.0,
    traded_sessions=4,
    needs_derivatives=False,
    chain_days=0,
)
READS, ORDERS, CHANGES = "GET /orders", "POST /orders/*", "PUT /orders/*"
_COUNTED = tuple(
    FaultRule(FaultKind.SLOW_ANSWER, subject=subject) for subject in (READS, ORDERS, CHANGES)
)
"""Answers that are late by nothing: kitesim counts them."""

Hook = Callable[["KiteDeskDay", KiteDesk, int], Awaitable[None]]


class LoopRounds:
    """Counts how often the loop of a worker asked what came from outside."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading

    @property
    def number(self) -> float:
        """Return a number that grows with each time."""
        return self._trading.ears.pulse.told_at or 0.0


@dataclass(slots=True)
class KiteDeskDay(LockstepDay):
    """One day from the morning to the close; `hook` is awaited before each frame, by its number.

    `desk` and `run` are those of the day, once it is traded. `logs_in_late`: nobody is logged in
    when the engine begins; a person is as soon as it has been refused. The day lasts a few real
    seconds in which no book can be read often enough, so that its age refuses nothing.
    """

    logs_in_late: bool = False
    settings: Any = None
    hook: Hook | None = None
    run: Run | None = None
    desk: KiteDesk | None = None
    sockets: Sockets = field(default_factory=Sockets)
    clock: EventClock = field(default_factory=lambda: EventClock(OPENS_AT))

    async def trade(self, mode: Mode) -> Run:
        """Open the day in a mode, let the worker trade it, and return the run that is over."""
        async with self.sim:
            self.sim.backend.faults.replace(_COUNTED)
            self._point_to_it()
            self.run = await sync_to_async(self._open)(mode)
            if self.logs_in_late:
                await sync_to_async(BrokerSession.objects.all().delete)()
            worker = self._worker(self.run.account)
            handling = asyncio.ensure_future(worker.handle())
            try:
                await _unless(handling, self._lived(worker))
            finally:
                handling.cancel()
                await asyncio.wait({handling})
        run = await sync_to_async(_run_of)(self.run.code)
        await sync_to_async(connections.close_all)()
        return run

    def _have_book_read(self, desk: KiteDesk, at: datetime) -> None:
        """Leave it to the desk, whose calls keep to the budgets of real time."""

    def _point_to_it(self) -> None:
        """Make kitesim the desk's Kite."""
        keys, told = self.sim.keys, self.settings
        told.KITE_API_KEY, told.KITE_API_SECRET = keys.api_key, keys.api_secret
        told.KITE_ROOT, told.KITE_WS_ROOT = self.sim.root, self.sim.ws_root

    def log_in(self) -> None:
        """Log the desk in, as the console does when a person comes back from the broker's page."""
        broker_login.log_in(
            request_token=self.sim.request_token(),
            door=login_door(broker_login.app_keys()),
            by="tests",
            at=timezone.now(),
        )

    def struck(self, subject: str) -> int:
        """Return how many requests of a kind have come to kitesim."""
        return sum(n for rule, n in self.sim.backend.faults.struck() if rule.subject == subject)

    async def blind_frames(self, number: int) -> None:
        """Let the market go on while the desk hears nothing of it."""
        for _ in range(number):
            frame = self.sim.backend.market.peek()
            assert frame is not None
            self.clock.set(frame.at)
            await self.sim.step()

    def _open(self, mode: Mode) -> Run:
        account = seed(by="tests").account
        version = config_versions.store(
            kind=KIND, document=document_of(self.config), author="tests"
        )
        config_versions.activate(version=version, author="tests", reason="a test")
        store_ban_list(symbols=(), on=DAY, source="tests", by="tests")
        history = self.folder / "history"
        if self.warmup is not None:
            shutil.copytree(self.warmup, history)
        self.log_in()
        occasion = Occasion(
            name="premarket_sync", due_at=SYNCS_AT, at=SYNCS_AT, run=None, safety=False
        )
        broker = KiteMorning(timezone.now, history)
        synced = premarket_sync(
            occasion, Sources(dump=None, ban_list=None, broker=broker, watch=WATCH)
        )
        assert "instruments: " in synced.detail
        if mode is Mode.LIVE:
            made_live(account)
        return open_kite_day(day_wish(account, self.folder))

    def _worker(self, account: Account) -> DeskWorker:
        wall = Wall(clock=self.clock, open_link=self.sockets.open)
        return DeskWorker(account, get_channel_layer(), tempo=None, show=lambda *_: None, wall=wall)

    async def _lived(self, worker: DeskWorker) -> None:
        """Drive the day of the run that the worker has taken up, and wait for its end."""
        assert self.run is not None
        await until(lambda: worker.trading is not None)
        trading = worker.trading
        assert trading is not None
        lived = trading.standing.around
        assert isinstance(lived, KiteRun)
        self.desk = lived.desk
        self.clock.set(self.tape.head.session_open)
        await until(lambda: trading.ears.pulse.told_at is not None)
        if self.logs_in_late:
            await until(lambda: bool(lived.desk.refusal))
            await sync_to_async(self.log_in)()
        rounds = LoopRounds(trading)
        await self._drive(lived.desk, self.clock, self.sockets, rounds)
        while (await sync_to_async(_run_of)(self.run.code)).state == "RUNNING":
            await asyncio.sleep(0.05)

    async def _before_frame(self, desk: KiteDesk, number: int) -> None:
        if self.hook is not None:
            await self.hook(self, desk, number)


def made_day_of(folder: Path, settings: Any) -> KiteDeskDay:
    """Return a made day as Kite would list it; `settings` are pointed to its kitesim."""
    made = folder / "made"
    made.mkdir()
    built = make_day(SEED, DAY, made, seconds_per_tick=SECONDS_PER_TICK)
    tape = TapeReader(built.tape_path)
    config = Config()
    limits = replace(
        config.risk, stale_after_seconds=_STALE_AFTER, account_stale_after_seconds=_ALL_DAY
    )
    config = replace(config, risk=limits)
    return KiteDeskDay(tape, built.warmup_path, folder, config, settings=settings)


def day_wish(account: Account, folder: Path) -> DayWish:
    """Return the wish to have the day opened at its hour."""
    return DayWish(account=account, at=OPENS_AT, by="tests", folder=folder, watch=WATCH)


def made_live(account: Account) -> ModeChange:
    """Write down that an account is LIVE, as the gate does when it opens."""
    return ModeChange.objects.create(
        account=account,
        mode=Mode.LIVE.value,
        at=OPENS_AT - timedelta(minutes=5),
        until=timezone.now() + timedelta(days=1),
        by="tests",
        reason="a test",
    )


def _run_of(code: str) -> Run:
    return Run.objects.select_related("account", "config_version").get(code=code)


async def _unless(handling: asyncio.Future[None], work: Awaitable[None]) -> None:
    """Do work for as long as the worker does its own; its failure is ours."""
    doing = asyncio.ensure_future(work)
    await asyncio.wait({handling, doing}, return_when=asyncio.FIRST_COMPLETED)
    if handling.done():
        doing.cancel()
        await asyncio.wait({doing})
        handling.result()
    doing.result()
