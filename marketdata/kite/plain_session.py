"""The HTTP session of calls to Kite: no redirects, cookies or settings of the machine.

What an answer is held against is said by `client.py`; which calls there are by the official client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeGuard
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

_PLAIN_URL = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]*)?(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)+"
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class PlainSession(requests.Session):
    """A session whose order calls leave sooner: their requests need no preparation by rules.

    What leaves is byte for byte what the library itself would have prepared.
    """

    def __init__(self, connections: int) -> None:
        """Keep so many connections."""
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=connections))

    def request(  # type: ignore[override]
        self, method: str, url: str, **call: Any
    ) -> requests.Response:
        """Send a form as it stands; everything else as the library does."""
        form = call.get("data")
        is_bare = call.get("json") is None and not call.get("params") and not self.auth
        if not (is_bare and method in ("POST", "PUT") and _is_plain(form)):
            return super().request(method, url, **call)
        if not _PLAIN_URL.fullmatch(url):
            return super().request(method, url, **call)
        return self.send(
            self.form_request(method, url, form, call.get("headers") or {}),
            timeout=call.get("timeout"),
            allow_redirects=call.get("allow_redirects", True),
            proxies={**self.proxies, **(call.get("proxies") or {})},
            verify=call.get("verify", self.verify),
            stream=False,
            cert=self.cert,
        )

    def form_request(
        self, method: str, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        """Return the request of a form with texts only, to an address that needs no quoting."""
        body = urlencode(form)
        asked = requests.PreparedRequest()
        asked.method, asked.url, asked.body = method, url, body
        asked.headers = CaseInsensitiveDict(self.headers)
        asked.headers.update(headers)
        asked.headers["Content-Length"] = str(len(body))
        asked.headers.update(_FORM)
        asked.hooks = self.hooks
        return asked


def _is_plain(form: object) -> TypeGuard[dict[str, str]]:
    """Say whether something is a form that says something, in texts only."""
    if not isinstance(form, dict) or not form:
        return False
    return all(isinstance(name, str) and isinstance(text, str) for name, text in form.items())
