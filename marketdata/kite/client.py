"""The official client, made safe to trade with: it reads strictly, follows nothing, tells nothing.

What its failures mean is said by who calls; the login itself is `session.py`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

import kiteconnect
import requests
from kiteconnect.exceptions import KiteException
from urllib3.exceptions import HTTPError

from marketdata.kite.answers import UnreadableAnswer, check_answer, check_data
from marketdata.kite.plain_session import PlainSession

_KEY = re.compile(r"[A-Za-z0-9_-]*")
API_ROOT = "https://api.kite.trade"
"""Where Kite's REST API stands; a path behind the host is lost."""


class Unreachable(Exception):
    """No whole answer came: no connection, a broken one, or silence; what was asked may be done.

    The text is the kind of failure alone: the libraries' own texts repeat addresses with tokens.
    """


CALL_FAILURES = (KiteException, UnreadableAnswer, Unreachable)
"""Everything a call through `Client` can raise."""


@dataclass(frozen=True, slots=True)
class RestLogin:
    """Where Kite is and who asks; without a token only a login can be asked for.

    `connect_seconds` and `read_seconds`: patience for a connection and for each piece of an
    answer. `proxy`: address of an egress proxy, empty for none.
    """

    api_key: str
    access_token: str = field(default="", repr=False)
    root: str = API_ROOT
    connect_seconds: float = 3.0
    read_seconds: float = 7.0
    proxy: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name in ("api_key", "access_token"):
            if not _KEY.fullmatch(getattr(self, name)):
                raise ValueError(f"{name}: expected letters, digits, - and _ only")
        if not self.api_key:
            raise ValueError("api_key: empty, expected the app's key")


class Client(kiteconnect.KiteConnect):  # type: ignore[misc] # kiteconnect has no types
    """`KiteConnect` whose every answer is checked whole and whose every failure is one of three.

    Rows come back as they were sent, their times as text. Calls block; up to `connections` are
    kept. A client is for one thread at a time.
    """

    def __init__(self, login: RestLogin, *, connections: int = 1) -> None:
        super().__init__(
            login.api_key,
            access_token=login.access_token or None,
            root=login.root,
            timeout=(login.connect_seconds, login.read_seconds),
            proxies={"http": login.proxy, "https": login.proxy} if login.proxy else None,
        )
        self.timeout: tuple[float, float] = (login.connect_seconds, login.read_seconds)
        self.reqsession = self._new_session(connections)
        _keep_addresses_out_of_logs()

    def __repr__(self) -> str:
        return f"<Client of {self.root}>"

    def give_up_after(self, seconds: float) -> None:
        """Wait so long for each piece of an answer, at most as long as before."""
        connect_seconds, read_seconds = self.timeout
        self.timeout = (connect_seconds, min(seconds, read_seconds))

    def close(self) -> None:
        """Give the idle connections back."""
        self.reqsession.close()

    def _new_session(self, connections: int) -> requests.Session:
        """Return a session whose every answer is checked whole."""
        session = PlainSession(connections)
        session.hooks["response"] = [self._check]
        return session

    def _check(self, response: requests.Response, **_: object) -> None:
        response.encoding = "utf-8"
        check_answer(
            response.status_code,
            response.headers.get("content-type", ""),
            response.content,
            hidden=self.access_token or "",
        )

    def _request(
        self,
        route: str,
        method: str,
        url_args: Mapping[str, object] | None = None,
        params: object = None,
        is_json: bool = False,
        query_params: Mapping[str, object] | None = None,
    ) -> object:
        data = self._answer(route, method, url_args, params, is_json, query_params)
        check_data(route, data, url_args or {})
        return data

    def _answer(self, *call: object) -> object:
        """Make the call. The failure is raised outside, so that it holds on to nothing."""
        try:
            return super()._request(*call)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            kind = type(error).__name__
        raise Unreachable(kind)

    def _format_response(self, data: object) -> object:
        return data


def _keep_addresses_out_of_logs() -> None:
    """Silence urllib3 below errors: its lines tell whole addresses, some of which carry a token."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)
