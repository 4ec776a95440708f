"""A whole desk under its supervisor, in a folder of its own, whose processes can be harmed.

What is checked of its day is in `faulty_day.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import redis

from aitrapp.supervisor.servers import free_port
from trading.broadcast_keys import health_key

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("web", "worker", "beat", "engine", "recorder", "valkey", "postgres")
MARKS = {
    "web": "aitrapp.asgi",
    "worker": " worker --loglevel",
    "beat": " beat --loglevel",
    "engine": "runengine",
    "recorder": "runrecorder",
    "valkey": "valkey-server",
    "postgres": "bin/postgres",
    "kitesim": "manage.py kitesim",
}
"""What the command line of each process says; a kitesim is there only where it tells the prices."""
OVER = "The day is over"
_LOOK_SECONDS = 0.1
_NEVER = "2000-01-01T00:00:00+00:00"


class DeskError(AssertionError):
    """The desk did not do what was waited for; the text tells its terminal."""


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def _children(pid: int) -> list[int]:
    """Return what the threads of a process have started."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def tree(pid: int) -> list[int]:
    """Return a process and everything below it, the top first."""
    return [pid, *(below for child in _children(pid) for below in tree(child))]


def is_alive(pid: int) -> bool:
    """Say whether a process runs or stands; one that only waits to be reaped does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@dataclass(frozen=True, slots=True)
class Pace:
    """The day a desk trades and how fast: seed, seconds between ticks, speed."""

    seed: int
    seconds: int
    speed: float


class LiveDesk:
    """One desk at work; `close` ends it as Ctrl-C does."""

    def __init__(self, data: Path, pace: Pace, *words: str) -> None:
        """Start it; `words` are further options of `supervisor run`."""
        self.data = data
        self.port = free_port()
        self.process = started_desk(data, pace, self.port, *words)

    @property
    def told(self) -> str:
        """Return what the desk has written to its terminal."""
        return (self.data / "terminal").read_text(errors="replace")

    def processes(self) -> dict[str, int]:
        """Return the process ids of what runs now, by name."""
        found = {}
        for pid in _children(self.process.pid):
            command = _command(pid)
            for name, mark in MARKS.items():
                if mark in command and "launch.py" not in command:
                    found[name] = pid
        return found

    def harm(self, name: str, signum: signal.Signals) -> int:
        """Signal a process; stopping one stops all it has started. Return its id."""
        pid = self.processes()[name]
        whole = signum in (signal.SIGSTOP, signal.SIGCONT)
        for one in tree(pid) if whole else [pid]:
            with suppress(ProcessLookupError):
                os.kill(one, signum)
        return pid

    def wait_until(self, what: str, holds: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Return the first true answer of `holds`; raise `DeskError` naming `what` without one."""
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            if self.process.poll() is not None:
                raise DeskError(f"the desk ended with {self.process.returncode}\n{self.words()}")
            if time.monotonic() > deadline:
                raise DeskError(f"waited {seconds:.0f} s in vain for: {what}\n{self.words()}")
            time.sleep(_LOOK_SECONDS)
        return found

    def words(self) -> str:
        """Return the end of every log, for a failure's message."""
        logs = [self.data / "terminal", *sorted(self.data.glob("*.log"))]
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            for log in logs
        )

    def answer(self, path: str) -> int:
        """Return the status with which the console answers, 0 where it doesn't."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement in the desk's own database; empty while it is away."""
        with suppress(psycopg.Error), psycopg.connect(self.database, connect_timeout=2) as rows:
            return rows.execute(statement).fetchall()
        return []

    @property
    def database(self) -> str:
        """Return the address of the desk's database, as its processes are told it."""
        secret = (self.data / "postgres.password").read_text().strip()
        words = _command(self.processes()["postgres"]).split()
        port = next(word.partition("=")[2] for word in words if word.startswith("port="))
        return f"postgresql://aitrapp:{secret}@127.0.0.1:{port}/aitrapp"

    def recorded(self) -> int:
        """Return the number of the last journal record that has become rows, 0 while unknown."""
        rows = self.query("SELECT max(seq) FROM trading_recorderposition")
        return (rows[0][0] or 0) if rows else 0

    def worker_seen_at(self) -> datetime:
        """Return when the worker last did what beat had sent it every ten seconds."""
        words = Path(f"/proc/{self.processes()['engine']}/environ").read_text().split("\0")
        url = next(word.partition("=")[2] for word in words if word.startswith("REDIS_URL="))
        with suppress(redis.RedisError), redis.from_url(url, socket_timeout=2) as store:
            sign = json.loads(store.get(health_key("worker")) or "{}")
            return datetime.fromisoformat(sign.get("wall_at", _NEVER))
        return datetime.fromisoformat(_NEVER)

    def close(self) -> list[int]:
        """End the desk; return what it left running."""
        family = [pid for pid in tree(self.process.pid) if pid != self.process.pid]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return [pid for pid in family if is_alive(pid)]


def started_desk(data: Path, pace: Pace, port: int, *words: str) -> subprocess.Popen[bytes]:
    """Start `supervisor run` in `data` on a made day, with further words."""
    day = f"synthetic:{pace.seed}:{pace.seconds}"
    return started(data, "--day", day, "--speed", str(pace.speed), "--port", str(port), *words)


def started(data: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start `supervisor run` in `data`; what it says goes to the file `terminal` there."""
    environ = {**os.environ, "DATABASE_URL": "", "REDIS_URL": ""}
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    with (data / "terminal").open("ab") as terminal:
        return subprocess.Popen(
            [sys.executable, "-m", "aitrapp.supervisor", "run", "--data", str(data), *words],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield an empty folder that every user may enter, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="desk-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
