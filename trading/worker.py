"""The engine process of one run: its lease, its journal, its ears, and the loop they surround.

What stands together in a run is said by `bootstrap.py`; nothing is decided here. `DeskWorker` is
the process that stands by for the runs of an account, one after another.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as wall_time
from pathlib import Path
from typing import Any

import redis
from asgiref.sync import sync_to_async
from channels.worker import Worker
from django.conf import settings
from django.db import close_old_connections

from marketdata.calendar import IST
from marketdata.feed import KeptTape, Pace
from trading import leader, selectors
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.bootstrap_tapes import RAW, open_tape
from trading.broadcast_redis import connect
from trading.config import Config, read
from trading.ears import LEASE, Ears
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, ConditionChanged
from trading.engine.runner import Runner
from trading.journal import JournalFile
from trading.kitesim_hand import SOURCE as KITESIM
from trading.metrics_engine import timed
from trading.models import Account, Run, RunState
from trading.pulse import Pulse
from trading.research.audit_replay import decision_hash
from trading.services import runs
from trading.services.nudge import ENGINE_CHANNEL

_SHOW_SECONDS = 0.2
_STAND_BY_SECONDS = 0.5

Show = Callable[[datetime, Engine], None]


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
    """One run made ready to be traded: open it with `begin`, live it, close it with `end`.

    `around`: what has to stand while it is lived.
    """

    run: Run
    runner: Runner
    around: AbstractAsyncContextManager[object]
    ears: Ears
    journal: JournalFile
    threads: tuple[threading.Thread, ...]

    async def live(self) -> None:
        """Trade the run from where its journal ends to the close of its day."""
        async with self.around:
            await self.runner.run(_head(self.run), self.runner.engine.setup.closes_at)

    def end(self, *, finished: bool) -> None:
        """Let everything go; a finished run is sealed with the hash of its decisions."""
        self.ears.stop()
        for thread in self.threads:
            thread.join()
        close_old_connections()
        if finished:
            self.journal.close()
            digest = decision_hash(Path(self.run.journal_path))
            runs.finish(run=self.run, by="engine", decision_hash=digest, state=RunState.FINISHED)
            leader.release(self.ears.lease)


def begin(run_code: str, *, tempo: Tempo | None, show: Show) -> Trading:
    """Take the lease, open the journal and build the engine of one run.

    Raises `UnknownRunError`, `LeaseTakenError`, `JournalBusyError`, `JournalCorruptError`, for a
    run on a kitesim also as `kitesim_run`.
    """
    run = selectors.run_by_code(run_code)
    journal = JournalFile(Path(run.journal_path))
    holder = f"{socket.gethostname()[:60]}:run {run.code}"
    lease = leader.acquire(run.account, holder, LEASE)
    run = runs.resume(run=run, fencing_token=lease.token, by="engine")
    speed = None if tempo is None else tempo.speed
    pulse = Pulse(run.code, _store(), speed)
    ears = Ears(run, lease, pulse, watches=tempo is not None)
    runner, around = _runner(run, tempo, journal, (ears, Progress(show)))
    threads = tuple(threading.Thread(target=do, daemon=True) for do in (ears.listen, pulse.live))
    for thread in threads:
        thread.start()
    close_old_connections()
    return Trading(run, runner, around, ears, journal, threads)


def trade(run_code: str, *, tempo: Tempo | None, show: Show) -> Engine:
    """Trade one paper run to its end and return the engine. Raises as `begin` and `Runner.run`."""
    trading = begin(run_code, tempo=tempo, show=show)
    finished = False
    try:
        asyncio.run(trading.live())
        finished = True
    finally:
        trading.end(finished=finished)
    return trading.runner.engine


class DeskWorker(Worker):  # type: ignore[misc]
    """A Channels worker that trades an account's runs in its own event loop.

    Messages on its channel are nudges only: a lost one costs a quarter of a second.
    """

    def __init__(self, account: Account, channel_layer: Any, *, tempo: Tempo, show: Show) -> None:
        super().__init__(None, [ENGINE_CHANNEL], channel_layer)
        self._account = account
        self._tempo = tempo
        self._show = show
        self._trading: Trading | None = None

    async def handle(self) -> None:
        """Trade every run of the account as it appears; an error ends the process."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                run = await sync_to_async(selectors.next_run)(self._account)
                if run is None:
                    await asyncio.sleep(_STAND_BY_SECONDS)
                else:
                    await self._trade(run)
        finally:
            listening.cancel()

    async def _trade(self, run: Run) -> None:
        trading = await sync_to_async(begin)(run.code, tempo=self._tempo, show=self._show)
        self._trading = trading
        finished = False
        try:
            await trading.live()
            finished = True
        finally:
            self._trading = None
            await sync_to_async(trading.end)(finished=finished)

    async def _listen(self) -> None:
        """Pass nudges on; without the channel layer commands are still found by polling."""
        while True:
            try:
                await self.channel_layer.receive(ENGINE_CHANNEL)
            except (redis.RedisError, OSError):
                await asyncio.sleep(_STAND_BY_SECONDS)
                continue
            if self._trading is not None:
                self._trading.ears.nudge()


