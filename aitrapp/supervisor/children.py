"""A process of ours: started so that it cannot outlive us, signalled, ended.

When and how often it is started is decided in `supervision.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from aitrapp.supervisor.accounts import Account
from aitrapp.supervisor.processes import ProcessSpec

NAMED = "AITRAPP_PROCESS"
"""The variable in which a process of ours is told its name; whoever looks at it reads it there."""
_LAUNCH = Path(__file__).with_name("launch.py")
_KEEPER_ENDS_NOW = signal.SIGUSR1
_LOG_LIMIT_BYTES = 5_000_000
_LOG_TAIL_LINES = 12


def launched(
    argv: tuple[str, ...], account: Account | None, orphaned: signal.Signals, *, kept: bool = False
) -> list[str]:
    """Return the command line that runs `argv` as the account and ends it with this process.

    `kept` puts a keeper in between, which ends what the program started, too.
    """
    uid, gid = (str(account.uid), str(account.gid)) if account else ("-", "-")
    wrapper = [sys.executable, "-I", "-S", str(_LAUNCH), "keep" if kept else "become"]
    return [*wrapper, str(os.getpid()), str(int(orphaned)), uid, gid, *argv]


def _opened(log: Path) -> int:
    """Open a log for appending; one that has grown too long becomes `<name>.old` first."""
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(f"{log.name}.old"))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _below(pid: int) -> list[int]:
    """Return everything started below a process, by whichever of its threads, nearest first."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for thread in (Path("/proc") / str(pid) / "task").iterdir():
            children += map(int, (thread / "children").read_text().split())
    return [below for child in children for below in (child, *_below(child))]


class Child:
    """The running process of one spec, or what is left of it."""

    def __init__(self, spec: ProcessSpec) -> None:
        """Start it."""
        self.spec = spec
        spec.before()
        log = None if spec.log is None else _opened(spec.log)
        try:
            self._process = subprocess.Popen(
                launched(spec.argv, spec.account, spec.orphaned, kept=spec.foreground),
                env={**os.environ, **spec.environ, NAMED: spec.name},
                cwd=spec.directory,
                stdin=None if spec.foreground else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=not spec.foreground,
                umask=-1 if spec.foreground else 0o077,
            )
        finally:
            if log is not None:
                os.close(log)

    @property
    def pid(self) -> int:
        """Return the process id: the program's, in the foreground its keeper's."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return None while it runs, then its code: 128 and the signal if one ended it."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def send(self, signum: signal.Signals) -> None:
        """Signal it; nothing happens if it has ended."""
        self._process.send_signal(signum)

    def kill(self) -> None:
        """End it and what it started: through its keeper, or all of its session."""
        if self.spec.foreground:
            self._process.send_signal(_KEEPER_ENDS_NOW)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def is_stopped(self) -> bool:
        """Say whether a signal has stopped it and none has continued it."""
        with contextlib.suppress(OSError):
            status = (Path("/proc") / str(self.pid) / "stat").read_text()
            return status.rpartition(")")[2].split()[0] == "T"
        return False

    def kill_whole(self) -> None:
        """End it and all below it, whatever sessions they have made for themselves.

        A stopped server's children would neither notice its death nor let go of its memory.
        """
        for pid in reversed(_below(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kill()

    def end(self) -> None:
        """Ask it to stop, wait, kill it if it does not."""
        self.send(self.spec.stop)
        try:
            self._process.wait(self.spec.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def last_words(self) -> str:
        """Return the end of its log, for an error message."""
        if self.spec.log is None or not self.spec.log.exists():
            return ""
        lines = self.spec.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_LOG_TAIL_LINES:])
