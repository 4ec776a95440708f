"""People, their cookies, and a desk state in Redis for the live page's tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client

from backoffice.live.from_rows import FROM_ROWS
from backoffice.people import add_person
from backoffice.permissions import Role
from trading.broadcast_keys import state_key
from trading.services.seed import PAPER_ACCOUNT

PASSWORD = "a long sentence, known to tests"
_GUARDED = ("trading_auditentry", "trading_configversion")


@pytest.fixture(autouse=True)
def _guards_lifted_for_the_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lift the append-only triggers after a test whose rows are flushed; they refuse TRUNCATE."""
    if "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    _set_triggers("ENABLE")
    yield
    _set_triggers("DISABLE")


def _set_triggers(state: str) -> None:
    with connection.cursor() as cursor:
        for table in _GUARDED:
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER USER")


@pytest.fixture(autouse=True)
def _empty_redis() -> Iterator[None]:
    """Begin and end with nothing of the desk in Redis, and nothing counted against anybody."""
    _forget()
    cache.clear()
    FROM_ROWS.forget()
    yield
    _forget()
    FROM_ROWS.forget()


def _forget() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("aitrapp:v1:*"):
            client.delete(key)


@pytest.fixture
def publish() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Return a way to put a desk state into Redis."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield lambda state: client.set(state_key(PAPER_ACCOUNT), json.dumps(state))


@pytest.fixture
def sign_in() -> Callable[[Role | None], Client]:
    """Return a way to get a browser signed in as somebody of a role, or of none."""

    def of(role: Role | None) -> Client:
        if role is None:
            user = User.objects.create_user("nobody", password=PASSWORD)
        else:
            user = add_person(username=role.value, role=role, password=PASSWORD, by="tests")
        client = Client(enforce_csrf_checks=False)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return of
