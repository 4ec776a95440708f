"""The life of an API key: made, shown once, used, rotated, revoked, expired."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backoffice import api_keys
from backoffice.models import ApiKey
from backoffice.permissions import Action, Role
from trading.models import AuditEntry

KEYS = "/api/v1/api-keys"
POSITIONS = "/api/v1/positions"


@pytest.fixture
def made(admin, person) -> dict[str, Any]:
    """Return the answer that made a read key for a viewer."""
    person(Role.VIEWER)
    wish = {"name": "scraper", "owner": "viewer", "scopes": ["read"], "days": 30}
    answer = admin.post(KEYS, wish)
    assert answer.status_code == 201
    return answer.json()


def status_with(text: str, path: str = POSITIONS) -> int:
    return APIClient().get(path, HTTP_X_API_KEY=text).status_code


def test_a_key_opens_the_api_by_either_header(made):
    assert status_with(made["text"]) == 200
    by_other = APIClient().get(POSITIONS, HTTP_AUTHORIZATION=f"Api-Key {made['text']}")
    assert by_other.status_code == 200


def test_the_secret_is_shown_once_and_only_its_hash_is_kept(made, admin):
    key = ApiKey.objects.get()
    secret = made["text"].rpartition("_")[2]

    assert key.digest == sha256(secret.encode()).hexdigest()
    assert secret not in str(ApiKey.objects.values())
    assert secret not in admin.get(KEYS).content.decode()
    assert secret not in admin.get(f"{KEYS}/{key.pk}").content.decode()
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_key_made_is_audited(made):
    entry = AuditEntry.objects.get(action="api-key.issue")

    assert (entry.by, entry.subject) == ("admin", made["prefix"])
    assert entry.details["owner"] == "viewer"


@pytest.mark.parametrize(
    "text",
    ["", "x", "aitr__", "aitr_unknown_secret", "kite_abc_def", "aitr_", "_" * 50, "é" * 10],
)
def test_what_is_no_key_opens_nothing(db, text: str):
    assert api_keys.find(text, timezone.now()) is None


def test_one_wrong_letter_opens_nothing(made):
    last = made["text"][-1]

    assert status_with(made["text"][:-1] + ("0" if last != "0" else "1")) == 401


def test_use_is_remembered_to_the_minute_and_never_goes_back(made):
    key, now = ApiKey.objects.get(), timezone.now()
    api_keys.used(key, now)
    api_keys.used(key, now + timedelta(seconds=30))
    api_keys.used(key, now - timedelta(hours=1))

    key.refresh_from_db()
    assert key.last_used_at == now


def test_revoking_ends_a_key_at_once_and_once(made, admin):
    assert admin.delete(f"{KEYS}/{made['id']}").status_code == 204

    assert status_with(made["text"]) == 401
    again = admin.delete(f"{KEYS}/{made['id']}")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "key_over")
    assert AuditEntry.objects.filter(action="api-key.revoke").count() == 1


def test_rotating_puts_a_new_key_in_the_place_of_the_old(made, admin):
    answer = admin.post(f"{KEYS}/{made['id']}/rotate")

    new = answer.json()
    assert answer.status_code == 201
    assert status_with(made["text"]) == 401
    assert status_with(new["text"]) == 200
    assert (new["replaces"], new["scopes"]) == (made["prefix"], made["scopes"])
    entry = AuditEntry.objects.get(action="api-key.rotate")
    assert (entry.details["before"], entry.details["after"]) == (made["prefix"], new["prefix"])


def test_a_key_opens_nothing_from_its_expiry_on(made):
    key = ApiKey.objects.get()
    just_before = key.expires_at - timedelta(microseconds=1)

    assert api_keys.find(made["text"], just_before) == key
    assert api_keys.find(made["text"], key.expires_at) is None


def test_a_key_of_a_user_switched_off_opens_nothing(made, person):
    user = person(Role.VIEWER)
    user.is_active = False
    user.save()

    assert status_with(made["text"]) == 401


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"days": 0}, 400, "days"),
        ({"days": 366}, 400, "days"),
        ({"scopes": []}, 400, "scopes"),
        ({"scopes": ["fly"]}, 400, "scopes.0"),
        ({"owner": "nobody"}, 422, "owner"),
        ({"scopes": ["control"]}, 422, "scopes"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(admin, person, change, code, field):
    person(Role.VIEWER)
    wish = {"name": "scraper", "owner": "viewer", "scopes": ["read"], "days": 30} | change

    answer = admin.post(KEYS, wish)

    assert answer.status_code == code
    assert field in answer.json()["error"]["fields"]


def test_what_a_key_does_is_remembered_with_its_prefix(key_of, session):
    client = key_of(Role.OPERATOR, Action.CONTROL)

    assert client.post("/api/v1/pause", {"reason": "news"}).status_code == 202

    prefix = ApiKey.objects.get().prefix
    assert AuditEntry.objects.get(action="control.pause").by == f"operator (key {prefix})"
