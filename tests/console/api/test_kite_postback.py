from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.test import Client

SECRET = "appsecret"
WHERE = "/api/v1/kite/postback"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _app(settings) -> None:
    settings.KITE_API_SECRET = SECRET


@pytest.fixture
def nudges(settings) -> Iterator[Any]:
    """Return how to learn how often the engine was nudged."""
    with redis.Redis.from_url(settings.REDIS_URL) as store, store.pubsub() as ear:
        ear.subscribe("engine")
        ear.get_message(timeout=30)

        def heard() -> int:
            count = 0
            while ear.get_message(timeout=0.2):
                count += 1
            return count

        yield heard


def postback(**changes: object) -> dict[str, object]:
    told = {
        "order_id": "261123000000001",
        "order_timestamp": "2026-11-23 10:00:05",
        "status": "COMPLETE",
        "filled_quantity": 65,
        **changes,
    }
    if "checksum" not in told:
        proof = f"{told['order_id']}{told['order_timestamp']}{SECRET}"
        told["checksum"] = hashlib.sha256(proof.encode()).hexdigest()
    return told


def post(body: bytes | dict[str, object], content_type: str = "application/json") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post(WHERE, raw, content_type).status_code


def test_a_genuine_postback_nudges_the_engine_once(nudges):
    assert [post(postback()), post(postback())] == [200, 200]
    assert nudges() == 1


def test_more_filled_or_another_status_is_news(nudges):
    post(postback(status="UPDATE", filled_quantity=20))
    post(postback(status="UPDATE", filled_quantity=40))
    post(postback())

    assert nudges() == 3


def test_whatever_it_is_called_it_is_read(nudges):
    assert post(postback(), "application/x-www-form-urlencoded") == 200
    assert nudges() == 1


BAD = {
    "another checksum": postback(checksum="0" * 64),
    "no checksum": postback(checksum=None),
    "a checksum of letters": postback(checksum="ü" * 64),
    "another order": {**postback(), "order_id": "2"},
    "no status": postback(status=None),
    "number as id": postback(order_id=5, checksum="x"),
    "no JSON": b"{",
    "no object": b"[]",
    "no text": b"\xff\xfe",
    "deep": b"[" * 10_000,
    "empty": b"",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused_and_wakes_nobody(nudges, body):
    assert post(body) == 400
    assert nudges() == 0


def test_a_body_too_long_is_refused(nudges):
    assert post(postback(status_message="x" * 20_000)) == 413
    assert nudges() == 0


def test_without_a_secret_nothing_is_genuine(settings):
    settings.KITE_API_SECRET = ""
    proof = hashlib.sha256(b"2610:00").hexdigest()

    assert post(postback(order_id="26", order_timestamp="10:00", checksum=proof)) == 400


def test_it_takes_turns_like_every_reading():
    answers = {post(postback(order_id=str(number))) for number in range(125)}

    assert answers == {200, 429}


def test_it_can_only_be_posted_to(client):
    assert client.get(WHERE).status_code == 405
