"""How often one may ask: counted in Redis over a sliding minute, by address and by user."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache, caches
from rest_framework.test import APIClient

from backoffice.api.pace import PER_MINUTE, Meter, Pace
from backoffice.permissions import Action, Role
from tests.console.api.conftest import PASSWORD

MINUTE = 1_800_000_000.0
"""A moment at which a minute begins."""


def test_counts_stand_in_redis():
    assert type(caches["default"]).__name__ == "RedisCache"


def test_the_limit_itself_is_still_allowed_and_one_more_is_not():
    meter = Meter(cache)

    taken = [meter.take("a", 5, MINUTE + second) for second in range(6)]

    assert taken[:5] == [None] * 5
    assert taken[5] is not None
    assert taken[5] > 0


def test_after_the_wait_that_was_told_there_is_room_again():
    meter = Meter(cache)
    for second in (0, 1, 50, 58, 59):
        meter.take("a", 5, MINUTE + second)
    wait = meter.take("a", 5, MINUTE + 59)

    assert wait is not None
    assert meter.take("a", 5, MINUTE + 59 + wait + 0.1) is None


def test_a_burst_over_the_turn_of_the_minute_is_counted_together():
    meter = Meter(cache)
    for _ in range(5):
        meter.take("a", 5, MINUTE + 59)

    assert meter.take("a", 5, MINUTE + 60) is not None
    assert meter.take("a", 5, MINUTE + 119) is None


def test_a_refused_request_is_not_counted():
    meter = Meter(cache)
    for _ in range(50):
        meter.take("a", 5, MINUTE)

    assert meter.take("a", 5, MINUTE + 118) is None


def test_names_are_counted_apart():
    meter = Meter(cache)
    for _ in range(6):
        meter.take("a", 5, MINUTE)

    assert meter.take("b", 5, MINUTE) is None


def test_many_at_once_are_all_counted():
    meter = Meter(caches["default"])

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: Meter(cache).take("a", 10, MINUTE), range(40)))

    assert taken.count(None) <= 10
    assert meter.take("a", 10, MINUTE) is None or taken.count(None) == 10


def until_refused(client: APIClient, path: str, body: dict | None = None, most: int = 200) -> int:
    for number in range(most):
        answer = client.post(path, body) if body is not None else client.get(path)
        if answer.status_code == 429:
            assert answer.json()["error"]["code"] == "throttled"
            assert 0 < int(answer["Retry-After"]) <= 120
            return number
    return most


@pytest.mark.django_db
def test_log_in_may_be_tried_five_times_a_minute_from_one_address():
    wish = {"username": "nobody", "password": "wrong"}

    assert until_refused(APIClient(), "/api/v1/auth/token", wish) == PER_MINUTE[Pace.LOGIN] == 5


def test_another_address_has_a_count_of_its_own(person):
    until_refused(APIClient(), "/api/v1/auth/token", {"username": "x", "password": "y"})
    person(Role.VIEWER)

    answer = APIClient(REMOTE_ADDR="10.9.9.9").post(
        "/api/v1/auth/token", {"username": "viewer", "password": PASSWORD}
    )

    assert answer.status_code == 200


def test_reads_are_limited_to_120_a_minute(viewer):
    assert until_refused(viewer, "/api/v1/mode") == PER_MINUTE[Pace.READ] == 120


def test_controls_are_limited_to_30_a_minute(operator, session):
    refused_at = until_refused(operator, "/api/v1/pause", {"reason": "news"})

    assert refused_at == PER_MINUTE[Pace.CONTROL] == 30


def test_the_kill_switch_is_never_held_up_but_still_asks_who(operator, session, viewer):
    until_refused(operator, "/api/v1/mode")
    until_refused(operator, "/api/v1/pause", {"reason": "news"})

    codes = {operator.post("/api/v1/flatten", {"reason": "now"}).status_code for _ in range(40)}

    assert codes == {202}
    assert viewer.post("/api/v1/flatten", {"reason": "now"}).status_code == 403
    assert APIClient().post("/api/v1/flatten", {"reason": "now"}).status_code == 401


def test_one_user_is_counted_over_all_addresses(client_of):
    client = client_of(Role.VIEWER)
    for number in range(120):
        client.get("/api/v1/mode", REMOTE_ADDR=f"10.0.{number}.1")

    assert client.get("/api/v1/mode", REMOTE_ADDR="10.1.1.1").status_code == 429


def test_a_key_is_counted_apart_from_its_owner(client_of, key_of):
    owner, key = client_of(Role.VIEWER), key_of(Role.VIEWER, Action.READ)
    for number in range(120):
        owner.get("/api/v1/mode", REMOTE_ADDR=f"10.0.{number}.1")

    assert key.get("/api/v1/mode", REMOTE_ADDR="10.1.1.1").status_code == 200


def test_behind_a_trusted_proxy_its_clients_are_counted_apart(viewer, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]
    wish = {"username": "x", "password": "y"}
    client = APIClient(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.5")

    assert until_refused(client, "/api/v1/auth/token", wish) == 5
    spoofed = APIClient(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="9.9.9.9, 203.0.113.5")
    assert spoofed.post("/api/v1/auth/token", wish).status_code == 429
    other = APIClient(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.6")
    assert other.post("/api/v1/auth/token", wish).status_code == 401


def test_without_a_trusted_proxy_nobody_s_word_is_taken(db):
    wish = {"username": "x", "password": "y"}
    for number in range(5):
        APIClient(HTTP_X_FORWARDED_FOR=f"9.9.9.{number}").post("/api/v1/auth/token", wish)

    answer = APIClient(HTTP_X_FORWARDED_FOR="9.9.9.99").post("/api/v1/auth/token", wish)

    assert answer.status_code == 429


def test_with_redis_away_nobody_is_held_up(operator, session, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert operator.post("/api/v1/flatten", {"reason": "now"}).status_code == 202
    assert operator.get("/api/v1/mode").status_code == 200
