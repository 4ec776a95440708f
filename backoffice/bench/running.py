"""A desk started for a measurement, beside the servers that the environment names.

What is measured of it stands in the other files of this room.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_SEES_CONSOLE_SECONDS = 2.0


class DeskFailedError(Exception):
    """The desk that was to be measured did not come up; the text ends with what it said."""


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """Which day is traded while it is measured, how fast, and from when at that speed."""

    day: str
    speed: float
    kept_from: str


@dataclass(frozen=True, slots=True)
class MeasuredDesk:
    """A desk at work: where its console answers."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


@contextmanager
def measured_desk(root: Path, folder: Path, day: MeasuredDay) -> Iterator[MeasuredDesk]:
    """Run the desk of the checkout `root`, its files in `folder`. Raises `DeskFailedError`."""
    desk = MeasuredDesk(_free_port())
    words = {
        "--data": str(folder),
        "--day": day.day,
        "--speed": str(day.speed),
        "--from": day.kept_from,
        "--port": str(desk.port),
    }
    terminal = folder / "terminal"
    process = _started(root, terminal, words)
    try:
        _wait_for_console(desk, process, terminal)
        yield desk
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(root: Path, terminal: Path, words: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "aitrapp.supervisor", "run"]
    with terminal.open("wb") as said:
        return subprocess.Popen(
            [*command, *(word for pair in words.items() for word in pair)],
            cwd=root,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def _wait_for_console(desk: MeasuredDesk, process: subprocess.Popen[bytes], terminal: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(f"{desk.url}/login/"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise DeskFailedError(terminal.read_text(errors="replace")[-2_000:])
        time.sleep(_LOOK_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_SEES_CONSOLE_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as place:
        place.bind((HOST, 0))
        return int(place.getsockname()[1])
