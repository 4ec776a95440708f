"""How the recorder speaks to Redis: short waits, no retries of its own, one loop for the pages.

What is told is decided in `broadcast.py`. The channel layer needs an event loop that lives as
long as its connections, so it has a thread to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

import msgspec
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

WAIT_SECONDS = 0.5
"""How long Redis may take to connect or to answer before it counts as away."""

encode = msgspec.json.Encoder(decimal_format="string").encode
decode = msgspec.json.Decoder().decode


class RedisAwayError(Exception):
    """Redis did not take what was to be told; nothing is lost that cannot be told again."""


def connect(url: str) -> Redis:
    """Return a client that gives up within `WAIT_SECONDS` and never tries by itself again."""
    return Redis.from_url(
        url,
        socket_timeout=WAIT_SECONDS,
        socket_connect_timeout=WAIT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def document_of(text: bytes | str | None) -> dict[str, Any]:
    """Return the document told by `text`; empty for none, and for what is no document."""
    try:
        found = decode(text or b"{}")
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def read_json(client: Redis, key: str) -> Any:
    """Return what is told at `key`, None where there is nothing or nothing that can be read.

    Raises `RedisAwayError`.
    """
    try:
        text = client.get(key)
    except RedisError as error:
        raise RedisAwayError(type(error).__name__) from error
    try:
        return decode(text) if text else None
    except msgspec.DecodeError:
        return None


class Pages:
    """The channel layer's groups, reached through one event loop in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._layer = RedisPubSubChannelLayer(hosts=[{"address": url, "socket_timeout": None}])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="broadcast-pages", daemon=True
        )
        self._thread.start()

    def send(self, group: str, message: Mapping[str, Any]) -> None:
        """Send to every page of a group. Raises `RedisAwayError`."""
        self._wait(self._send(group, dict(message)))

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            await self._layer.group_send(group, message)

    def _wait(self, call: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            future.result(timeout=2 * WAIT_SECONDS)
        except (RedisError, OSError, TimeoutError, CancelledError) as error:
            future.cancel()
            raise RedisAwayError(type(error).__name__) from error

    def close(self) -> None:
        """Let go of the connections and end the thread."""
        with contextlib.suppress(RedisAwayError):
            self._wait(self._layer.flush())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=2 * WAIT_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()
