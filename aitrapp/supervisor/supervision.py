"""Keeping processes alive: start in order, restart what dies, pass signals on, stop in reverse.

One thread, no polling: it sleeps until a signal or the next restart is due.
"""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from types import TracebackType

from aitrapp.supervisor.children import Child
from aitrapp.supervisor.errors import SupervisorError
from aitrapp.supervisor.processes import ProcessSpec, Restart

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SENT_BY_TERMINAL = 0x80
_START_SECONDS = 60.0
_PROBE_SECONDS = 0.03
_LOOK_SECONDS = 5.0
_FIRST_DELAY_SECONDS = 0.25
_LONGEST_DELAY_SECONDS = 10.0
_SETTLED_SECONDS = 10.0
_STILL_SECONDS = 20.0
"""A process that has been stopped (SIGSTOP) for so long is ended and started again."""
_ATTEMPTS = 8
_FIRST_ATTEMPTS = 4


class Interrupted(Exception):
    """We were told to stop while still starting; `exit_code` is the one to leave with."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def say(text: str) -> None:
    """Tell the person at the terminal, on stderr: stdout belongs to the command."""
    print(f"supervisor: {text}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class _Ward:
    """A child in our care: when it was started, how often in a row it failed, when it is due.

    One that has never answered yet is given up sooner: waiting will not mend it.
    """

    child: Child
    started: float
    attempts: int = _FIRST_ATTEMPTS
    failures: int = 0
    due: float | None = None
    still_since: float | None = None

    def is_missed(self) -> bool:
        """Say whether it has ended though it is to stay alive."""
        return self.child.spec.restart is Restart.ALWAYS and self.child.exit_code() is not None


class Supervision:
    """The processes being kept alive; leaving the context stops them all, last one first.

    The signals that concern it stay blocked in this process from the start: they are taken one
    at a time, and none is lost between two steps. Children get them unblocked.
    """

    def __init__(self, *, still_seconds: float = _STILL_SECONDS) -> None:
        self._still_seconds = still_seconds
        self._wards: list[_Ward] = []
        self._kill_at: float | None = None
        unheard = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._forwarded = _FORWARDED[:2] if unheard else _FORWARDED
        self._watched = (*self._forwarded, signal.SIGCHLD)

    def __enter__(self) -> Supervision:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._watched)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for ward in reversed(self._wards):
            ward.child.end()
        while signal.sigtimedwait(self._watched, 0) is not None:
            continue
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def start(self, spec: ProcessSpec) -> None:
        """Start one more process and wait until it answers.

        Raises `SupervisorError` if it doesn't, `Interrupted` if we are told to stop meanwhile.
        """
        ward = _Ward(Child(spec), time.monotonic())
        self._wards.append(ward)
        deadline = ward.started + _START_SECONDS
        while ward.is_missed() or not spec.answers():
            if time.monotonic() > deadline:
                raise SupervisorError(f"{spec.name} does not answer\n{ward.child.last_words()}")
            ended = ward.child.exit_code()
            if ended is not None and spec.restart is Restart.NEVER:
                raise SupervisorError(f"{spec.name} ended with {ended}\n{ward.child.last_words()}")
            self._pause(None if ended is None else self._revive(ward))
        ward.attempts = _ATTEMPTS

    def attend(self, spec: ProcessSpec) -> int:
        """Run one process to its end beside those already alive; return its exit code."""
        self.start(spec)
        code = self.watch()
        self._wards.pop()
        return code

    def watch(self) -> int:
        """Keep everything alive until a process that is never restarted ends; return its code.

        Raises `SupervisorError` when one cannot be brought back.
        """
        while True:
            for ward in self._wards:
                code = ward.child.exit_code()
                if code is not None and ward.child.spec.restart is Restart.NEVER:
                    return code
                if code is not None:
                    self._revive(ward)
                else:
                    self._end_if_still(ward)
            news = signal.sigtimedwait(self._watched, self._patience())
            if news is not None and news.si_signo in self._forwarded:
                self._forward(news)
            if self._kill_at is not None and time.monotonic() > self._kill_at:
                self._wards[-1].child.kill()

    def _pause(self, seconds: float | None) -> None:
        news = signal.sigtimedwait(self._forwarded, _PROBE_SECONDS if seconds is None else seconds)
        if news is not None:
            raise Interrupted(news.si_signo)

    def _patience(self) -> float:
        """Return the seconds until something is due; without any, look now and then."""
        moments = [ward.due for ward in self._wards if ward.due is not None]
        if self._kill_at is not None:
            moments.append(self._kill_at)
        if not moments:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(0.01, min(moments) - time.monotonic()))

    def _revive(self, ward: _Ward) -> float:
        """Start an ended process again if its time has come; return the seconds until then."""
        now = time.monotonic()
        if ward.due is None:
            ward.failures = 1 if now - ward.started > _SETTLED_SECONDS else ward.failures + 1
            self._report(ward)
            delay = _FIRST_DELAY_SECONDS * 2 ** (ward.failures - 1)
            ward.due = now + min(delay, _LONGEST_DELAY_SECONDS)
        if now >= ward.due:
            ward.child, ward.started, ward.due = Child(ward.child.spec), now, None
            return _PROBE_SECONDS
        return ward.due - now

    def _end_if_still(self, ward: _Ward) -> None:
        """Kill a process that was stopped and not continued: it does nothing and holds much."""
        now = time.monotonic()
        if ward.child.spec.restart is Restart.NEVER or not ward.child.is_stopped():
            ward.still_since = None
            return
        ward.still_since = ward.still_since or now
        if now - ward.still_since > self._still_seconds:
            name = ward.child.spec.name
            say(f"{name} has been stopped for {self._still_seconds:.0f} s; ending it")
            ward.still_since = None
            ward.child.kill_whole()

    def _report(self, ward: _Ward) -> None:
        spec, code = ward.child.spec, ward.child.exit_code()
        if ward.failures > ward.attempts:
            raise SupervisorError(
                f"{spec.name} ended {ward.failures} times in a row, the last time with "
                f"{code}; its log {spec.log} ends with\n{ward.child.last_words()}"
            )
        say(f"{spec.name} ended with {code}; starting it again")

    def _forward(self, news: signal.struct_siginfo) -> None:
        """Pass a signal to the last process; a terminal has already sent its own to the group."""
        last = self._wards[-1].child
        if not (last.spec.foreground and news.si_code == _SENT_BY_TERMINAL):
            last.send(signal.Signals(news.si_signo))
        if news.si_signo != signal.SIGINT:
            self._kill_at = time.monotonic() + last.spec.stop_seconds
