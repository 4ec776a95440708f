"""What an engine process hears beside its loop: commands, conditions, and its lease's health.

A thread with a database connection of its own listens; the loop collects. Nothing is decided here:
a condition that turns bad blocks entries in the engine, never exits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import Error as DatabaseAway
from django.db import connection

from trading import leader, selectors
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.models import Command, Run
from trading.pulse import Pulse
from trading.services import commands, runs
from trading.silence import Silence

LEASE = timedelta(seconds=30)
DATABASE, RECORDER, REDIS = "database", "recorder", "redis"
_RENEW_SECONDS = 10.0
_LISTEN_SECONDS = 0.25
_LAG_SECONDS = 5.0
_SILENT_SECONDS = 3.0
"""A database or store that answers nothing for so long counts as away."""
_PROOF_SECONDS = 2.0
_PROOF_LOOK_SECONDS = 0.005


class LostLeaseError(Exception):
    """Another has held the account's lease since; this engine must not send orders, and ends."""


class DeafError(Exception):
    """The thread that listens has failed: nothing is heard any more, so nothing may go on."""


@dataclass(slots=True)
class Ears:
    """Listens for one run; `watches` turns on the conditions, for runs that keep a pace.

    `asks`: what else the thread asks the database at every turn; each returns what is wrong by
    condition, an empty text for what is well, and blocks entries by it whatever `watches` says.
    `led` is told the token of a lease that was taken again. `written` is the number of the
    journal's last record, told by the loop. A database that is away cannot grant the lease to
    anybody else: orders may then still leave (exits only, as the condition blocks entries); a
    lease refused ends the process. A loop that stands still keeps no lease.
    """

    run: Run
    lease: leader.Lease
    pulse: Pulse
    watches: bool
    clock: Callable[[], float] = time.monotonic
    asks: Sequence[Callable[[], Mapping[str, str]]] = ()
    led: Callable[[int], None] = lambda _: None
    written: int = 0
    lost: bool = False
    _deaf: bool = False
    _heard: deque[Command] = field(default_factory=deque)
    _bad: dict[str, str] = field(default_factory=dict)
    _asked: dict[str, str] = field(default_factory=dict)
    _after: int = 0
    _turns: int = 0
    _gave_up_at: int = -1
    _proves: bool = False
    _renewed_at: float = field(default=0.0)
    _seen: tuple[int, float] = (0, 0.0)
    _from_database: Silence = field(default_factory=Silence)
    _from_store: Silence = field(default_factory=Silence)
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._renewed_at = self.clock()

    def listen(self) -> None:
        """Poll until stopped; a database that is away is asked again."""
        try:
            while not self._stop.is_set():
                self._wake.wait(_LISTEN_SECONDS)
                self._wake.clear()
                self.ask()
        finally:
            self._deaf = not self._stop.is_set()
            connection.close()

    @property
    def heard_up_to(self) -> int:
        """Return the id of the newest command heard, 0 before the first."""
        return self._after

    def nudge(self) -> None:
        """Look for commands at once."""
        self._wake.set()

    def stop(self) -> None:
        """End the threads soon."""
        self._stop.set()
        self._wake.set()
        self.pulse.stop()

    def ask(self) -> None:
        """Ask the database once for everything it knows."""
        try:
            for command in commands.pending(self.run, self._after):
                self._after = command.pk
                self._heard.append(command)
            if self.clock() - self._renewed_at > _RENEW_SECONDS:
                self._renew()
            if self.watches:
                self._watch_recorder()
            for ask in self.asks:
                self._asked = {**self._asked, **ask()}
        except DatabaseAway as error:
            connection.close()
            self._bad[DATABASE] = type(error).__name__
        else:
            self._bad.pop(DATABASE, None)
        self._turns += 1

    def _renew(self) -> None:
        """Keep the lease while the loop goes on; one that ran out unseen is taken again.

        It is lost once anybody else has held it, even if they hold it no more.
        """
        if self.pulse.is_asleep and not self._proves:
            return
        asked_at = self.clock()
        if not leader.renew(self.lease):
            again = leader.retake(self.lease)
            if again is None:
                self.lost = True
                return
            runs.resume(run=self.run, fencing_token=again.token, by="engine")
            self.led(again.token)
            self.lease = again
        self._renewed_at = asked_at

    def _watch_recorder(self) -> None:
        """The recorder lags when records wait and it has not moved for some seconds."""
        position = selectors.recorder_position(self.run)
        done = position.seq if position else 0
        now = self.clock()
        if done >= self.written or done != self._seen[0]:
            self._seen = (done, now)
        if now - self._seen[1] > _LAG_SECONDS:
            self._bad[RECORDER] = f"{self.written - done} records behind"
        else:
            self._bad.pop(RECORDER, None)

    def inputs(
        self, at: datetime, blocked: Collection[str]
    ) -> Sequence[CommandIssued | ConditionChanged]:
        """Return what was heard since the last call, as of engine time `at`.

        `blocked`: what the engine holds for bad; a condition is told where that is not so, also
        to an engine that has recovered what another process was told. Raises `DeafError`,
        `LostLeaseError`.
        """
        self._go_on()
        found = self._found()
        self.pulse.tell(at, tuple(sorted(found)))
        events: list[CommandIssued | ConditionChanged] = []
        while self._heard:
            command = self._heard.popleft()
            kind = CommandKind(command.kind)
            by, reason = command.issued_by, command.reason
            events.append(CommandIssued(at, command.pk, kind, by, reason, command.subject))
        for name in self._named():
            if (name in found) != (name in blocked):
                good = name not in found
                events.append(ConditionChanged(at, name, good, found.get(name, "")))
        return events

    def _named(self) -> tuple[str, ...]:
        """Return the conditions that the engine is told of."""
        watched = (DATABASE, RECORDER, REDIS) if self.watches else ()
        return (*watched, *self._asked)

    def _found(self) -> dict[str, str]:
        """Return what is bad now, and why; who does not answer at all is bad, too."""
        now, found = self.clock(), dict(self._bad)
        found |= {name: why for name, why in self._asked.items() if why}
        if self.pulse.error:
            found[REDIS] = self.pulse.error
        silent = f"no answer for {_SILENT_SECONDS:.0f} s"
        if self._from_database.seconds_of(self._turns, now) > _SILENT_SECONDS:
            found[DATABASE] = silent
        if (
            self.pulse.store
            and self._from_store.seconds_of(self.pulse.turns, now) > _SILENT_SECONDS
        ):
            found[REDIS] = silent
        return found

    def fence(self) -> None:
        """Raise `LostLeaseError` where another engine has taken the lease, or `DeafError`.

        A lease that may have expired unseen, as in a process that was stopped for long, is proven
        first; a database that does not answer proves nothing to anybody.
        """
        if self._is_stale() and self._gave_up_at != self._turns:
            self._prove()
        self._go_on()

    def _go_on(self) -> None:
        if self._deaf:
            raise DeafError("the thread that listens has ended")
        if self.lost:
            raise LostLeaseError(f"run {self.run.code}: another engine has taken the lease")

    def _is_stale(self) -> bool:
        return self.clock() - self._renewed_at > LEASE.total_seconds() and not self.lost

    def _prove(self) -> None:
        """Have the lease renewed now; the second turn from here has begun after we asked."""
        self._proves = True
        begun, until = self._turns, time.monotonic() + _PROOF_SECONDS
        while self._is_stale() and self._turns < begun + 2 and time.monotonic() < until:
            self._wake.set()
            time.sleep(_PROOF_LOOK_SECONDS)
        self._proves = False
        if self._is_stale() and self._turns == begun:
            self._gave_up_at = begun
