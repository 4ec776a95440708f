"""`make kill` on a whole desk whose database, store, pages and workers stand still."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.faulty_day import Books
from tests.integration.live_desk import OVER, ROOT, LiveDesk, Pace, open_folder
from trading.kill_file import NAME

PACE = Pace(seed=1, seconds=5, speed=300)
AWAY = ("postgres", "valkey", "web", "worker", "beat", "recorder")
SEEN_SECONDS = 2.0
"""A second for the engine, and one for the test to read what it has written."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the supervisor runs on Linux"),
]


def kill(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aitrapp.supervisor", "kill", "--data", str(folder), *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def books_of(desk: LiveDesk) -> Books:
    desk.wait_until("a console", lambda: desk.answer("/health") == 200)
    rows = desk.query("SELECT journal_path FROM trading_run")
    return Books(Path(rows[0][0]))


def commands(books: Books) -> list[dict[str, object]]:
    return [r.body for r in books.read().records if r.kind == "CommandIssued"]


def test_the_desk_is_flattened_with_everything_away_but_the_engine():
    with open_folder() as folder:
        desk = LiveDesk(folder, PACE)
        try:
            books = books_of(desk)
            desk.wait_until("an open position", lambda: books.read().held(), 180.0)
            for name in AWAY:
                desk.harm(name, signal.SIGSTOP)
            asked = kill(folder, "--reason", "drill", "--wait", "15")
            desk.wait_until("the file", lambda: list(folder.rglob(NAME)), 15.0)
            written = time.monotonic()
            desk.wait_until("the engine's answer", lambda: commands(books), SEEN_SECONDS)
            seen = time.monotonic() - written
            told, _ = asked.communicate(timeout=30)
            for name in AWAY:
                desk.harm(name, signal.SIGCONT)
            sys.stdout.write(f"seen after {seen:.2f} s; {told}")

            assert asked.returncode == 0, told
            assert "told process" in told
            assert "flat after" in told
            [command] = commands(books)
            assert (command["kind"], command["reason"]) == ("FLATTEN", "drill")
            assert not books.read().held()
            done = "SELECT state, reason FROM trading_command WHERE id < 0"
            desk.wait_until("the row", lambda: desk.query(done) == [("DONE", "drill")])
            assert OVER not in desk.told
        finally:
            desk.close()
