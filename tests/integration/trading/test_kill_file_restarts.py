"""The kill file and engines that come and go: found at the start, obeyed once, never forgotten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from marketdata.tape import TapeReader
from tests.integration.trading.test_engine_killed import engine
from tests.integration.trading.test_paced_engine import SEED_WITH_EARLY_TRADES, SPEED, wait_for
from tests.integration.trading.test_recorder_killed import recording
from trading.config import Config
from trading.journal import read_records
from trading.kill_file import KILL_FILE, write_kill
from trading.made_days import make_day
from trading.paper_day import open_run
from trading.services.broker_book import broker_book
from trading.services.seed import seed


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_file_written_while_the_engine_is_down_is_obeyed_once_over_two_starts(
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
    held = dict(broker_book(path).held)

    file = write_kill(path.parent, by="ann", reason="fire")
    second = engine(run, *SPEED)
    wait_for(path, "StateNoted", state="HALTED")
    second.kill()
    second.wait()
    file.unlink()
    third = engine(run, *SPEED)
    wait_for(path, "ConditionChanged", name=KILL_FILE, good=True)
    for process in (third, recorder):
        process.kill()
        process.wait()

    assert held
    assert broker_book(path).is_flat
    asked = [r.body for r in read_records(path) if r.kind == "CommandIssued"]
    assert [(one["kind"], one["by"], one["reason"]) for one in asked] == [
        ("FLATTEN", "ann", "fire")
    ]
