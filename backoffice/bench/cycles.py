"""How long the engine takes over a price step, as it says itself with its sign of life.

Nothing is judged here; two spans are compared in `comparison.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from trading.broadcast_keys import health_key
from trading.broadcast_redis import read_json
from trading.metrics_engine import TICK_TO_DECISION

_LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Cycles:
    """Milliseconds of each price step in one span of time, in the order they were told."""

    steps: list[float] = field(default_factory=list)


async def cycles_for(store: Redis, seconds: float) -> Cycles:
    """Return what the engine tells of itself within `seconds` from now."""
    found = Cycles()
    last = _sign(store).get("wall_at")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
        sign = _sign(store)
        if sign.get("wall_at") != last:
            last = sign.get("wall_at")
            found.steps.extend(sign.get("latencies", {}).get(TICK_TO_DECISION, ()))
    return found


def _sign(store: Redis) -> Mapping[str, Any]:
    return read_json(store, health_key("engine")) or {}
