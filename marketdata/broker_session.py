"""A login at the broker as a state: none, active, expired; and what is known ahead of its end.

How a login comes about is `marketdata/kite/session.py`; where it is kept, `trading/services`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from marketdata.calendar import IST

_ENDS_AT = time(6, 0)
_SURE_FROM = time(7, 30)


class SessionState(StrEnum):
    """NO_TOKEN: nobody has logged in, or somebody logged out. EXPIRED: a new login is needed."""

    NO_TOKEN = "NO_TOKEN"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


class LoginRefused(Exception):
    """The broker said no, in its words: a request token used twice or too late, a wrong secret."""


class LoginUnclear(Exception):
    """The broker gave no clear answer; what was asked may have been done."""


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The app that asks for logins; its secret shows in no text."""

    api_key: str
    api_secret: str = field(repr=False)
    root: str
    login_root: str


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was granted: whose, with which token, since when."""

    user_id: str
    access_token: str = field(repr=False)
    at: datetime

    @property
    def ends_at(self) -> datetime:
        """Return when the token dies by itself."""
        return ends_after(self.at)


class LoginDoor(Protocol):
    """Where logins are asked for."""

    def address(self, state: str) -> str:
        """Return the page at the broker to send a person to; `state` comes back with the answer."""

    def exchange(self, request_token: str, at: datetime) -> Login:
        """Return the login of a request token. Raises `LoginRefused` or `LoginUnclear`."""

    def check(self, access_token: str, at: datetime) -> Login:
        """Return the login that a token belongs to. Raises as `exchange`."""

    def leave(self, access_token: str) -> None:
        """End a login. Raises `LoginUnclear`; one that is over already is no error."""


def ends_after(login_at: datetime) -> datetime:
    """Return when a token dies by itself: the next time that it is 06:00 in IST."""
    local = login_at.astimezone(IST)
    end = datetime.combine(local.date(), _ENDS_AT, tzinfo=IST)
    return end if local < end else end + timedelta(days=1)


def state_of(ends_at: datetime | None, *, is_over: bool, now: datetime) -> SessionState:
    """Return how a login stands. `ends_at`: None without one. `is_over`: the broker refused it."""
    if ends_at is None:
        return SessionState.NO_TOKEN
    return SessionState.EXPIRED if is_over or now >= ends_at else SessionState.ACTIVE


def may_end_early(login_at: datetime) -> bool:
    """Say whether a login is of the early morning, before the broker's own night work is over."""
    return _ENDS_AT <= login_at.astimezone(IST).time() < _SURE_FROM
