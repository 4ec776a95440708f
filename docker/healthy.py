"""Whether one process of the desk is well, for its container's health check: 0 if it is, else 1.

The web process must answer; the others leave a sign of life in Redis. An engine and a recorder
without a session to work on stand by, and that is well too.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import redis

PORT = 8000
FRESH = timedelta(seconds=30)
SECONDS = 4
SIGNS = {"engine": "engine", "recorder": "recorder", "worker": "worker", "beat": "worker"}
"""Whose sign tells of which process: the worker's is given because beat asks for it."""
RUNNING = "SELECT 1 FROM trading_run WHERE mode = 'PAPER' AND state = 'RUNNING' LIMIT 1"


def main(name: str) -> str:
    """Return what is wrong with the process, or nothing."""
    if name == "web":
        return _web()
    if name not in SIGNS:
        return f"{name}: unknown, expected web or one of {', '.join(SIGNS)}"
    if name in ("engine", "recorder") and not _has_session():
        return ""
    return _sign(SIGNS[name])


def _web() -> str:
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip() or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", PORT)), SECONDS)
    connection.request("GET", "/health", headers={"Host": host, "X-Forwarded-Proto": "https"})
    status = connection.getresponse().status
    return "" if status == http.HTTPStatus.OK else f"/health answers {status}"


def _has_session() -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=SECONDS) as rows:
        return rows.execute(RUNNING).fetchone() is not None


def _sign(process: str) -> str:
    store = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=SECONDS)
    text = store.get(f"aitrapp:v1:health:{process}")
    if not isinstance(text, bytes):
        return f"{process}: no sign of life"
    at = datetime.fromisoformat(json.loads(text)["wall_at"])
    age = datetime.now(UTC) - at
    return "" if age < FRESH else f"{process}: last sign of life {age.total_seconds():.0f} s ago"


if __name__ == "__main__":
    try:
        wrong = main(sys.argv[1])
    except (OSError, psycopg.Error, redis.RedisError, KeyError) as error:
        wrong = f"{type(error).__name__}: {error}"
    sys.exit(wrong or 0)
