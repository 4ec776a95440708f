"""Probes: alive whatever happens, ready with named reasons, figures for whoever may see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone
from rest_framework.test import APIClient

from backoffice.api import readiness
from backoffice.permissions import Action, Role
from trading import leader
from trading.broadcast_keys import health_key, state_key
from trading.broadcast_redis import connect

ROOTS = ["", "/api/v1"]


@pytest.fixture
def redis() -> Iterator:
    """Return a client of a Redis in which nobody has given a sign of life."""
    client = connect(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def running(day, redis):
    """Return a session in which everything is well."""
    leader.acquire(day.account, "engine", timedelta(seconds=30))
    sign = {"wall_at": timezone.now().isoformat(), "run": day.code}
    redis.set(health_key("engine"), json.dumps(sign))
    redis.set(health_key("recorder"), json.dumps({**sign, "lag_records": 0, "lag_seconds": 0.0}))
    tell_feed(redis, day, 0.4)
    return day


def tell_feed(redis, day, age: float | None) -> None:
    redis.set(state_key(day.account.code), json.dumps({"health": {"feed": {"age_s": age}}}))


def ready(root: str = "") -> tuple[int, dict]:
    answer = APIClient().get(f"{root}/ready")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("root", ROOTS)
def test_alive_needs_no_database_and_no_redis(root: str, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = APIClient().get(f"{root}/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize("root", ROOTS)
def test_ready_when_everything_is_there(root: str, running):
    code, told = ready(root)

    assert (code, told["ready"]) == (200, True)
    assert [check["name"] for check in told["checks"]] == [
        *("database", "session", "leader", "instruments", "redis"),
        *("engine", "recorder", "recorder-lag", "market-data"),
    ]


def reasons() -> set[str]:
    code, told = ready()
    assert code == 503
    assert told["error"]["code"] == "not_ready"
    return set(told["error"]["fields"])


def test_a_desk_at_rest_says_everything_it_lacks(db, redis):
    assert reasons() == {"session", "engine", "recorder", "market-data"}


def test_nobody_leads(day, redis, running):
    leader.release(leader.acquire(day.account, "engine", timedelta(seconds=30)))

    assert reasons() == {"leader"}


@pytest.mark.parametrize("process", ["engine", "recorder"])
def test_a_process_without_a_sign_of_life_for_5_seconds(running, redis, process: str):
    old = timezone.now() - timedelta(seconds=5)
    redis.set(health_key(process), json.dumps({"wall_at": old.isoformat(), "run": running.code}))

    assert reasons() == {process}


def test_a_recorder_that_lags(running, redis):
    sign = {"wall_at": timezone.now().isoformat(), "lag_records": 900, "lag_seconds": 5.0}
    redis.set(health_key("recorder"), json.dumps(sign))

    assert reasons() == {"recorder-lag"}


@pytest.mark.parametrize("age", [5.0, None])
def test_prices_that_are_old_or_missing(running, redis, age):
    tell_feed(redis, running, age)

    assert reasons() == {"market-data"}


def test_redis_away_is_named(running, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert reasons() == {"redis"}


class Away:
    """A database that is away."""

    def cursor(self):
        raise OperationalError("gone")


def test_a_database_that_is_away_is_named(redis, monkeypatch):
    monkeypatch.setattr(readiness, "connection", Away())

    found = {check.name: check.ok for check in readiness.checks(timezone.now())}

    assert (found["database"], found["redis"]) == (False, True)


@pytest.mark.parametrize("root", ROOTS)
def test_the_figures_need_a_reader(root: str, redis, viewer, key_of):
    assert APIClient().get(f"{root}/metrics").status_code == 401
    assert key_of(Role.ADMIN, Action.CONTROL).get(f"{root}/metrics").status_code == 403

    answer = viewer.get(f"{root}/metrics")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert b"aitrapp_redis_up 1.0" in answer.content


def test_an_agreed_network_may_see_the_figures(db, redis, settings):
    settings.METRICS_NETWORKS = ["127.0.0.1/32"]

    assert APIClient().get("/metrics", HTTP_ACCEPT="text/plain").status_code == 200
    assert APIClient(REMOTE_ADDR="10.0.0.1").get("/metrics").status_code == 401


def test_probes_are_never_held_up(db, redis):
    codes = {APIClient().get("/health").status_code for _ in range(150)}

    assert codes == {200}
    assert cache.get("pace:read:address:127.0.0.1:0") is None
