"""A whole paper session from prices to checked books: its run, its two processes, its verdict.

The engine process is `worker.py`; what is checked afterwards reads only what was persisted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from marketdata.feed import KeptTape
from trading import selectors
from trading.bootstrap import history_of, screen_of, setup_of
from trading.bootstrap_tapes import is_raw, open_tape, warmup_path
from trading.config import KIND, Config, document_of
from trading.day_checks import Finding, findings
from trading.engine.core import Engine
from trading.engine.settings import EngineSetup
from trading.iv_before import with_iv_history
from trading.models import Account, Position, Run, RunMode
from trading.research.audit_replay import ReplayReport, audit_replay
from trading.run_desks import bans_of, config_of, events_of
from trading.services import config_versions, instruments, runs
from trading.services.ban_list import ban_list_of_practice

_RESTARTS = 5


class DayFailedError(Exception):
    """A process of the day ended badly and could not be brought back."""


@dataclass(frozen=True, slots=True)
class DayReport:
    """One session, as it goes into `day.json`, and everything found wrong with it."""

    date: date
    source: str
    signals: int
    decisions: int
    trades: int
    flat: bool
    working_orders: int
    ledger_gap_inr: Decimal
    net_inr: Decimal
    decision_hash: str
    wall_s: float
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report's figures under their public names."""
        return {
            "date": self.date.isoformat(),
            "source": self.source,
            "signals": self.signals,
            "decisions": self.decisions,
            "trades": self.trades,
            "flat": self.flat,
            "working_orders": self.working_orders,
            "ledger_gap_inr": str(self.ledger_gap_inr),
            "decision_hash": self.decision_hash,
            "wall_s": round(self.wall_s, 2),
        }


def open_run(account: Account, config: Config, tape: KeptTape, source: str, folder: Path) -> Run:
    """Create the run of a tape's day: instruments, configuration, ban list, journal's place.

    A raw tape is one that is yet to be written.
    """
    head = tape.head
    version = config_versions.store(kind=KIND, document=document_of(config), author="day")
    config_versions.activate(version=version, author="day", reason="the day is run under it")
    instruments.sync(instruments=head.instruments, on=head.date, source=head.made_by)
    bans = ban_list_of_practice(on=head.date, source=source, by="day")
    code = runs.new_code()
    folder.mkdir(parents=True, exist_ok=True)
    return runs.start(
        spec=runs.RunSpec(
            account=account,
            mode=RunMode.PAPER,
            date=head.date,
            source=source,
            config_version=version,
            tape_path=str(tape.path),
            tape_sha256="" if is_raw(tape.path) else tape.sha256,
            journal_path=str(folder / f"{head.date}-{code}.journal"),
            code=code,
            banned=tuple(bans.symbols),
        ),
        by="day",
    )


def trade_day(run: Run, *, manage: Sequence[str]) -> DayReport:
    """Trade a run in an engine process, record it in another, and judge what was persisted.

    `manage`: how to call the project's commands. An engine that dies is started again and
    recovers. Raises `DayFailedError`.
    """
    began = time.monotonic()
    recorder = subprocess.Popen(
        [*manage, "record", "--run", run.code, "--follow", "--no-broadcast"]
    )
    try:
        _run_engine(run, manage)
        if recorder.wait(timeout=120):
            raise DayFailedError(f"run {run.code}: the recorder ended with {recorder.returncode}")
    finally:
        if recorder.poll() is None:
            recorder.kill()
            recorder.wait()
    wall = time.monotonic() - began
    return report_of(selectors.run_by_code(run.code), wall)


def _run_engine(run: Run, manage: Sequence[str]) -> None:
    for _ in range(_RESTARTS):
        code = subprocess.call([*manage, "trade", "--run", run.code])
        if code == 0:
            return
        if code > 0:
            raise DayFailedError(f"run {run.code}: the engine ended with {code}")
    raise DayFailedError(f"run {run.code}: the engine was killed {_RESTARTS} times")


def report_of(run: Run, wall_s: float) -> DayReport:
    """Return what a finished run came to, from its rows and its journal."""
    counts = selectors.counts(run)
    tape = open_tape(Path(run.tape_path))
    config = config_of(run)
    setup = session_setup(run, config, tape)
    replay = replay_of(run, tape, setup, config)
    last = selectors.last_equity(run)
    held = Position.objects.filter(run=run, opened_quantity__gt=0)
    return DayReport(
        date=run.date,
        source=run.source,
        signals=counts.signals,
        decisions=counts.decisions,
        trades=held.count(),
        flat=counts.open_positions == 0,
        working_orders=counts.working_orders,
        ledger_gap_inr=selectors.ledger_gap(run),
        net_inr=last.equity - config.capital_inr if last else Decimal(0),
        decision_hash=run.decision_hash,
        wall_s=wall_s,
        findings=findings(run, config, setup, replay),
    )


def session_setup(run: Run, config: Config, tape: KeptTape) -> EngineSetup:
    """Return what the engine of a run started with, in the run's own mode."""
    setup = setup_of(config, tape.head, run.code, banned=bans_of(run), events=events_of(run))
    setup = with_iv_history(setup, warmup_path(tape.path))
    return replace(setup, live=run.mode == RunMode.LIVE.value)


def replay_of(run: Run, tape: KeptTape, setup: EngineSetup, config: Config) -> ReplayReport:
    """Handle the recorded inbox of a run again. Raises `ReplayError` where it comes out else."""
    engine = Engine(setup)
    folder = warmup_path(tape.path)
    if folder is not None:
        engine.warm(history_of(setup, folder))
    screen = screen_of(setup, config, tape.head)
    return audit_replay(Path(run.journal_path), tape, engine, screen)


def manage_command(root: Path) -> list[str]:
    """Return how this interpreter calls the project's commands."""
    return [sys.executable, str(root / "manage.py")]
