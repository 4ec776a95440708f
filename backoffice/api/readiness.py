"""Whether the desk can do its work now: each thing it needs, and what is wrong with it.

Nothing here waits long: a store that is away counts as not ready.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseAway
from django.db import connection
from redis import Redis, RedisError

from backoffice.api.filtering import present_run
from trading import broadcast_keys as keys
from trading import leader, selectors
from trading.broadcast_redis import connect, decode
from trading.models import Run
from trading.services.seed import PAPER_ACCOUNT

FRESH_SECONDS = 5.0
"""A sign of life older than this counts as none."""

Signs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the desk needs; `detail` says what was found."""

    name: str
    ok: bool
    detail: str


def checks(now: datetime) -> tuple[Check, ...]:
    """Return everything the desk needs, in order: stores, session, processes, prices."""
    found, run = _of_database()
    return (*found, *_of_redis(now, run.account.code if run else PAPER_ACCOUNT))


def _of_database() -> tuple[list[Check], Run | None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        run = present_run()
        running = run if run and run.ended_at is None else None
        return [Check("database", True, "answers"), *_of_session(running)], running
    except DatabaseAway as error:
        return [Check("database", False, f"does not answer ({type(error).__name__})")], None


def _of_session(run: Run | None) -> Iterator[Check]:
    if run is None:
        yield Check("session", False, "no session is running")
        return
    yield Check("session", True, f"{run.code} of {run.date}")
    lease = leader.current(run.account)
    detail = f"held by {lease.holder}" if lease else f"nobody leads account {run.account.code}"
    yield Check("leader", lease is not None, detail)
    listed = selectors.instruments_on(run.date).count()
    yield Check("instruments", listed > 0, f"{listed} listed on {run.date}")


def _of_redis(now: datetime, account: str) -> Iterator[Check]:
    if not settings.REDIS_URL:
        yield Check("redis", False, "REDIS_URL is not set")
        return
    client = connect(settings.REDIS_URL)
    try:
        signs = {name: _sign(client, keys.health_key(name)) for name in ("engine", "recorder")}
        state = _sign(client, keys.state_key(account))
    except RedisError as error:
        yield Check("redis", False, f"does not answer ({type(error).__name__})")
        return
    finally:
        client.close()
    yield Check("redis", True, "answers")
    for name, sign in signs.items():
        yield _alive(name, sign, now)
    yield from _lag(signs["recorder"])
    yield _feed(state)


def _sign(client: Redis, key: str) -> Signs:
    text: Any = client.get(key)
    found = decode(text) if text else {}
    return found if isinstance(found, dict) else {}


def _alive(name: str, sign: Signs, now: datetime) -> Check:
    told = sign.get("wall_at")
    if not told:
        return Check(name, False, "no sign of life")
    age = max((now - datetime.fromisoformat(told)).total_seconds(), 0.0)
    return Check(name, age < FRESH_SECONDS, f"last sign of life {age:.1f} s ago")


def _lag(sign: Signs) -> Iterator[Check]:
    if sign:
        lag = float(sign.get("lag_seconds", 0.0))
        detail = f"{sign.get('lag_records', 0)} records, {lag:.1f} s behind"
        yield Check("recorder-lag", lag < FRESH_SECONDS, detail)


def _feed(state: Signs) -> Check:
    age = state.get("health", {}).get("feed", {}).get("age_s")
    if age is None:
        return Check("market-data", False, "no prices yet")
    return Check("market-data", float(age) < FRESH_SECONDS, f"last prices {float(age):.1f} s old")
