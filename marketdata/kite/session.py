"""Logging in at Kite: the page to go to, the token for what comes back, and leaving again.

A person logs in, with password and second factor, at Kite's own page; none of that passes here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from kiteconnect.exceptions import KiteException

from marketdata.broker_session import AppKeys, Login, LoginRefused, LoginUnclear
from marketdata.kite.answers import UnreadableAnswer
from marketdata.kite.client import Client, RestLogin, Unreachable

T = TypeVar("T")
LOGIN_ROOT = "https://kite.zerodha.com/connect/login"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_USER = re.compile(r"[A-Za-z0-9]{1,20}")
_SAYS_NO = range(400, 500)
_TOO_MANY = 429


class KiteLogin:
    """The port `LoginDoor` on Kite."""

    def __init__(self, keys: AppKeys) -> None:
        self._keys = keys

    def address(self, state: str) -> str:
        """Return Kite's login page; `state` comes back beside the request token."""
        asked = {
            "v": "3",
            "api_key": self._keys.api_key,
            "redirect_params": urlencode({"state": state}),
        }
        return f"{self._keys.login_root}?{urlencode(asked)}"

    def exchange(self, request_token: str, at: datetime) -> Login:
        """Return the login of a request token, which is good once and for minutes.

        Raises `LoginRefused` or `LoginUnclear`.
        """
        if not _TOKEN.fullmatch(request_token):
            raise LoginRefused("request_token: expected letters and digits")
        secret = self._keys.api_secret
        told = self._asked("", lambda client: client.generate_session(request_token, secret))
        return _login(told, "", at)

    def check(self, access_token: str, at: datetime) -> Login:
        """Return whose token it is. Raises `LoginRefused` or `LoginUnclear`.

        When it was issued isn't told; as it is alive, it ends when one issued now would.
        """
        if not _TOKEN.fullmatch(access_token):
            raise LoginRefused("access_token: expected letters and digits")
        return _login(self._asked(access_token, lambda client: client.profile()), access_token, at)

    def leave(self, access_token: str) -> None:
        """End a login at Kite. Raises `LoginUnclear`."""
        try:
            self._asked(access_token, lambda client: client.invalidate_access_token())
        except LoginRefused:
            return

    def _asked(self, access_token: str, call: Callable[[Client], T]) -> T:
        """Make one call; its failure is raised outside, so that it holds on to nothing."""
        client = Client(RestLogin(self._keys.api_key, access_token, self._keys.root))
        try:
            return call(client)
        except KiteException as error:
            says_no = error.code in _SAYS_NO and error.code != _TOO_MANY
            failure: Exception = (LoginRefused if says_no else LoginUnclear)(str(error))
        except (UnreadableAnswer, Unreachable) as error:
            failure = LoginUnclear(str(error))
        finally:
            client.close()
        raise failure


def _login(told: object, access_token: str, at: datetime) -> Login:
    """Return the login that a session or a profile tells of."""
    fields = told if isinstance(told, dict) else {}
    user, token = fields.get("user_id"), access_token or fields.get("access_token")
    if not isinstance(user, str) or not _USER.fullmatch(user):
        raise LoginUnclear("the answer has no user_id")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise LoginUnclear("the answer has no access_token")
    return Login(user, token, at)
