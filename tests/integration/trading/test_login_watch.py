"""A running desk and the login it works in, on a real database."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone

from marketdata.broker_session import Login
from trading.login_watch import LoginWatch
from trading.models import Alert, BrokerSession
from trading.services import broker_login
from trading.services.broker_login import EXPIRED, Access, NoSessionError

pytestmark = pytest.mark.django_db


class Door:
    """A broker that lets everybody in, with a new token each time."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def address(self, state: str) -> str:
        return state

    def exchange(self, request_token: str, at: datetime) -> Login:
        return Login("AB1234", f"token{next(self._numbers)}", at)

    def check(self, access_token: str, at: datetime) -> Login:
        return Login("AB1234", access_token, at)

    def leave(self, access_token: str) -> None:
        del access_token


class Desk:
    """Something that works in a login and is told why it may not any more."""

    def __init__(self) -> None:
        self.refusal = ""
        self.tokens: list[str] = []

    def renew(self, access_token: str) -> None:
        self.refusal = ""
        self.tokens.append(access_token)


@pytest.fixture
def door(settings) -> Door:
    settings.KITE_API_KEY = "app"
    return Door()


def log_in(door: Door, minutes: int = 0) -> None:
    at = timezone.now() + timedelta(minutes=minutes)
    broker_login.log_in(request_token="x", door=door, by="tests", at=at)


def find() -> Access:
    return broker_login.access(timezone.now())


def turn(watch: LoginWatch, desk: Desk) -> None:
    """Let the thread ask once and the loop look twice."""
    watch.ask()
    watch.attend(desk)
    watch.attend(desk)


def test_a_login_that_is_good_changes_nothing(door):
    log_in(door)
    watch, desk = LoginWatch(find(), find), Desk()

    turn(watch, desk)

    assert desk.tokens == []
    assert not Alert.objects.exists()


def test_a_refusal_ends_the_login_and_alarms_once(door):
    log_in(door)
    watch, desk = LoginWatch(find(), find), Desk()
    turn(watch, desk)

    desk.refusal = "a call was refused"
    for _ in range(3):
        turn(watch, desk)

    assert BrokerSession.objects.get().end == "REFUSED"
    assert "a call was refused" in Alert.objects.get(kind=EXPIRED).text
    assert desk.tokens == []


def test_the_login_after_a_refusal_is_taken_over(door):
    log_in(door)
    watch, desk = LoginWatch(find(), find), Desk()
    turn(watch, desk)
    desk.refusal = "a call was refused"
    turn(watch, desk)
    turn(watch, desk)

    log_in(door, minutes=1)
    turn(watch, desk)
    turn(watch, desk)

    assert desk.tokens == ["token2"]
    assert Alert.objects.filter(kind=EXPIRED).count() == 1


def test_a_login_that_replaces_a_good_one_is_taken_over_without_an_alarm(door):
    log_in(door)
    watch, desk = LoginWatch(find(), find), Desk()

    log_in(door, minutes=1)
    turn(watch, desk)

    assert desk.tokens == ["token2"]
    assert not Alert.objects.exists()


def test_a_desk_that_began_without_a_login_takes_the_first_one(door):
    with pytest.raises(NoSessionError):
        find()
    watch, desk = LoginWatch(None, find), Desk()
    desk.refusal = "nobody is logged in"
    turn(watch, desk)

    log_in(door)
    turn(watch, desk)

    assert desk.tokens == ["token1"]
    assert not Alert.objects.exists()


def test_a_refusal_that_comes_after_a_new_login_does_not_end_that_one(door):
    log_in(door)
    watch, desk = LoginWatch(find(), find), Desk()
    turn(watch, desk)

    desk.refusal = "a call was refused"
    log_in(door, minutes=1)
    turn(watch, desk)
    turn(watch, desk)

    assert desk.tokens == ["token2"]
    assert BrokerSession.objects.filter(end="", ended_at=None).count() == 1
    assert not Alert.objects.exists()
