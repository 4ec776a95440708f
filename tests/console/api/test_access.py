"""Every address of the API, for every role and every scope of a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.urls import URLPattern
from rest_framework.test import APIClient

from backoffice.api.urls import urlpatterns
from backoffice.permissions import ALLOWED, Action, Role

SOME = uuid.UUID(int=7)
OPEN, READ = None, Action.READ
NEEDS: dict[tuple[str, str], Action | None] = {
    ("POST", "auth/token"): OPEN,
    ("POST", "auth/refresh"): OPEN,
    ("POST", "auth/log-out"): OPEN,
    ("GET", "auth/me"): READ,
    ("GET", "mode"): READ,
    ("POST", "mode"): Action.CONTROL,
    ("GET", "mode/gate"): Action.CONTROL,
    ("POST", "pause"): Action.CONTROL,
    ("POST", "resume"): Action.CONTROL,
    ("POST", "flatten"): Action.CONTROL,
    ("POST", "unlock"): Action.CONTROL,
    ("POST", "strategies/opening_range/release"): Action.CONTROL,
    ("POST", "universe/reload"): Action.CONFIGURE,
    ("POST", "strategies/reload"): Action.CONFIGURE,
    ("GET", "commands"): READ,
    ("GET", "commands/7"): READ,
    ("GET", "positions"): READ,
    ("GET", f"positions/{SOME}"): READ,
    ("POST", f"positions/{SOME}/close"): Action.CONTROL,
    ("GET", "structures"): READ,
    ("GET", f"structures/{SOME}"): READ,
    ("GET", "orders"): READ,
    ("GET", f"orders/{SOME}"): READ,
    ("GET", "signals"): READ,
    ("GET", f"signals/{SOME}"): READ,
    ("GET", "decisions"): READ,
    ("GET", f"decisions/{SOME}"): READ,
    ("GET", "state"): READ,
    ("GET", "risk"): READ,
    ("GET", "session"): READ,
    ("GET", "chains"): READ,
    ("GET", "chains/NIFTY/NIFTY"): READ,
    ("GET", "events"): READ,
    ("GET", "config"): READ,
    ("POST", "config"): Action.CONFIGURE,
    ("GET", "config/active"): READ,
    ("GET", "config/7"): READ,
    ("POST", "config/7/activate"): Action.CONFIGURE,
    ("GET", "backtest"): READ,
    ("POST", "backtest"): Action.RESEARCH,
    ("GET", f"backtest/{SOME}"): READ,
    ("GET", "api-keys"): Action.ADMINISTER,
    ("POST", "api-keys"): Action.ADMINISTER,
    ("GET", "api-keys/7"): Action.ADMINISTER,
    ("DELETE", "api-keys/7"): Action.ADMINISTER,
    ("POST", "api-keys/7/rotate"): Action.ADMINISTER,
    ("GET", "health"): OPEN,
    ("GET", "ready"): OPEN,
    ("GET", "metrics"): READ,
    ("GET", "schema"): READ,
    ("GET", "docs"): READ,
}
GUARDED = [(*place, action) for place, action in NEEDS.items() if action is not OPEN]


def ask(client: APIClient, method: str, path: str) -> int:
    return client.generic(method, f"/api/v1/{path}", "{}", "application/json").status_code


def methods() -> Iterator[tuple[str, str]]:
    """Tell every method of every address, as the API itself says."""
    for pattern in urlpatterns:
        if not isinstance(pattern, URLPattern) or pattern.name is None:
            continue
        view = pattern.callback.cls
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                yield method, str(pattern.pattern)


def filled(pattern: str) -> str:
    known = (("<uuid:", str(SOME)), ("<int:", "7"), ("<slug:", "opening_range"), ("<str:", "NIFTY"))
    for kind, value in known:
        while kind in pattern:
            head, _, tail = pattern.partition(kind)
            pattern = head + value + tail.partition(">")[2]
    return pattern


def test_every_address_and_method_stands_in_the_matrix():
    assert {(method, filled(path)) for method, path in methods()} == set(NEEDS)


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "action"), GUARDED)
def test_without_a_log_in_nothing_is_given(method: str, path: str, action: Action):
    assert ask(APIClient(), method, path) == 401


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "action"), GUARDED)
def test_a_role_may_do_what_it_is_trusted_with_and_nothing_else(
    client_of, method: str, path: str, action: Action, role: Role
):
    code = ask(client_of(role), method, path)

    assert (code != 403) == (action in ALLOWED[role])
    assert code != 401
    assert code < 500


@pytest.mark.django_db
@pytest.mark.parametrize("scope", Action)
@pytest.mark.parametrize(("method", "path", "action"), GUARDED)
def test_a_key_may_do_what_its_scopes_say_even_an_admin_s(
    key_of, method: str, path: str, action: Action, scope: Action
):
    code = ask(key_of(Role.ADMIN, scope), method, path)

    assert (code != 403) == (action is scope)


def test_a_key_loses_what_its_owner_may_no_longer_do(key_of, person):
    client = key_of(Role.OPERATOR, Action.CONTROL)
    person(Role.OPERATOR).groups.clear()

    assert ask(client, "POST", "pause") == 403


def test_a_user_without_a_role_may_see_nothing(client_of, person):
    client = client_of(Role.VIEWER)
    person(Role.VIEWER).groups.clear()

    assert ask(client, "GET", "positions") == 403


def test_a_superuser_is_an_admin(client_of, person):
    client = client_of(Role.VIEWER)
    user = person(Role.VIEWER)
    user.is_superuser = True
    user.save()

    assert ask(client, "GET", "api-keys") == 200


def test_a_session_of_the_pages_may_read_but_controls_need_its_csrf_token(person, session):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(person(Role.OPERATOR))

    assert client.get("/api/v1/positions").status_code == 200
    assert client.post("/api/v1/pause", {"reason": "news"}).status_code == 403
