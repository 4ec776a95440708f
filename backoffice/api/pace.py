"""How often one address and one user may ask, by class of request; counted in Redis.

With Redis away nobody is held up: the desk must stay in hand, and log-ins are still locked by
their failures.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.cache import BaseCache, cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from backoffice.addresses import client_address, neighbourhood
from backoffice.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class Pace(StrEnum):
    """Classes of requests that are counted together."""

    LOGIN = "login"
    READ = "read"
    CONTROL = "control"


PER_MINUTE: Mapping[Pace, int] = {Pace.LOGIN: 5, Pace.READ: 120, Pace.CONTROL: 30}
"""How many requests of a class one address, and one user, may make in a minute."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts over a sliding minute, from this minute's count and what is left of the last one's."""

    cache: BaseCache

    def take(self, name: str, limit: int, now: float) -> float | None:
        """Count one request; return None if it may go on, else how many seconds to wait.

        A refused request is not counted. `now` in seconds since the epoch.
        """
        window, elapsed = divmod(now, WINDOW_SECONDS)
        present = f"pace:{name}:{int(window)}"
        self.cache.add(present, 0, timeout=2 * WINDOW_SECONDS)
        count = self.cache.incr(present)
        before = self.cache.get(f"pace:{name}:{int(window) - 1}", 0)
        left = 1 - elapsed / WINDOW_SECONDS
        if before * left + count <= limit:
            return None
        self.cache.decr(present)
        return _wait(before, count - 1, limit, elapsed)


def _wait(before: int, count: int, limit: int, elapsed: float) -> float:
    """Return the seconds until one more request fits, by this window or the next."""
    room = limit - 1 - count
    if room >= 0 and before > 0:
        return max(WINDOW_SECONDS * (1 - room / before) - elapsed, 1.0)
    rest = WINDOW_SECONDS - elapsed
    return rest + WINDOW_SECONDS * max(0.0, 1 - (limit - 1) / max(count, 1))


class Turns(BaseThrottle):
    """Gives each request its turn, by address before anybody knows who asks, then by user."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Say whether the user's, or the key's, request may go on now."""
        who = _who(request)
        return who is None or self._take(request, view, f"user:{who}")

    def allow_address(self, request: Request, view: APIView) -> bool:
        """Say whether a request from this address may go on now."""
        return self._take(request, view, f"address:{neighbourhood(client_address(request))}")

    def wait(self) -> float | None:
        """Return how many seconds the refused request should wait."""
        return self._wait

    def _take(self, request: Request, view: APIView, who: str) -> bool:
        pace = pace_of(request, view)
        if pace is None:
            return True
        try:
            self._wait = Meter(cache).take(f"{pace}:{who}", PER_MINUTE[pace], time.time())
        except (RedisError, OSError, ValueError) as error:  # ValueError: emptied in between
            log.warning("requests are not counted: %s", type(error).__name__)
            self._wait = None
        return self._wait is None


def pace_of(request: Request, view: APIView) -> Pace | None:
    """Return the class a request is counted in; None for one that is never held up."""
    paces: Mapping[str, Pace | None] = getattr(view, "paces", {})
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    return paces.get(str(request.method), Pace.READ if reads else Pace.CONTROL)


def _who(request: Request) -> str | None:
    if isinstance(request.auth, ApiKey):
        return f"key-{request.auth.pk}"
    return str(request.user.pk) if request.user.is_authenticated else None
