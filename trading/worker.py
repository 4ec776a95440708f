"""The engine process of one run: its lease, its journal, its ears, and the loop they surround.

What stands together in a run is said by `run_desks.py`; nothing is decided here. `DeskWorker` is
the process that stands by for the runs of an account, one after another.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as wall_time
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import redis
from asgiref.sync import sync_to_async
from channels.worker import Worker
from django.conf import settings
from django.db import close_old_connections

from marketdata.calendar import IST
from marketdata.feed import KeptTape, Pace
from trading import leader, selectors
from trading.bootstrap import Outside
from trading.broadcast_redis import connect
from trading.disk_room import DiskRoom
from trading.ears import Ears
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, ConditionChanged, StrategyOverran
from trading.engine.runner import Runner
from trading.journal import JournalFile
from trading.kill_file import KillFile, listen_for
from trading.metrics_engine import timed
from trading.models import Account, Run, RunState
from trading.pulse import Pulse
from trading.quiet_heap import quiet_heap
from trading.research.audit_replay import decision_hash
from trading.run_desks import RunTime, Standing, snapshots_of, stood_up
from trading.services import runs
from trading.services.nudge import ENGINE_CHANNEL, LOOK
from trading.standing_by import Sign, WaitingEngine
from trading.strategy_watch import StrategyWatch
from trading.takeover import led

if TYPE_CHECKING:
    from trading.bootstrap_kite import Wall

_SHOW_SECONDS = 0.2
_STAND_BY_SECONDS = 0.5

Outer = CommandIssued | ConditionChanged | StrategyOverran
Show = Callable[[datetime, Engine], None]


class LeftError(Exception):
    """The run was left on purpose before its end, between two events."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast a day is lived: seconds of the day per second, from a time of the day on.

    `kept_from`: what lies before it, in India's time, is lived as fast as it goes; None paces
    the whole day.
    """

    speed: float
    kept_from: wall_time | None = None

    def pace(self, tape: KeptTape) -> Pace:
        """Return the pace of a tape's day by this machine's clock."""
        kept = self.kept_from
        begins = None if kept is None else datetime.combine(tape.head.date, kept, tzinfo=IST)
        return Pace(self.speed, time.monotonic, asyncio.sleep, begins)


@dataclass(slots=True)
class Progress:
    """Calls `show` at most a few times a second of real time."""

    show: Show
    _last: float = field(default=0.0)

    def tell(self, at: datetime, engine: Engine) -> None:
        """Show how far the run is, if it is time to."""
        now = time.monotonic()
        if now - self._last >= _SHOW_SECONDS:
            self._last = now
            self.show(at, engine)


@dataclass(frozen=True, slots=True)
class Trading:
    """One run made ready to be traded: open it with `begin`, live it, close it with `end`."""

    run: Run
    standing: Standing
    ears: Ears
    journal: JournalFile
    threads: tuple[threading.Thread, ...]
    kill_file: KillFile

    @property
    def runner(self) -> Runner:
        """Return what lives the run."""
        return self.standing.runner

    async def live(self) -> bool:
        """Trade the run from where its journal ends; say whether to the close of its day.

        A run that is left before lets go of what stands around it; the next engine goes on.
        """
        listen_for(self.kill_file)
        async with self.standing.around:
            try:
                with quiet_heap():
                    await self.runner.run(_head(self.run), self.runner.engine.setup.closes_at)
            except LeftError:
                return False
        return True

    def nudge(self, kind: str) -> None:
        """Look at once for commands, and for what the broker knows where a nudge speaks of it."""
        self.ears.nudge()
        if kind == LOOK:
            self.standing.look()

    def end(self, *, finished: bool | None) -> None:
        """Let everything go; a finished run is sealed with the hash of its decisions.

        `finished`: None where the run was neither finished nor left, but has failed.
        """
        self.ears.stop()
        for thread in self.threads:
            thread.join()
        close_old_connections()
        if finished is None:
            self.journal.let_go()
            return
        self.journal.close()
        if finished:
            digest = decision_hash(Path(self.run.journal_path))
            runs.finish(run=self.run, by="engine", decision_hash=digest, state=RunState.FINISHED)
            snapshots_of(self.run).remove()
        leader.release(self.ears.lease)


def _never(_engine: Engine) -> bool:
    return False


def begin(
    run_code: str,
    *,
    tempo: Tempo | None,
    show: Show,
    wall: Wall | None = None,
    leave: Callable[[Engine], bool] = _never,
) -> Trading:
    """Take the lease, open the journal and build the engine of one run.

    `wall`: the time of a run on Kite's prices, real time if it's None. `leave`: asked between two
    events whether the run shall be left before its end. Raises `UnknownRunError`,
    `LeaseTakenError`, `JournalBusyError`, `JournalCorruptError`, and as `stood_up`.
    """
    run = selectors.run_by_code(run_code)
    journal, lease = led(run, f"{socket.gethostname()[:60]}:run {run.code}")
    with ExitStack() as undo:
        undo.callback(journal.let_go)
        run = runs.resume(run=run, fencing_token=lease.token, by="engine")
        speed = None if tempo is None else tempo.speed
        pulse = Pulse(run.code, _store(), speed)
        ears = Ears(run, lease, pulse, watches=tempo is not None)
        time_of_run = RunTime(None if tempo is None else tempo.pace, wall)
        kill_file = KillFile(Path(run.journal_path).parent)
        told = _Told(ears, Progress(show), kill_file, leave)
        standing = _standing(run, time_of_run, journal, told)
        undo.pop_all()
    threads = tuple(threading.Thread(target=do, daemon=True) for do in (ears.listen, pulse.live))
    for thread in threads:
        thread.start()
    close_old_connections()
    return Trading(run, standing, ears, journal, threads, kill_file)


def trade(run_code: str, *, tempo: Tempo | None, show: Show) -> Engine:
    """Trade one paper run to its end and return the engine. Raises as `begin` and `Runner.run`."""
    trading = begin(run_code, tempo=tempo, show=show)
    finished = None
    try:
        finished = asyncio.run(trading.live())
    finally:
        trading.end(finished=finished)
    return trading.runner.engine


class DeskWorker(Worker):  # type: ignore[misc]
    """A Channels worker that trades an account's runs in its own event loop.

    Messages on its channel are nudges only: a lost one costs a quarter of a second. `trading` is
    the run it is at, None while it stands by; `wall` as in `begin`.
    """

    def __init__(
        self,
        account: Account,
        channel_layer: Any,
        *,
        tempo: Tempo | None,
        show: Show,
        wall: Wall | None = None,
    ) -> None:
        super().__init__(None, [ENGINE_CHANNEL], channel_layer)
        self._account = account
        self._begin = partial(begin, tempo=tempo, show=show, wall=wall)
        self.trading: Trading | None = None

    async def handle(self) -> None:
        """Trade every run of the account as it appears; an error ends the process."""
        listening = asyncio.create_task(self._listen())
        holder = f"{socket.gethostname()[:60]}:waiting {os.getpid()}"
        waiting = WaitingEngine(self._account, holder, Sign("engine", _store()))
        try:
            while True:
                run = await sync_to_async(selectors.next_run)(self._account)
                if run is None:
                    await sync_to_async(waiting.wait)()
                    await asyncio.sleep(_STAND_BY_SECONDS)
                else:
                    await sync_to_async(waiting.end)()
                    await self._trade(run)
        finally:
            listening.cancel()

    async def _trade(self, run: Run) -> None:
        self.trading = trading = await sync_to_async(self._begin)(run.code)
        finished = None
        try:
            finished = await trading.live()
        finally:
            self.trading = None
            await sync_to_async(trading.end)(finished=finished)

    async def _listen(self) -> None:
        """Pass nudges on; without the channel layer commands are still found by polling."""
        while True:
            try:
                message = await self.channel_layer.receive(ENGINE_CHANNEL)
            except (redis.RedisError, OSError):
                await asyncio.sleep(_STAND_BY_SECONDS)
                continue
            if self.trading is not None:
                self.trading.nudge(str(message.get("type", "")))


def _store() -> redis.Redis | None:
    return connect(settings.REDIS_URL) if settings.REDIS_URL else None


@dataclass(frozen=True, slots=True)
class _Told:
    """Who is asked, and told, between two events of a run."""

    ears: Ears
    progress: Progress
    kill_file: KillFile
    leave: Callable[[Engine], bool]


def _standing(run: Run, time: RunTime, journal: JournalFile, told: _Told) -> Standing:
    """Return what lives a run, listening to what its thread and its operator say."""
    ears, kill_file = told.ears, told.kill_file
    engines: list[Engine] = []
    watch = StrategyWatch(perf_counter)

    def inputs(at: datetime) -> Sequence[Outer]:
        engine = engines[0]
        if told.leave(engine):
            raise LeftError
        told.progress.tell(at, engine)
        ears.written = journal.seq
        blocked = engine.breakers.blocked
        killed = kill_file.inputs(at, blocked)
        return (*killed, *watch.overran(at), *ears.inputs(at, blocked))

    standing = stood_up(run, journal, Outside(inputs, ears.fence), time)
    runner = standing.runner
    engines.append(runner.engine)
    runner.engine.time_strategies(watch)
    runner.answer = timed(runner.answer, ears.pulse.samples)
    room = DiskRoom(Path(run.journal_path).parent)
    ears.asks, ears.led = (*standing.asks, room.ask), journal.lead
    ears.pulse.deepest_queue = standing.deepest_queue
    return standing


def _head(run: Run) -> dict[str, Any]:
    return {
        "run": run.code,
        "date": run.date.isoformat(),
        "tape": run.tape_path,
        "tape_sha256": run.tape_sha256,
        "config_sha256": run.config_version.sha256,
    }
