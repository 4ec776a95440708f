"""Whether a run's engine lives: its sign of life in Redis, and the lease it must hold to trade."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import RedisAwayError, connect, read_json
from trading.models import Run

OLD = timedelta(seconds=10)
"""A sign of life older than this is none."""


class EngineLife(StrEnum):
    """What is known: SILENT gives no sign but holds the lease, so it may still be trading."""

    ALIVE = "ALIVE"
    SILENT = "SILENT"
    DEAD = "DEAD"


def life_of(run: Run) -> EngineLife:
    """Return whether the engine of `run` lives; only DEAD lets somebody else take over."""
    if _gives_sign(run):
        return EngineLife.ALIVE
    return EngineLife.SILENT if leader.current(run.account) else EngineLife.DEAD


def _gives_sign(run: Run) -> bool:
    if not settings.REDIS_URL:
        return False
    client = connect(settings.REDIS_URL)
    try:
        sign = read_json(client, keys.health_key("engine"))
    except RedisAwayError:
        return False
    finally:
        client.close()
    if not sign or sign.get("run") != run.code:
        return False
    return timezone.now() - datetime.fromisoformat(sign["wall_at"]) <= OLD
