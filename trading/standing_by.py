"""How a process that waits for a session shows that it lives, and the engine that it will lead.

Whoever asks in the morning, before the session is opened, finds the desk's processes by it. What
a session's own engine and recorder show is `pulse.py` and `broadcast_sink.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
import structlog

from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import encode
from trading.models import Account

BEAT_SECONDS = 1.0
LEASE = timedelta(seconds=5)
"""Short: an engine that dies while it waits must not keep the next one from the session."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sign:
    """Gives the sign of life of a waiting process, once a second however often it is asked to."""

    process: str
    store: redis.Redis | None
    clock: Callable[[], float] = time.monotonic
    _beat_at: float = float("-inf")

    @property
    def is_due(self) -> bool:
        """Say whether a second has passed since the last one."""
        return self.clock() - self._beat_at >= BEAT_SECONDS

    def give(self) -> None:
        """Give it; a store that is away is asked again at the next turn."""
        self._beat_at = self.clock()
        if self.store is None:
            return
        sign = {"wall_at": datetime.now(UTC), "run": ""}
        try:
            self.store.set(keys.health_key(self.process), encode(sign), ex=keys.HEALTH_SECONDS)
        except redis.RedisError as error:
            _log.warning("no sign of life given", error=type(error).__name__)


@dataclass(slots=True)
class WaitingEngine:
    """An engine between sessions: it holds its account's lease, and gives its sign while it does.

    One of two engines on an account is silent; it takes over where the other has gone.
    """

    account: Account
    holder: str
    sign: Sign
    lease: leader.Lease | None = None

    def wait(self) -> None:
        """Take or keep the lease and give the sign, if it is time to."""
        if not self.sign.is_due:
            return
        if self.lease is None or not leader.renew(self.lease):
            self.lease = self._taken()
        if self.lease is not None:
            self.sign.give()

    def end(self) -> None:
        """Let the lease go, for the engine of the session that has come."""
        if self.lease is not None:
            leader.release(self.lease)
            self.lease = None

    def _taken(self) -> leader.Lease | None:
        try:
            return leader.acquire(self.account, self.holder, LEASE)
        except leader.LeaseTakenError:
            return None
