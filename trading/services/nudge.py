"""Telling the engine at once that there is a command to be read.

The command itself is a row; a nudge that nobody hears costs a quarter of a second.
"""

from __future__ import annotations

import redis
import structlog
from channels.layers import get_channel_layer
from django.conf import settings

ENGINE_CHANNEL = "engine"
"""The channel of the channel layer on which an engine process listens."""
_PATIENCE_SECONDS = 0.25
_log = structlog.get_logger(__name__)


LOOK = "broker.look"
"""Type of the message that says: the broker knows something, read its book."""


def nudge_engine(kind: str = "command") -> None:
    """Send a nudge, waiting a quarter of a second at most; a store that is away gets none."""
    layer = get_channel_layer()
    if layer is None or not settings.REDIS_URL:
        return
    message = layer.serialize({"type": kind})
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_PATIENCE_SECONDS,
            socket_connect_timeout=_PATIENCE_SECONDS,
        ) as store:
            store.publish(ENGINE_CHANNEL, message)
    except (redis.RedisError, OSError) as error:
        _log.warning("engine not nudged", error=type(error).__name__)
