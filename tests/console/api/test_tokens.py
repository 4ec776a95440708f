"""Log-in by token: short access, rotating refresh, reuse that ends everything, lock-out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from backoffice import tokens
from backoffice.api.errors import locked_out
from backoffice.models import TokenFamily
from backoffice.permissions import Role
from tests.console.api.conftest import PASSWORD
from trading.models import AuditEntry
from trading.services import audit

LOG_IN, REFRESH, LOG_OUT, ME = (
    f"/api/v1/auth/{name}" for name in ("token", "refresh", "log-out", "me")
)


@pytest.fixture
def pair(person) -> dict[str, Any]:
    """Return what a viewer's log-in answers."""
    person(Role.VIEWER)
    return APIClient().post(LOG_IN, {"username": "viewer", "password": PASSWORD}).json()


def refreshed(text: str) -> Any:
    return APIClient().post(REFRESH, {"refresh": text})


def status_with(access: str) -> int:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}").status_code


def test_an_access_token_lives_15_minutes_and_a_refresh_token_7_days(pair):
    access, refresh = AccessToken(pair["access"]), RefreshToken(pair["refresh"])

    assert access["exp"] - access["iat"] == timedelta(minutes=15).total_seconds()
    assert refresh["exp"] - refresh["iat"] == timedelta(days=7).total_seconds()


def test_an_access_token_that_has_expired_is_answered_401_in_words(pair):
    access = AccessToken(pair["access"])
    access.set_exp(lifetime=timedelta(seconds=-1))

    answer = APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}")

    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (401, "not_authenticated")
    assert "expired" in told["message"]
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_log_in_opens_the_api_and_is_audited(pair):
    assert status_with(pair["access"]) == 200
    entry = AuditEntry.objects.get(action="token.log-in")
    assert (entry.by, entry.details) == ("viewer", {"address": "127.0.0.1"})


def test_a_refresh_gives_another_pair_and_does_not_move_the_end(pair):
    second = refreshed(pair["refresh"]).json()

    assert second["refresh"] != pair["refresh"]
    assert status_with(second["access"]) == 200
    assert RefreshToken(second["refresh"])["exp"] == RefreshToken(pair["refresh"])["exp"]


def test_a_refresh_token_used_twice_ends_the_whole_family(pair):
    second = refreshed(pair["refresh"]).json()

    assert refreshed(pair["refresh"]).status_code == 401

    assert refreshed(second["refresh"]).status_code == 401
    assert status_with(second["access"]) == 401
    assert status_with(pair["access"]) == 401


def test_reuse_is_audited_once(pair):
    for _ in range(4):
        refreshed(pair["refresh"])

    entry = AuditEntry.objects.get(action="token.reuse")
    assert entry.details["user"] == "viewer"
    assert entry.subject == str(TokenFamily.objects.get().pk)
    assert audit.verify().is_whole


def test_another_log_in_of_the_same_user_outlives_a_reuse(pair, person):
    other = tokens.log_in(user=person(Role.VIEWER), address="10.0.0.1", at=timezone.now())
    refreshed(pair["refresh"])
    refreshed(pair["refresh"])

    assert status_with(other.access) == 200


def test_logging_out_ends_the_family(pair):
    assert APIClient().post(LOG_OUT, {"refresh": pair["refresh"]}).status_code == 204

    assert status_with(pair["access"]) == 401
    assert refreshed(pair["refresh"]).status_code == 401
    assert AuditEntry.objects.filter(action="token.log-out").count() == 1


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "x" * 5000])
def test_what_is_no_refresh_token_is_refused(db, text: str):
    assert refreshed(text).status_code in (400, 401)


def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(pair):
    assert refreshed(pair["access"]).status_code == 401
    assert status_with(pair["refresh"]) == 401


def test_a_family_ends_seven_days_after_its_log_in(pair):
    TokenFamily.objects.update(expires_at=timezone.now())

    assert refreshed(pair["refresh"]).status_code == 401


def test_a_user_who_is_switched_off_is_out_at_once(pair, person):
    user = person(Role.VIEWER)
    user.is_active = False
    user.save()

    assert status_with(pair["access"]) == 401
    assert refreshed(pair["refresh"]).status_code == 401


def test_a_new_password_ends_old_tokens(pair, person):
    user = person(Role.VIEWER)
    user.set_password("another long sentence")
    user.save()

    assert status_with(pair["access"]) == 401
    assert refreshed(pair["refresh"]).status_code == 401


def test_a_wrong_password_is_answered_401_in_the_one_form(person):
    person(Role.VIEWER)

    answer = APIClient().post(LOG_IN, {"username": "viewer", "password": "wrong"})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"] == "Bearer"


def test_who_am_i_tells_role_and_actions(operator):
    assert operator.get(ME).json() == {
        "username": "operator",
        "role": "operator",
        "key": None,
        "actions": ["read", "control", "research"],
    }


@pytest.fixture
def locking(settings) -> None:
    settings.AXES_ENABLED = True


def fail(times: int, address: str = "127.0.0.1", name: str = "viewer") -> int:
    code = 0
    for number in range(times):
        code = (
            APIClient(REMOTE_ADDR=address)
            .post(LOG_IN, {"username": name, "password": f"wrong {number}"})
            .status_code
        )
    return code


def test_five_failures_lock_name_and_address_even_for_the_right_password(
    locking, person, a_minute_later
):
    person(Role.VIEWER)
    assert fail(4) == 401
    a_minute_later()
    fail(1)
    a_minute_later()

    answer = APIClient().post(LOG_IN, {"username": "viewer", "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "locked_out"


@pytest.mark.parametrize("given", [None, {"username": "viewer"}])
def test_a_lock_told_without_our_own_answer_has_the_one_form(rf, given):
    answer = locked_out(rf.post(LOG_IN), given, None)

    assert answer.status_code == 429
    assert json.loads(answer.content)["error"]["code"] == "locked_out"


def test_a_lock_of_the_pages_is_told_in_words(rf):
    answer = locked_out(rf.post("/login/"), None, None)

    assert (answer.status_code, answer["Content-Type"]) == (429, "text/plain; charset=utf-8")


def test_another_address_is_not_locked_out_with_it(locking, person, a_minute_later):
    person(Role.VIEWER)
    fail(5, address="10.1.1.1")
    a_minute_later()

    answer = APIClient(REMOTE_ADDR="10.2.2.2").post(
        LOG_IN, {"username": "viewer", "password": PASSWORD}
    )

    assert answer.status_code == 200
