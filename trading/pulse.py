"""An engine's sign of life in the store, from a thread of its own: a slow store delays nothing.

The loop tells how far it is; a loop that stands still gives no sign. What the sign is good for is
told by those who read it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import redis

from trading import broadcast_keys as keys
from trading.broadcast_redis import encode
from trading.metrics_engine import Samples

BEAT_SECONDS = 1.0
ASLEEP_SECONDS = 5.0
"""A loop that has not been heard of for so long is taken for dead."""


@dataclass(slots=True)
class Pulse:
    """Tells the store, once a second, that the engine of `run` lives.

    `at` is the moment the engine is at, `told_at` when the loop said so by `clock`, None until it
    has begun to live forward; `turns` counts the answers of the store, good or bad.
    `deepest_queue`: asked at each sign, how many broker calls waited at once since the last.
    """

    run: str
    store: redis.Redis | None
    speed: float | None = None
    samples: Samples = field(default_factory=Samples)
    clock: Callable[[], float] = time.monotonic
    at: datetime | None = None
    told_at: float | None = None
    bad: tuple[str, ...] = ()
    error: str = ""
    turns: int = 0
    deepest_queue: Callable[[], int] = lambda: 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def tell(self, at: datetime, bad: tuple[str, ...]) -> None:
        """Say, from the loop, where it is and what it holds for bad."""
        self.at, self.told_at, self.bad = at, self.clock(), bad

    def live(self) -> None:
        """Beat until stopped, then let the store go; one that is away is asked again."""
        try:
            while not self._stop.is_set():
                self.beat()
                self._stop.wait(BEAT_SECONDS)
        finally:
            if self.store is not None:
                self.store.close()

    def stop(self) -> None:
        """End the thread soon."""
        self._stop.set()

    def beat(self) -> None:
        """Give one sign, unless the loop stands still; `error` is what the store said to it."""
        if self.store is None or self.is_asleep:
            return
        try:
            self.store.set(keys.health_key("engine"), encode(self._sign()), ex=keys.HEALTH_SECONDS)
        except redis.RedisError as error:
            self.error = type(error).__name__
        else:
            self.error = ""
        self.turns += 1

    @property
    def is_asleep(self) -> bool:
        """Say whether the loop has begun and stands still."""
        return self.told_at is not None and self.clock() - self.told_at > ASLEEP_SECONDS

    def _sign(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "wall_at": datetime.now().astimezone(),
            "run": self.run,
            "bad": self.bad,
            "speed": self.speed,
            "latencies": self.samples.drain(),
            "deepest_queue": self.deepest_queue(),
        }
