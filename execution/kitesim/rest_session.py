"""Login and logout over REST, and the page a login begins at; no password is ever asked for.

Tokens are kept in `sessions.py`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from execution.kitesim.answers import ErrorType, KiteError, bad_input, stamp, success
from execution.kitesim.backend import Backend, backend_of, params_of
from execution.kitesim.order_form import required
from execution.kitesim.rest_user import profile
from execution.kitesim.sessions import LoginRefused, Session


async def login_page(request: web.Request) -> web.Response:
    """Send the user back to the app with a request token, as Kite does after a login."""
    backend = backend_of(request)
    if request.query.get("api_key") != backend.sessions.keys.api_key:
        raise KiteError("Invalid `api_key`.", ErrorType.INPUT, 400)
    if not backend.settings.redirect_url:
        raise bad_input("No redirect URL is registered for the app.")
    token = {
        "action": "login",
        "type": "login",
        "status": "success",
        "request_token": backend.sessions.request_token(),
    }
    asked = parse_qsl(request.query.get("redirect_params", ""))
    raise web.HTTPFound(_with_query(backend.settings.redirect_url, dict(asked) | token))


async def exchange(request: web.Request) -> web.Response:
    """Exchange a request token for an access token."""
    backend, params = backend_of(request), await params_of(request)
    try:
        session = backend.sessions.exchange(
            required(params, "api_key", str),
            required(params, "request_token", str),
            required(params, "checksum", str),
        )
    except LoginRefused as error:
        raise KiteError(str(error), ErrorType.TOKEN, 403) from error
    return success(_told(backend, session))


async def logout(request: web.Request) -> web.Response:
    """End the session of an access token."""
    params = await params_of(request)
    key, token = required(params, "api_key", str), params.get("access_token", "")
    if not backend_of(request).sessions.end(key, token):
        raise KiteError("Invalid `api_key` or `access_token`.", ErrorType.TOKEN, 403)
    return success(data=True)


async def renew(request: web.Request) -> web.Response:
    """Refuse to renew: only apps approved for it have refresh tokens."""
    await params_of(request)
    raise KiteError("Invalid `refresh_token`.", ErrorType.TOKEN, 403)


def routes() -> list[web.RouteDef]:
    """Return the calls of a session."""
    return [
        web.get("/connect/login", login_page),
        web.post("/session/token", exchange),
        web.delete("/session/token", logout),
        web.post("/session/refresh_token", renew),
    ]


def _told(backend: Backend, session: Session) -> dict[str, Any]:
    told = profile(backend)
    return told | {
        "api_key": backend.sessions.keys.api_key,
        "access_token": session.access_token,
        "public_token": session.public_token,
        "enctoken": session.enctoken,
        "refresh_token": "",
        "silo": "",
        "login_time": stamp(session.login_at),
    }


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    joined = dict(parse_qsl(parts.query)) | query
    return urlunsplit(parts._replace(query=urlencode(joined)))
