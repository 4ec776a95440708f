from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction

from marketdata.broker_session import AppKeys, Login, LoginRefused, LoginUnclear, SessionState
from marketdata.calendar import IST
from tests.contracts.kite.scripted_kite import Reply, ScriptedKite, error, scripted_kite, success
from trading.bootstrap_login import login_door
from trading.models import Alert, AuditEntry, BrokerSession
from trading.services import broker_login

NOW = datetime(2026, 11, 23, 8, 10, tzinfo=IST)
KEY, SECRET, TOKEN = "appkey", "verysecretappsecret", "verysecretaccesstoken"
EXCHANGE = "POST /session/token"
SESSION = {
    "user_id": "AB1234",
    "access_token": TOKEN,
    "enctoken": "verysecretenctoken",
    "login_time": "2026-11-23 08:10:00",
}


class Door:
    """Grants every login, or fails as it is told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.left: list[str] = []

    def address(self, state: str) -> str:
        return f"https://broker.test/?state={state}"

    def exchange(self, request_token: str, at: datetime) -> Login:
        return self.check(f"access-for-{request_token}", at)

    def check(self, access_token: str, at: datetime) -> Login:
        if self.failure is not None:
            raise self.failure
        return Login("AB1234", access_token, at)

    def leave(self, access_token: str) -> None:
        self.left.append(access_token)
        if self.failure is not None:
            raise self.failure


@pytest.fixture(autouse=True)
def _app(settings, db) -> None:
    settings.KITE_API_KEY, settings.KITE_API_SECRET = KEY, SECRET


@pytest.fixture
def kite(settings) -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        settings.KITE_ROOT = server.root
        yield server


def logged_in(token: str = "first", at: datetime = NOW) -> BrokerSession:
    return broker_login.log_in(request_token=token, door=Door(), by="asha", at=at)


def state(at: datetime = NOW) -> SessionState:
    return broker_login.status(at).state


def test_without_a_login_there_is_no_token():
    assert state() is SessionState.NO_TOKEN
    with pytest.raises(broker_login.NoSessionError, match="NO_TOKEN"):
        broker_login.access(NOW)


def test_a_login_is_active_until_six_the_next_morning():
    logged_in()

    end = datetime(2026, 11, 24, 6, 0, tzinfo=IST)
    found = broker_login.access(NOW)
    assert (found.access_token, found.user_id) == ("access-for-first", "AB1234")
    assert found.expires_at == end
    assert state(end - timedelta(seconds=1)) is SessionState.ACTIVE
    assert state(end) is SessionState.EXPIRED
    with pytest.raises(broker_login.NoSessionError, match="EXPIRED"):
        broker_login.access(end)


def test_the_token_is_encrypted_at_rest():
    row = logged_in()

    assert "access-for-first" not in row.token
    assert "access-for-first" not in repr(broker_login.access(NOW))


def test_a_token_of_another_key_counts_as_none(settings):
    logged_in()
    settings.TOKEN_KEY = Fernet.generate_key().decode()

    assert state() is SessionState.NO_TOKEN
    with pytest.raises(broker_login.NoSessionError):
        broker_login.access(NOW)


def test_a_new_login_replaces_the_old_one_and_forgets_its_token():
    old = logged_in()
    logged_in("second", NOW + timedelta(hours=1))

    old.refresh_from_db()
    assert (old.end, old.token) == ("REPLACED", "")
    assert broker_login.access(NOW + timedelta(hours=1)).access_token == "access-for-second"


@pytest.mark.parametrize("failure", [LoginRefused("no"), LoginUnclear("?")])
def test_a_login_that_fails_leaves_the_old_one(failure):
    logged_in()

    with pytest.raises(type(failure)):
        broker_login.log_in(request_token="x", door=Door(failure), by="asha", at=NOW)

    assert broker_login.access(NOW).access_token == "access-for-first"


def test_a_logout_ends_the_session_here_and_at_the_broker():
    door = Door()
    logged_in()

    broker_login.log_out(door=door, by="asha", at=NOW)

    assert door.left == ["access-for-first"]
    assert state() is SessionState.NO_TOKEN
    with pytest.raises(broker_login.NoSessionError):
        broker_login.log_out(door=door, by="asha", at=NOW)


def test_a_logout_that_the_broker_does_not_confirm_holds_here():
    logged_in()

    with pytest.raises(LoginUnclear):
        broker_login.log_out(door=Door(LoginUnclear("?")), by="asha", at=NOW)

    assert state() is SessionState.NO_TOKEN


def test_a_session_the_broker_refuses_is_expired_and_alarms_once():
    logged_in()
    access = broker_login.access(NOW)

    for _ in range(2):
        broker_login.refused(access=access, why="TokenException 403", at=NOW)

    assert state() is SessionState.EXPIRED
    [alert] = Alert.objects.filter(kind="broker.session-expired")
    assert alert.severity == "CRITICAL"


def test_a_refusal_of_an_older_session_does_not_end_the_new_one():
    logged_in()
    old = broker_login.access(NOW)
    logged_in("second", NOW + timedelta(hours=1))

    broker_login.refused(access=old, why="TokenException 403", at=NOW)

    assert state(NOW + timedelta(hours=1)) is SessionState.ACTIVE
    assert not Alert.objects.exists()


def test_what_falls_short_of_the_day_is_told():
    close = NOW.replace(hour=18)

    assert "NO_TOKEN" in broker_login.shortfall(close, NOW)
    logged_in(at=NOW.replace(hour=5))
    assert "ends 2026-11-23 06:00" in broker_login.shortfall(close, NOW.replace(hour=5, minute=30))
    assert "EXPIRED" in broker_login.shortfall(close, NOW)
    logged_in("second")
    assert broker_login.shortfall(close, NOW) == ""


def test_the_database_keeps_one_open_session_an_app():
    row = logged_in()

    with pytest.raises(IntegrityError), transaction.atomic():
        BrokerSession.objects.create(
            api_key=KEY, user_id="X", by="x", logged_in_at=NOW, expires_at=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        BrokerSession.objects.filter(pk=row.pk).update(ended_at=NOW, end="LOGOUT")


def test_without_keys_there_is_no_app(settings):
    settings.KITE_API_SECRET = ""

    with pytest.raises(broker_login.NoKeysError):
        broker_login.app_keys()


def test_a_request_token_is_exchanged_with_its_checksum(kite):
    kite.will(EXCHANGE, success(SESSION))

    broker_login.log_in(
        request_token="abc", door=login_door(broker_login.app_keys()), by="asha", at=NOW
    )

    [asked] = kite.asked
    assert broker_login.access(NOW).access_token == TOKEN
    proof = hashlib.sha256(f"{KEY}abc{SECRET}".encode()).hexdigest()
    assert asked.form == {"api_key": KEY, "request_token": "abc", "checksum": proof}


BAD = {
    "refused": (error(403, "TokenException", "Token is invalid or has expired."), LoginRefused),
    "input": (error(400, "InputException", "Invalid `checksum`."), LoginRefused),
    "too many": (error(429, "NetworkException", "Too many requests"), LoginUnclear),
    "server": (error(500, "GeneralException", "?"), LoginUnclear),
    "no answer": (Reply(None), LoginUnclear),
    "no token": (success({**SESSION, "access_token": None}), LoginUnclear),
    "no time": (success({**SESSION, "login_time": "soon"}), LoginUnclear),
    "no user": (success({**SESSION, "user_id": "a b"}), LoginUnclear),
    "a list": (success([]), LoginUnclear),
}


@pytest.mark.parametrize(("reply", "failure"), BAD.values(), ids=BAD.keys())
def test_an_exchange_fails_in_two_ways_only(kite, reply, failure):
    kite.will(EXCHANGE, reply)
    door = login_door(broker_login.app_keys())

    with pytest.raises(failure):
        broker_login.log_in(request_token="abc", door=door, by="asha", at=NOW)

    assert state() is SessionState.NO_TOKEN


def test_a_pasted_access_token_is_checked_with_the_broker_first(kite):
    kite.will("GET /user/profile", success({"user_id": "AB1234"}))
    door = login_door(broker_login.app_keys())

    broker_login.enter(access_token=TOKEN, door=door, by="asha", at=NOW)

    assert broker_login.access(NOW).access_token == TOKEN
    assert kite.asked[0].headers["Authorization"] == f"token {KEY}:{TOKEN}"


def test_a_session_that_is_over_at_the_broker_can_be_left(kite):
    kite.will("DELETE /session/token", error(403, "TokenException", "over"))

    login_door(AppKeys(KEY, SECRET, kite.root, "https://x")).leave(TOKEN)

    assert len(kite.asked) == 1


def test_no_secret_is_in_any_log_audit_entry_or_text(kite, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    door = login_door(broker_login.app_keys())
    texts = [repr(broker_login.app_keys()), door.address("word")]
    for reply, _ in [*BAD.values(), (success(SESSION), None)]:
        kite.will(EXCHANGE, reply)
        try:
            broker_login.log_in(request_token="abc", door=door, by="asha", at=NOW)
        except (LoginRefused, LoginUnclear) as failure:
            texts += [repr(failure), repr(failure.__context__), repr(failure.__cause__)]
    kite.will("DELETE /session/token", Reply(None))
    with pytest.raises(LoginUnclear) as raised:
        broker_login.log_out(door=door, by="asha", at=NOW)
    texts += [repr(raised.value), *(str(e.__dict__) for e in AuditEntry.objects.all())]
    texts += [str(row.__dict__) for row in BrokerSession.objects.all()]

    out = capfd.readouterr()
    told = "".join([*texts, caplog.text, out.out, out.err])
    for secret in (SECRET, TOKEN, "verysecretenctoken"):
        assert secret not in told
    assert [entry.action for entry in AuditEntry.objects.order_by("number")] == [
        "broker.login",
        "broker.logout",
    ]
