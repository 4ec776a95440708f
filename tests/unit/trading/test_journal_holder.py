"""Who holds a journal on this machine, told by the system's locks; with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.journal import JournalFile
from trading.journal_holder import QUIET_SECONDS, Holder, holder_of, quiet_seconds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks is Linux's")
HOLD = (
    "import sys, pathlib, signal; from trading.journal import JournalFile; "
    "j = JournalFile(pathlib.Path(sys.argv[1])); print('held', flush=True); signal.pause()"
)


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Return a journal and the process that holds it."""
    path = tmp_path / "day.journal"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield path, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_process_that_holds_a_journal_is_found_and_works(holding):
    path, process = holding

    held = holder_of(path)

    assert held == Holder(path, process.pid)
    assert held.works


def test_a_stopped_process_does_not_work_and_is_ended(holding):
    path, process = holding
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    held = holder_of(path)
    assert held is not None
    assert held.is_stopped
    assert not held.works

    assert held.end(5.0)

    assert process.wait() == -signal.SIGKILL
    JournalFile(path).close()


def test_a_process_that_has_written_nothing_for_long_does_not_work(holding):
    path, _ = holding
    at = time.time() - QUIET_SECONDS - 1
    os.utime(path, (at, at))

    held = holder_of(path)

    assert held is not None
    assert not held.works


def test_a_journal_that_nobody_holds_has_no_holder(tmp_path: Path):
    JournalFile(tmp_path / "day.journal").close()

    assert holder_of(tmp_path / "day.journal") is None
    assert holder_of(tmp_path / "none") is None
    assert quiet_seconds(tmp_path / "none") == float("inf")


def test_a_process_that_is_not_seen_is_no_holder(tmp_path: Path):
    path, locks = tmp_path / "day.journal", tmp_path / "locks"
    path.touch()
    locks.write_text("1: FLOCK  ADVISORY  WRITE 0 00:01:2 0 EOF\n")

    assert holder_of(path, locks) is None


def test_a_process_that_ended_by_itself_has_let_go(tmp_path: Path):
    path = tmp_path / "day.journal"
    path.touch()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert Holder(path, gone.pid).end(1.0)
