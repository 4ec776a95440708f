"""One set of rate budgets for all processes of an account, kept in Redis; a smaller one without.

What the budgets are, and how a process counts by itself, is `marketdata/pacing.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from marketdata.calendar import IST
from marketdata.pacing import (
    HOLD,
    NEVER,
    Asked,
    Budgets,
    Call,
    Lane,
    OverBudget,
    Patience,
    Windows,
)

LOCAL_SHARE = 0.5
"""The part of every budget that a process allows itself while Redis is away."""
_AWAY = timedelta(seconds=2)
_WAIT_SECONDS = 0.25
_MOST_UNTOLD = 5_000
_log = structlog.get_logger(__name__)

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local forced = ARGV[1] == '1'
local wait, cause = 0, 0
for i = 1, #KEYS do
  local window, room = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local this = 0
  if window == 0 then
    if tonumber(redis.call('GET', KEYS[i]) or '0') >= room then this = -1 end
  else
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - window))
    local count = redis.call('ZCARD', KEYS[i])
    if count >= room then
      local first = redis.call('ZRANGE', KEYS[i], count - room, count - room, 'WITHSCORES')
      this = math.min(tonumber(first[2]), now) + window - now
    end
  end
  if this == -1 and not forced then return {-1, i} end
  if this > wait then wait, cause = this, i end
end
if wait > 0 and not forced then return {wait, cause} end
for i = 1, #KEYS do
  local window = tonumber(ARGV[2 * i])
  if window == 0 then
    redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], 172800)
  else
    local at = string.format('%.0f', now)
    local turn = redis.call('INCR', KEYS[i] .. ':turn')
    redis.call('ZADD', KEYS[i], at, at .. ':' .. turn)
    redis.call('PEXPIRE', KEYS[i], math.ceil(window / 1000) + 1000)
    redis.call('PEXPIRE', KEYS[i] .. ':turn', math.ceil(window / 1000) + 1000)
  end
end
return {0, 0}
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock and the patience of a pacer; `sleep` takes seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    patience: Patience


class SharedPacer:
    """A `Pacer` for one event loop that shares an account's budgets with every other process.

    It also counts its own calls, so that a Redis that lost its memory, or is away, never lets
    more through than the budgets; what was made meanwhile is told to Redis when it is back.
    """

    def __init__(self, store: Redis, account: str, budgets: Budgets, timing: Timing) -> None:
        self._store = store
        self._script = store.register_script(_TAKE)
        self._account = account
        self._budgets = budgets
        self._smaller = tuple(budget.share(LOCAL_SHARE) for budget in budgets)
        self._timing = timing
        self._windows = Windows()
        self._away_until: datetime | None = None
        self._untold: deque[tuple[Asked, datetime]] = deque(maxlen=_MOST_UNTOLD)
        self._waiting = self._deepest = 0

    @property
    def is_alone(self) -> bool:
        """Say whether Redis is away and the process keeps to its own smaller share."""
        return self._away_until is not None

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        """Wait for the call's turn and count it. Raises `OverBudget`; then nothing is counted."""
        asked, left = Asked(call, lane, subject), self._timing.patience.of(lane)
        while True:
            wait, budget = await self._wait(asked)
            if wait <= 0:
                return
            if wait > left:
                raise OverBudget(budget, wait)
            left -= wait
            await self._queue(wait)

    async def _queue(self, seconds: float) -> None:
        self._waiting += 1
        self._deepest = max(self._deepest, self._waiting)
        try:
            await self._timing.sleep(seconds)
        finally:
            self._waiting -= 1

    def deepest_queue(self) -> int:
        """Return the most calls that waited at once since this was asked last."""
        deepest, self._deepest = self._deepest, self._waiting
        return deepest

    def hold(self, call: Call) -> None:
        """Let this process's NORMAL calls of a kind wait a little."""
        self._windows.hold(call, self._timing.now() + HOLD)

    async def close(self) -> None:
        """Let go of the connections to Redis."""
        await self._store.aclose()

    async def _wait(self, asked: Asked) -> tuple[float, str]:
        """Count the call and return 0, or return how long it has to wait for what."""
        now = self._timing.now()
        own = self._windows.wait(self._budgets, asked, now)
        if own[0] > 0:
            return own
        shared = await self._shared(asked, now)
        if shared is None:
            return self._alone(asked, now)
        if shared[0] <= 0:
            self._windows.count(self._budgets, asked, now)
        return shared

    def _alone(self, asked: Asked, now: datetime) -> tuple[float, str]:
        wait = self._windows.wait(self._smaller, asked, now)
        if wait[0] <= 0:
            self._windows.count(self._budgets, asked, now)
            self._untold.append((asked, now))
        return wait

    async def _shared(self, asked: Asked, now: datetime) -> tuple[float, str] | None:
        """Ask Redis; None where it is away, which is not tried again at once."""
        if self._away_until is not None and now < self._away_until:
            return None
        try:
            while self._untold:
                await self._tell(self._untold.popleft())
            answer = await self._ask(asked, now, forced=False)
        except (RedisError, OSError) as error:
            if self._away_until is None:
                _log.warning("rate budgets kept alone", error=type(error).__name__)
            self._away_until = now + _AWAY
            return None
        if self._away_until is not None:
            _log.info("rate budgets shared again")
            self._away_until = None
        return answer

    async def _tell(self, made: tuple[Asked, datetime]) -> None:
        """Tell Redis of a call made without it, which nobody else tells meanwhile."""
        is_told = False
        try:
            await self._ask(*made, forced=True)
            is_told = True
        finally:
            if not is_told:
                self._untold.appendleft(made)

    async def _ask(self, asked: Asked, at: datetime, *, forced: bool) -> tuple[float, str]:
        budgets = [budget for budget in self._budgets if asked.call in budget.calls]
        day = at.astimezone(IST).date()
        keys, words = [], [str(int(forced))]
        for budget in budgets:
            scope = budget.scope(asked.subject, day)
            keys.append(f"aitrapp:v1:pace:{self._account}:{budget.name}:{scope}")
            words += [str(round((budget.seconds or 0) * 1_000_000)), str(budget.room(asked.lane))]
        told = cast("Any", await self._script(keys=keys, args=words))
        if forced or told[0] == 0:
            return 0.0, ""
        return NEVER if told[0] < 0 else told[0] / 1_000_000, budgets[told[1] - 1].name


def connect(url: str) -> Redis:
    """Return a client that gives up within a quarter of a second and never tries again itself."""
    return Redis.from_url(
        url,
        socket_timeout=_WAIT_SECONDS,
        socket_connect_timeout=_WAIT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
