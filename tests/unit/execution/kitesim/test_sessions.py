from __future__ import annotations

from datetime import datetime

import pytest

from execution.kitesim.sessions import Keys, LoginRefused, Sessions, checksum_of, dies_after
from marketdata.calendar import IST

KEYS = Keys("key", "secret", "SIM001")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=IST)


class Desk:
    """Sessions with a hand on their clock."""

    def __init__(self) -> None:
        self.at = moment("2026-11-23 09:00:00")
        self.sessions = Sessions(KEYS, lambda: self.at, seed=1)

    def login(self) -> str:
        token = self.sessions.request_token()
        return self.sessions.exchange(
            "key", token, checksum_of("key", token, "secret")
        ).access_token


def test_a_login_makes_a_valid_token():
    desk = Desk()

    token = desk.login()

    assert desk.sessions.is_valid("key", token)
    assert not desk.sessions.is_valid("other", token)
    assert not desk.sessions.is_valid("key", token[:-1])
    assert not desk.sessions.is_valid("key", "ä")


def test_a_request_token_works_once():
    desk = Desk()
    token = desk.sessions.request_token()
    checksum = checksum_of("key", token, "secret")
    desk.sessions.exchange("key", token, checksum)

    with pytest.raises(LoginRefused, match="invalid or has expired"):
        desk.sessions.exchange("key", token, checksum)


@pytest.mark.parametrize(
    ("key", "secret", "complaint"), [("other", "secret", "api_key"), ("key", "wrong", "checksum")]
)
def test_a_wrong_key_or_secret_is_refused_and_the_request_token_stays(key, secret, complaint):
    desk = Desk()
    token = desk.sessions.request_token()

    with pytest.raises(LoginRefused, match=complaint):
        desk.sessions.exchange(key, token, checksum_of(key, token, secret))

    assert desk.sessions.exchange("key", token, checksum_of("key", token, "secret"))


def test_a_new_login_ends_the_old_one():
    desk = Desk()
    old = desk.login()

    new = desk.login()

    assert old != new
    assert not desk.sessions.is_valid("key", old)
    assert desk.sessions.is_valid("key", new)


def test_a_token_dies_at_six_the_next_morning():
    desk = Desk()
    token = desk.login()

    desk.at = moment("2026-11-24 05:59:59")
    before = desk.sessions.is_valid("key", token)
    desk.at = moment("2026-11-24 06:00:00")

    assert before
    assert not desk.sessions.is_valid("key", token)


def test_a_login_at_night_ends_the_same_morning():
    assert dies_after(moment("2026-11-24 01:00:00")) == moment("2026-11-24 06:00:00")
    assert dies_after(moment("2026-11-24 06:00:00")) == moment("2026-11-25 06:00:00")


def test_a_logout_ends_the_session_once():
    desk = Desk()
    token = desk.login()

    assert desk.sessions.end("key", token)
    assert not desk.sessions.end("key", token)
    assert not desk.sessions.is_valid("key", token)


def test_a_killed_session_is_gone():
    desk = Desk()
    token = desk.login()

    desk.sessions.kill()

    assert not desk.sessions.is_valid("key", token)


def test_the_same_seed_gives_the_same_keys_and_tokens():
    assert Keys.of(7) == Keys.of(7)
    assert Keys.of(7) != Keys.of(8)
    assert len(Keys.of(7).api_key) == 16
    assert Desk().login() == Desk().login()