def config_of(run: Run) -> Config:
    """Return the configuration a run was started under."""
    return read(json.loads(run.config_version.document))


def bans_of(run: Run) -> frozenset[str] | None:
    """Return the ban list a run was started under, None for none."""
    return None if run.banned is None else frozenset(run.banned)


def day_of(run: Run, tempo: Tempo | None) -> PaperDay:
    """Return the day a run trades: its tape, what came before, and its configuration."""
    tape = open_tape(Path(run.tape_path))
    return PaperDay(
        config=config_of(run),
        tape=tape,
        pace=None if tempo is None else tempo.pace(tape),
        warmup=warmup_path(tape.path),
        run_code=run.code,
        run_number=run.pk,
        banned=bans_of(run),
    )


def warmup_path(tape: Path) -> Path | None:
    """Return the folder of bars before a tape's day, beside the tape; None where there is none."""
    name = tape.name.removesuffix(".gz").removesuffix(".tape").removesuffix(RAW)
    folder = tape.with_name(name + ".warmup")
    return folder if folder.is_dir() else None


def _store() -> redis.Redis | None:
    return connect(settings.REDIS_URL) if settings.REDIS_URL else None


def _runner(
    run: Run, tempo: Tempo | None, journal: JournalFile, told: tuple[Ears, Progress]
) -> tuple[Runner, AbstractAsyncContextManager[object]]:
    """Return what lives a run, and what has to stand meanwhile."""
    ears, progress = told
    engines: list[Engine] = []

    def inputs(at: datetime) -> Sequence[CommandIssued | ConditionChanged]:
        engine = engines[0]
        progress.tell(at, engine)
        ears.written = journal.seq
        return ears.inputs(at, engine.breakers.blocked)

    runner, around = _stood_up(run, tempo, journal, Outside(inputs, ears.fence))
    engines.append(runner.engine)
    runner.answer = timed(runner.answer, ears.pulse.samples)
    return runner, around


def _stood_up(
    run: Run, tempo: Tempo | None, journal: JournalFile, outside: Outside
) -> tuple[Runner, AbstractAsyncContextManager[object]]:
    if run.source != KITESIM:
        return paper_runner(day_of(run, tempo), journal, outside), nullcontext()
    from trading.bootstrap_practice import PracticeDay
    from trading.kitesim_run import kitesim_run

    path = Path(run.tape_path)
    day = PracticeDay(config_of(run), path, warmup_path(path), run.code, run.pk, bans_of(run))
    # Its session lives by its own day: it is as good as it was when the run was opened.
    lived = kitesim_run(day, run.started_at, journal, outside)
    return lived.runner, lived


def _head(run: Run) -> dict[str, Any]:
    return {
        "run": run.code,
        "date": run.date.isoformat(),
        "tape": run.tape_path,
        "tape_sha256": run.tape_sha256,
        "config_sha256": run.config_version.sha256,
    }
