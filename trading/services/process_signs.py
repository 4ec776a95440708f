"""How fresh the signs of life of the desk's processes are, and how far the store's clock is off.

Both are read from the store at the moment of asking; what they are good for is said elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from redis.exceptions import RedisError

from trading import broadcast_keys as keys
from trading.broadcast_redis import RedisAwayError, connect, read_json

PROCESSES = ("engine", "recorder")
"""Those in the way of an order and of what is known of it; each beats once a second."""


def oldest_sign() -> float | None:
    """Return the age in seconds of the oldest sign of life; None where one gives none."""
    if not settings.REDIS_URL:
        return None
    client = connect(settings.REDIS_URL)
    try:
        signs = [read_json(client, keys.health_key(name)) for name in PROCESSES]
    except RedisAwayError:
        return None
    finally:
        client.close()
    told = [sign.get("wall_at") if isinstance(sign, dict) else None for sign in signs]
    moments = [datetime.fromisoformat(text) for text in told if text]
    if len(moments) < len(PROCESSES):
        return None
    now = datetime.now(UTC)
    return max((now - moment).total_seconds() for moment in moments)


def store_drift() -> float | None:
    """Return the seconds by which the store's clock is ahead of ours, the worst possible.

    None while the store is away.
    """
    if not settings.REDIS_URL:
        return None
    client = connect(settings.REDIS_URL)
    try:
        client.ping()
        before = datetime.now(UTC)
        seconds, microseconds = client.time()
        after = datetime.now(UTC)
    except (RedisError, OSError):
        return None
    finally:
        client.close()
    told = seconds + microseconds / 1_000_000
    return max(told - before.timestamp(), told - after.timestamp(), key=abs)
