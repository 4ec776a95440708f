"""The recorder as a process of its own, killed without a word while its transaction is open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from tests.integration.trading.journal_day import whole_day, written
from tests.integration.trading.test_recorder import snapshot
from trading.models import RecorderPosition, Run
from trading.recorder import Recorder

ROOT = Path(__file__).resolve().parents[3]


def database_url() -> str:
    """Return the address of the test's own database, for another process."""
    held = connection.settings_dict
    user = f"{quote(held['USER'])}:{quote(held['PASSWORD'])}"
    return f"postgresql://{user}@{held['HOST']}:{held['PORT']}/{held['NAME']}"


def recording(run: Run) -> subprocess.Popen[bytes]:
    """Start `record --follow` for the run."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "aitrapp.settings.test"),
    }
    command = [sys.executable, "manage.py", "record", "--run", run.code, "--follow"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'trading_position'::regclass"
        )
        return cursor.fetchone()[0] > 0


def kill_in_mid_transaction(run: Run) -> None:
    """Hold the recorder up between two tables of one batch, and kill it there."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE trading_position IN EXCLUSIVE MODE")
        process = recording(run)
        while not somebody_waits_for_a_lock():
            assert process.poll() is None, "the recorder ended before it could be killed"
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_for_real_the_recorder_goes_on_and_doubles_nothing(transactional_db, run: Run):
    day = whole_day(trades=4)
    half = len(day) // 2
    path = written(Path(run.journal_path), day[:half])

    kill_in_mid_transaction(run)
    after_the_kill = RecorderPosition.objects.filter(run=run, seq__gt=0).count()
    process = recording(run)
    written(path, day[half:])
    code = process.wait(timeout=60)

    assert (after_the_kill, code) == (0, 0)
    followed = snapshot()
    with transaction.atomic():
        forget()
        Recorder(run).catch_up()
        assert snapshot() == followed
        transaction.set_rollback(True)


def forget() -> None:
    """Remove what was projected, so that it can be projected again from zero."""
    tables = (
        *("alert", "command", "equitypoint", "fill", "ledgerentry", "leg", "orderevent"),
        *("planevent", "position", "riskevent", "statechange", "order", "plan", "decision"),
        *("ranking", "signal", "recorderposition"),
    )
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM trading_{table}")
