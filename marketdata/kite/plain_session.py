"""The HTTP session of calls to Kite: no redirects, cookies or settings of the machine.

What an answer is held against is said by `client.py`; which calls there are by the official client.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple
from urllib.parse import urlencode

import requests
from requests.structures import CaseInsensitiveDict

from marketdata.kite.plain_adapter import PlainAdapter

_PLAIN_URL = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]*)?(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)+"
)
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_PLAIN_FORM = re.compile(r"[A-Za-z0-9_.-]+=[A-Za-z0-9_.-]*(?:&[A-Za-z0-9_.-]+=[A-Za-z0-9_.-]*)*")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}


class _Body(NamedTuple):
    """What a request says behind its head, and what its head says of it."""

    content: str | bytes | None
    headers: Mapping[str, str]


class PlainSession(requests.Session):
    """A session whose calls leave sooner: what is asked in plain words needs no preparation.

    What leaves is byte for byte what the library itself would have prepared.
    """

    def __init__(self, connections: int) -> None:
        """Keep so many connections."""
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, PlainAdapter(connections))

    def request(  # type: ignore[override]
        self, method: str, url: str, **call: Any
    ) -> requests.Response:
        """Send plain questions and forms as they stand; everything else as the library does."""
        asked = self._as_it_stands(method, url, call)
        if asked is None:
            return super().request(method, url, **call)
        return self.send(
            asked,
            timeout=call.get("timeout"),
            allow_redirects=call.get("allow_redirects", True),
            proxies={**self.proxies, **(call.get("proxies") or {})},
            verify=call.get("verify", self.verify),
            stream=False,
            cert=self.cert,
        )

    def _as_it_stands(
        self, method: str, url: str, call: Mapping[str, Any]
    ) -> requests.PreparedRequest | None:
        """Return the request to an address that needs no quoting; None where it isn't plain."""
        query, body = _query(call.get("params")), _body(method, call)
        if query is None or body is None or self.auth or not _PLAIN_URL.fullmatch(url):
            return None
        asked = requests.PreparedRequest()
        asked.method, asked.url, asked.body = method, f"{url}{query}", body.content
        asked.headers = CaseInsensitiveDict(self.headers)
        asked.headers.update(call.get("headers") or {})
        asked.headers.update(body.headers)
        asked.hooks = self.hooks
        return asked


def _query(asked: object) -> str | None:
    """Return what stands behind an address, None where it isn't in plain words."""
    if not asked:
        return ""
    if not isinstance(asked, dict):
        return None
    said = {name: word for name, word in asked.items() if word is not None}
    if not all(_is_word(name) and _is_word(word) for name, word in said.items()):
        return None
    return f"?{urlencode(said)}" if said else ""


def _is_word(said: object) -> bool:
    return isinstance(said, str) and _PLAIN_WORD.fullmatch(said) is not None


def _body(method: str, call: Mapping[str, Any]) -> _Body | None:
    """Return what is said: nothing, a form of texts only, or JSON; None for anything else."""
    form, said = call.get("data"), call.get("json")
    if method in ("GET", "DELETE") and not form and said is None:
        return _Body(None, {} if method == "GET" else {"Content-Length": "0"})
    if method not in ("POST", "PUT"):
        return None
    if form:
        return _form(form) if said is None else None
    return None if said is None else _json(said)


def _form(form: object) -> _Body | None:
    if not isinstance(form, dict):
        return None
    if not all(isinstance(name, str) and isinstance(text, str) for name, text in form.items()):
        return None
    content = _joined(form)
    return _Body(content, {"Content-Length": str(len(content)), **_FORM})


def _joined(form: Mapping[str, str]) -> str:
    """Return a form as it is sent; plain words aren't looked through for what must be quoted."""
    content = "&".join([f"{name}={text}" for name, text in form.items()])
    is_plain = content.count("=") == len(form) and _PLAIN_FORM.fullmatch(content)
    return content if is_plain else urlencode(form)


def _json(said: object) -> _Body | None:
    try:
        content = json.dumps(said, allow_nan=False).encode()
    except (TypeError, ValueError):
        return None
    return _Body(content, {"Content-Length": str(len(content)), **_JSON})
