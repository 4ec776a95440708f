"""The engine process of one run: its lease, its journal, its ears, and the loop they surround.

What stands together in a run is said by `bootstrap.py`; nothing is decided here.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from marketdata.feed import Pace, TapeFeed
from marketdata.tape import TapeReader
from trading import leader, selectors
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.config import Config, read
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.engine.runner import Runner
from trading.journal import JournalFile
from trading.models import Run, RunState
from trading.research.audit_replay import decision_hash
from trading.services import commands, runs

LEASE = timedelta(seconds=30)
_RENEW_SECONDS = 10.0
_LISTEN_SECONDS = 0.25
_SHOW_SECONDS = 0.2


class LostLeaseError(Exception):
    """Another engine may hold the account's lease now; this one must not send orders."""


@dataclass(slots=True)
class Ears:
    """Listens, beside the loop, for commands, and keeps the lease alive.

    Its thread has a database connection of its own; what it hears waits in `heard`.
    """

    run: Run
    lease: leader.Lease
    heard: deque[tuple[int, str, str, str, str]] = field(default_factory=deque)
    renewed_at: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Poll until stopped; a database that is away is asked again."""
        after = 0
        try:
            while not self._stop.wait(_LISTEN_SECONDS):
                for command in commands.pending(self.run, after):
                    after = command.pk
                    self.heard.append(
                        (
                            command.pk,
                            command.kind,
                            command.issued_by,
                            command.reason,
                            command.subject,
                        )
                    )
                if time.monotonic() - self.renewed_at > _RENEW_SECONDS and leader.renew(self.lease):
                    self.renewed_at = time.monotonic()
        finally:
            connection.close()

    def stop(self) -> None:
        """End the thread soon."""
        self._stop.set()

    def inputs(self, at: datetime) -> Sequence[CommandIssued | ConditionChanged]:
        """Return what was heard since the last call, as of engine time `at`."""
        events = []
        while self.heard:
            number, kind, by, reason, subject = self.heard.popleft()
            events.append(CommandIssued(at, number, CommandKind(kind), by, reason, subject))
        return events

    def fence(self) -> None:
        """Raise `LostLeaseError` unless the lease is certainly still ours."""
        if time.monotonic() - self.renewed_at > LEASE.total_seconds():
            raise LostLeaseError(f"run {self.run.code}: the lease was not renewed in time")


Show = Callable[[datetime, Engine], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Calls `show` at most a few times a second of real time."""

    show: Show
    _last: list[float] = field(default_factory=lambda: [0.0])

    def tell(self, at: datetime, engine: Engine) -> None:
        """Show how far the run is, if it is time to."""
        now = time.monotonic()
        if now - self._last[0] >= _SHOW_SECONDS:
            self._last[0] = now
            self.show(at, engine)


def trade(run_code: str, *, speed: float | None, show: Show) -> Engine:
    """Trade one paper run from where its journal ends to the close of its day.

    Raises `UnknownRunError`, `LeaseTakenError`, `JournalBusyError`, `DivergenceError`.
    """
    run = selectors.run_by_code(run_code)
    journal = JournalFile(Path(run.journal_path))
    holder = f"{socket.gethostname()[:60]}:run {run.code}"
    lease = leader.acquire(run.account, holder, LEASE)
    run = runs.resume(run=run, fencing_token=lease.token, by="engine")
    ears = Ears(run, lease)
    listener = threading.Thread(target=ears.listen, daemon=True)
    listener.start()
    try:
        runner = _runner(run, journal, ears, Progress(show), speed)
        asyncio.run(runner.run(_head(run), runner.engine.setup.closes_at))
        journal.close()
    finally:
        ears.stop()
        listener.join()
    runs.finish(
        run=run,
        by="engine",
        decision_hash=decision_hash(Path(run.journal_path)),
        state=RunState.FINISHED,
    )
    leader.release(lease)
    return runner.engine


def config_of(run: Run) -> Config:
    """Return the configuration a run was started under."""
    return read(json.loads(run.config_version.document))


def day_of(run: Run, *, speed: float | None) -> PaperDay:
    """Return the day a run trades: its tape, what came before, and its configuration."""
    tape = TapeReader(Path(run.tape_path))
    pace = None if speed is None else Pace(speed, time.monotonic, asyncio.sleep)
    return PaperDay(
        config=config_of(run),
        feed=TapeFeed(tape, pace),
        warmup=warmup_path(tape.path),
        run_code=run.code,
        run_number=run.pk,
    )


def warmup_path(tape: Path) -> Path | None:
    """Return the folder of bars before a tape's day, beside the tape; None where there is none."""
    folder = tape.with_name(tape.name.removesuffix(".gz").removesuffix(".tape") + ".warmup")
    return folder if folder.is_dir() else None


def _runner(
    run: Run, journal: JournalFile, ears: Ears, progress: Progress, speed: float | None
) -> Runner:
    engines: list[Engine] = []

    def inputs(at: datetime) -> Sequence[CommandIssued | ConditionChanged]:
        progress.tell(at, engines[0])
        return ears.inputs(at)

    runner = paper_runner(day_of(run, speed=speed), journal, Outside(inputs, ears.fence))
    engines.append(runner.engine)
    return runner


def _head(run: Run) -> dict[str, Any]:
    return {
        "run": run.code,
        "date": run.date.isoformat(),
        "tape": run.tape_path,
        "tape_sha256": run.tape_sha256,
        "config_sha256": run.config_version.sha256,
    }
