"""The page of the daily login, driven as a browser would, against a scripted Kite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.permissions import Role
from tests.contracts.kite.scripted_kite import ScriptedKite, error, scripted_kite, success
from trading.models import BrokerSession

SignIn = Callable[[Role | None], Client]
TOKEN = "verysecretaccesstoken"
SESSION = {"user_id": "AB1234", "access_token": TOKEN, "login_time": "2026-11-23 08:10:00"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def kite(settings) -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        settings.KITE_API_KEY, settings.KITE_API_SECRET = "appkey", "appsecret"
        settings.KITE_ROOT = server.root
        server.will("POST /session/token", success(SESSION))
        server.will("GET /user/profile", success({"user_id": "AB1234"}))
        server.will("DELETE /session/token", success(True))
        yield server


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def begun(client: Client) -> str:
    """Begin a login and return the word that has to come back."""
    address = urlsplit(client.get("/broker/start/")["Location"])
    [params] = parse_qs(address.query)["redirect_params"]
    return parse_qs(params)["state"][0]


def came_back(client: Client, **query: str) -> str:
    """Come back from Kite and return what the page then says."""
    answer = client.get(
        "/broker/callback/", {"request_token": "abc", "action": "login", **query}, follow=True
    )
    assert answer.redirect_chain == [("/broker/", 302)]
    return answer.content.decode()


def test_the_button_leads_to_kite_with_the_key_and_without_the_secret(kite, operator):
    answer = operator.get("/broker/start/")

    address = urlsplit(answer["Location"])
    assert (address.netloc, address.path) == ("kite.zerodha.com", "/connect/login")
    assert parse_qs(address.query)["api_key"] == ["appkey"]
    assert "appsecret" not in answer["Location"]


def test_a_login_comes_back_and_the_desk_is_logged_in(kite, operator):
    told = came_back(operator, status="success", state=begun(operator))

    assert "The desk is logged in." in told
    assert "Logged in as <b>AB1234</b>" in told
    assert TOKEN not in told
    assert BrokerSession.objects.get().by == "operator"


@pytest.mark.parametrize("state", ["", "made-up", "ü"])
def test_an_answer_nobody_asked_for_is_not_taken(kite, operator, state):
    begun(operator)

    assert "not asked for here" in came_back(operator, status="success", state=state)
    assert kite.asked == []


def test_the_word_is_good_once(kite, operator):
    word = begun(operator)
    came_back(operator, status="success", state=word)

    assert "not asked for here" in came_back(operator, status="success", state=word)
    assert len(kite.asked) == 1


def test_the_word_of_one_browser_is_no_good_in_another(kite, operator, sign_in: SignIn):
    word = begun(operator)

    told = came_back(sign_in(Role.ADMIN), status="success", state=word)
    assert "not asked for here" in told


def test_a_login_that_kite_refused_is_told(kite, operator):
    assert "Kite did not log you in." in came_back(
        operator, status="cancelled", state=begun(operator)
    )
    kite.will("POST /session/token", error(403, "TokenException", "Token is invalid."))
    assert "Token is invalid." in came_back(operator, status="success", state=begun(operator))
    assert not BrokerSession.objects.exists()


@pytest.mark.parametrize(
    "pasted",
    ["abc", "https://desk.test/broker/callback/?action=login&request_token=abc&status=success"],
)
def test_a_request_token_can_be_pasted_alone_or_in_its_address(kite, operator, pasted):
    operator.post("/broker/token/", {"token": pasted, "kind": "request"})

    assert kite.asked[0].form["request_token"] == "abc"
    assert BrokerSession.objects.get().user_id == "AB1234"


def test_an_access_token_can_be_pasted(kite, operator):
    operator.post("/broker/token/", {"token": TOKEN, "kind": "access"})

    assert kite.asked[0].path == "/user/profile"
    assert BrokerSession.objects.get().user_id == "AB1234"


@pytest.mark.parametrize("kind", ["request", "access"])
@pytest.mark.parametrize("pasted", ["", "a b", "<script>", "http://[", "x" * 200])
def test_nonsense_is_refused_without_asking_kite(kite, operator, kind, pasted):
    answer = operator.post("/broker/token/", {"token": pasted, "kind": kind}, follow=True)

    assert "expected letters and digits" in answer.content.decode()
    assert kite.asked == []


def test_the_desk_can_be_logged_out(kite, operator):
    came_back(operator, status="success", state=begun(operator))

    told = operator.post("/broker/leave/", follow=True).content.decode()

    assert "Nobody is logged in." in told
    assert kite.asked[-1].method == "DELETE"


def test_without_an_app_the_page_says_so(operator, db):
    told = operator.get("/broker/").content.decode()

    assert "no app at Kite" in told
    assert operator.get("/broker/start/", follow=True).redirect_chain == [("/broker/", 302)]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["", "start/", "callback/", "token/", "leave/"])
def test_only_who_may_control_may_log_the_desk_in(kite, sign_in: SignIn, method, path):
    for client in (sign_in(Role.VIEWER), sign_in(None)):
        assert getattr(client, method)(f"/broker/{path}").status_code in (403, 405)
    assert getattr(Client(), method)(f"/broker/{path}").status_code in (302, 405)
    assert kite.asked == []


@pytest.mark.parametrize("path", ["token/", "leave/"])
def test_forms_want_their_token(kite, operator, path):
    operator.handler.enforce_csrf_checks = True

    assert operator.post(f"/broker/{path}").status_code == 403


def test_the_admin_has_a_button_to_the_page(kite, operator):
    operator.get("/admin/")
    page = reverse("admin:trading_brokersession_log_in")

    assert operator.get(page)["Location"] == "/broker/"
