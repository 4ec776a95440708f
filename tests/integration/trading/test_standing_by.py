from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.factories import AccountFactory
from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import connect
from trading.services.process_signs import oldest_sign, store_drift
from trading.standing_by import LEASE, Sign, WaitingEngine

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Iterator[redis.Redis]:
    client = connect(settings.REDIS_URL)
    for process in ("engine", "recorder"):
        client.delete(keys.health_key(process))
    yield client
    for process in ("engine", "recorder"):
        client.delete(keys.health_key(process))
    client.close()


def waiting(account, store, holder: str = "here", seconds: tuple[float, ...] = ()) -> WaitingEngine:
    """Return an engine that waits, whose clock tells `seconds`, one a question."""
    told = iter(seconds or [float(second) for second in range(100)])
    return WaitingEngine(account, holder, Sign("engine", store, lambda: next(told)))


def test_a_waiting_engine_leads_and_shows_that_it_lives(store):
    account = AccountFactory()
    engine = waiting(account, store)

    engine.wait()
    engine.wait()

    held = leader.current(account)
    assert held is not None
    assert (held.holder, held.token) == ("here", 1)
    assert timedelta(0) < held.ttl <= LEASE
    assert 0 < store.ttl(keys.health_key("engine")) <= keys.HEALTH_SECONDS


def test_it_makes_way_for_the_engine_of_the_session(store):
    account = AccountFactory()
    engine = waiting(account, store)
    engine.wait()

    engine.end()

    assert leader.acquire(account, "session", timedelta(seconds=30)).token == 2


def test_a_second_engine_is_silent_until_the_first_has_gone(store):
    account = AccountFactory()
    first, second = waiting(account, store), waiting(account, store, "there")
    first.wait()
    store.delete(keys.health_key("engine"))

    second.wait()
    assert not store.exists(keys.health_key("engine"))

    first.end()
    second.wait()
    assert store.exists(keys.health_key("engine"))


def test_a_lease_that_ran_out_is_taken_again(store):
    account = AccountFactory()
    engine = waiting(account, store)
    engine.wait()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trading_leaderlease SET expires_at = now() - interval '1 second'")

    engine.wait()

    held = leader.current(account)
    assert held is not None
    assert held.token == 2


def test_the_sign_is_given_once_a_second(store):
    account = AccountFactory()
    engine = waiting(account, store, seconds=(10.0, 10.0, 10.9, 11.0, 11.0))
    engine.wait()
    store.delete(keys.health_key("engine"))

    engine.wait()
    assert not store.exists(keys.health_key("engine"))

    engine.wait()
    assert store.exists(keys.health_key("engine"))


def test_the_oldest_sign_counts_and_one_missing_is_not_measured(store):
    assert oldest_sign() is None
    Sign("engine", store).give()
    assert oldest_sign() is None

    Sign("recorder", store).give()
    age = oldest_sign()

    assert age is not None
    assert 0 <= age < 5


def test_an_unreadable_store_is_not_measured(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert oldest_sign() is None
    assert store_drift() is None
    settings.REDIS_URL = None
    assert oldest_sign() is None
    assert store_drift() is None


def test_the_store_of_this_machine_has_this_machine_s_time():
    before = datetime.now(UTC)

    drift = store_drift()

    assert drift is not None
    assert abs(drift) <= (datetime.now(UTC) - before).total_seconds() + 0.001
