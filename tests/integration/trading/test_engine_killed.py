"""The engine as a process of its own, killed in mid-day and started again, ten times."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.tape import TapeReader
from tests.integration.trading.test_recorder_killed import ROOT, database_url
from tests.made_day import made_day
from trading import selectors
from trading.config import Config
from trading.journal import read_records
from trading.models import Run
from trading.paper_day import open_run, report_of
from trading.recorder import Recorder
from trading.research.audit_replay import decision_hash
from trading.services.seed import seed

KILLS = 10


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("day"))


def opened(day: BuiltDay, folder: Path) -> Run:
    account = seed(by="tests").account
    return open_run(account, Config(), TapeReader(day.tape_path), "made", folder)


def engine(run: Run, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": database_url()}
    command = [sys.executable, "manage.py", "trade", "--run", run.code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def wait_until_it_has_grown(path: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and (not path.exists() or path.stat().st_size < size):
        time.sleep(0.001)


def books(run: Run) -> list[tuple[object, ...]]:
    """Return what the journal says was traded and booked, without the run's own ids."""
    wanted = ("at", "plan_id", "instrument", "side", "quantity", "price", "amount", "balance")
    return [
        (record.kind, *(record.body.get(name) for name in wanted))
        for record in read_records(Path(run.journal_path))
        if record.kind in ("FillNoted", "LedgerNoted")
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_kills_in_mid_day_change_nothing(transactional_db, day: BuiltDay, tmp_path: Path):
    undisturbed = opened(day, tmp_path / "undisturbed")
    assert engine(undisturbed).wait() == 0
    whole = Path(undisturbed.journal_path).stat().st_size
    sizes = sorted(random.Random(7).randrange(1_000, whole - 1_000) for _ in range(KILLS))

    run = opened(day, tmp_path / "killed")
    path = Path(run.journal_path)
    kills = 0
    for size in sizes:
        process = engine(run)
        wait_until_it_has_grown(path, size, process)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    assert engine(run).wait() == 0

    assert kills >= KILLS - 1
    assert decision_hash(path) == decision_hash(Path(undisturbed.journal_path))
    assert books(run) == books(undisturbed)
    Recorder(run).catch_up()
    run = selectors.run_by_code(run.code)
    report = report_of(run, wall_s=0.0)
    assert report.findings == ()
    assert report.flat
    assert report.working_orders == 0
    assert report.ledger_gap_inr == 0
