"""What an engine process hears beside its loop: commands, conditions, and its lease's health.

A thread with a database connection of its own listens; the loop collects. Nothing is decided here:
a condition that turns bad blocks entries in the engine, never exits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import redis
from django.db import DatabaseError, connection

from trading import leader, selectors
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.metrics_engine import Samples
from trading.models import Command, Run
from trading.services import commands, runs

LEASE = timedelta(seconds=30)
HEARTBEAT_KEY = "aitrapp:v1:health:engine"
_HEARTBEAT_TTL_SECONDS = 10
_RENEW_SECONDS = 10.0
_LISTEN_SECONDS = 0.25
_BEAT_SECONDS = 1.0
_LAG_SECONDS = 5.0


class LostLeaseError(Exception):
    """Another engine holds the account's lease now; this one must not send orders."""


@dataclass(slots=True)
class Ears:
    """Listens for one run; `watches` turns on the conditions, for runs that keep a pace.

    `speed` and `samples` are told in the heartbeat.
    `written` is the number of the journal's last record, told by the loop, `at` the moment its
    engine is at. A database that is away cannot grant the lease to anybody else: orders may then
    still leave (exits only, as the condition blocks entries); a lease refused ends the process.
    """

    run: Run
    lease: leader.Lease
    store: redis.Redis | None
    watches: bool
    speed: float | None = None
    samples: Samples = field(default_factory=Samples)
    at: datetime | None = None
    written: int = 0
    lost: bool = False
    _heard: deque[Command | tuple[str, bool, str]] = field(default_factory=deque)
    _bad: set[str] = field(default_factory=set)
    _after: int = 0
    _renewed_at: float = field(default_factory=time.monotonic)
    _beat_at: float = 0.0
    _seen: tuple[int, float] = (0, 0.0)
    _wake: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Poll until stopped; a database or store that is away is asked again."""
        try:
            while not self._stop.is_set():
                self._wake.wait(_LISTEN_SECONDS)
                self._wake.clear()
                self._ask_database()
                if time.monotonic() - self._beat_at >= _BEAT_SECONDS:
                    self._beat_at = time.monotonic()
                    self._beat()
        finally:
            connection.close()

    @property
    def heard_up_to(self) -> int:
        """Return the id of the newest command heard, 0 before the first."""
        return self._after

    def nudge(self) -> None:
        """Look for commands at once."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread soon."""
        self._stop.set()
        self._wake.set()

    def _ask_database(self) -> None:
        try:
            for command in commands.pending(self.run, self._after):
                self._after = command.pk
                self._heard.append(command)
            if time.monotonic() - self._renewed_at > _RENEW_SECONDS:
                self._renew()
            if self.watches:
                self._watch_recorder()
        except DatabaseError as error:
            connection.close()
            self._turned("database", good=False, detail=type(error).__name__)
        else:
            self._turned("database", good=True, detail="")

    def _renew(self) -> None:
        """Keep the lease; one that expired while the database was away is taken again."""
        if not leader.renew(self.lease):
            try:
                self.lease = leader.acquire(self.run.account, self.lease.holder, LEASE)
            except leader.LeaseTakenError:
                self.lost = True
                return
            runs.resume(run=self.run, fencing_token=self.lease.token, by="engine")
        self._renewed_at = time.monotonic()

    def _watch_recorder(self) -> None:
        """The recorder lags when records wait and it has not moved for some seconds."""
        position = selectors.recorder_position(self.run)
        done = position.seq if position else 0
        now = time.monotonic()
        if done >= self.written or done != self._seen[0]:
            self._seen = (done, now)
        lags = now - self._seen[1] > _LAG_SECONDS
        self._turned("recorder", good=not lags, detail=f"{self.written - done} records behind")

    def _beat(self) -> None:
        """Tell the store that the engine lives."""
        if self.store is None:
            return
        beat = {
            "at": self.at,
            "wall_at": datetime.now().astimezone(),
            "run": self.run.code,
            "bad": sorted(self._bad),
            "speed": self.speed,
            "latencies": self.samples.drain(),
        }
        try:
            self.store.set(HEARTBEAT_KEY, msgspec.json.encode(beat), ex=_HEARTBEAT_TTL_SECONDS)
        except redis.RedisError as error:
            self._turned("redis", good=False, detail=type(error).__name__)
        else:
            self._turned("redis", good=True, detail="")

    def _turned(self, name: str, *, good: bool, detail: str) -> None:
        if self.watches and good == (name in self._bad):
            (self._bad.discard if good else self._bad.add)(name)
            self._heard.append((name, good, detail))

    def inputs(self, at: datetime) -> Sequence[CommandIssued | ConditionChanged]:
        """Return what was heard since the last call, as of engine time `at`."""
        self.at = at
        events: list[CommandIssued | ConditionChanged] = []
        while self._heard:
            match self._heard.popleft():
                case Command() as command:
                    kind = CommandKind(command.kind)
                    by, reason = command.issued_by, command.reason
                    events.append(CommandIssued(at, command.pk, kind, by, reason, command.subject))
                case (name, good, detail):
                    events.append(ConditionChanged(at, name, good, detail))
        return events

    def fence(self) -> None:
        """Raise `LostLeaseError` where another engine has taken the lease."""
        if self.lost:
            raise LostLeaseError(f"run {self.run.code}: another engine holds the lease")
