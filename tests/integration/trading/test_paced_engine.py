"""The engine process keeping a pace: killed with a position, told to flatten while it is down."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from tests.integration.trading.test_engine_killed import engine
from tests.integration.trading.test_recorder_killed import recording
from trading.config import Config
from trading.engine.events import CommandKind
from trading.journal import Record, read_records
from trading.made_days import make_day
from trading.models import Command, CommandState
from trading.paper_day import open_run
from trading.recorder import Recorder
from trading.selectors import open_positions
from trading.services import commands
from trading.services.seed import seed

SPEED = ("--speed", "1200")
SEED_WITH_EARLY_TRADES = 15
PATIENCE = 120.0


def wait_for(path: Path, kind: str, **wanted: object) -> None:
    """Wait until a record of `kind` whose body holds `wanted` stands in the journal."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if path.exists() and any(_holds(record, kind, wanted) for record in read_records(path)):
            return
        time.sleep(0.1)
    raise AssertionError(f"no {kind} with {wanted} within {PATIENCE} s")


def _holds(record: Record, kind: str, wanted: dict[str, object]) -> bool:
    return record.kind == kind and wanted.items() <= record.body.items()


def moments(path: Path, kind: str) -> list[datetime]:
    return [
        datetime.fromisoformat(record.body["at"])
        for record in read_records(path)
        if record.kind == kind
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_flatten_given_while_the_engine_is_down_is_done_once_it_is_back(
    transactional_db, tmp_path: Path
):
    built = make_day(SEED_WITH_EARLY_TRADES, date(2026, 10, 5), tmp_path, seconds_per_tick=1)
    account = seed(by="tests").account
    run = open_run(account, Config(), TapeReader(built.tape_path), "made", tmp_path)
    path = Path(run.journal_path)

    recorder = recording(run)
    first = engine(run, *SPEED)
    wait_for(path, "PlanMoved", state="OPEN")
    first.kill()
    first.wait()
    wish = commands.issue(kind=CommandKind.FLATTEN, by="tests", reason="drill", run=run)
    second = engine(run, *SPEED)
    wait_for(path, "StateNoted", state="HALTED")
    second.kill()
    second.wait()
    recorder.kill()
    recorder.wait()

    [asked] = moments(path, "CommandIssued")
    [done] = moments(path, "CommandDone")
    assert done == asked
    assert max(moments(path, "FillNoted")) - asked <= timedelta(seconds=2)
    Recorder(run).catch_up()
    wish.refresh_from_db()
    assert (wish.state, Command.objects.count()) == (CommandState.DONE.value, 1)
    assert not open_positions(run).exists()
