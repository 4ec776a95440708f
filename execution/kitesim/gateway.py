"""What every call passes before and after its handler: limits, login, faults, the words of errors.

What the calls do is in the `rest_*` modules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from execution.kitesim.answers import ErrorType, KiteError, bad_input, failure
from execution.kitesim.backend import Backend, backend_of, params_of
from execution.kitesim.control import PREFIX
from execution.kitesim.faults import Fault, FaultKind
from execution.kitesim.rates import Call, too_many_requests

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OPEN_TO_ALL = ("/session/", "/connect/", "/instruments")
_NEEDS_LOGIN = ("/instruments/historical/", "/instruments/trigger_range/")
_LOOK = 0.02
_LONGEST = 120.0
_BY_CODE = {
    500: ErrorType.GENERAL,
    502: ErrorType.DATA,
    503: ErrorType.NETWORK,
    504: ErrorType.NETWORK,
}


@web.middleware
async def gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a call through to its handler, and its answer out, unless something speaks against it."""
    if request.path.startswith(PREFIX):
        return await handler(request)
    backend = backend_of(request)
    subject = f"{request.method} {request.path}"
    try:
        subject = await subject_of(request, backend)
        _admit(request, backend, subject)
        answer = await handler(request)
    except KiteError as error:
        answer = failure(error)
    except web.HTTPException as error:
        answer = _routed(error)
    await backend.outbox.drain()
    return await _sent(request, answer, backend, subject)


async def subject_of(request: web.Request, backend: Backend) -> str:
    """Return what fault rules call a request: `POST /orders/regular NFO:NIFTY26NOVFUT`.

    Raises `KiteError` for a form that can't be read.
    """
    subject = f"{request.method} {request.path}"
    order_id = request.match_info.get("order_id")
    if order_id is not None:
        row = next((row for row in backend.books.orders() if row.order_id == order_id), None)
        return f"{subject} {row.instrument.key}" if row is not None else subject
    if request.method == "POST" and request.path.startswith("/orders/"):
        form = await params_of(request)
        return f"{subject} {form.get('exchange')}:{form.get('tradingsymbol')}"
    return subject


def call_of(method: str, path: str) -> Call:
    """Return which limit a call counts for."""
    if path.startswith("/orders/") and method in ("POST", "PUT", "DELETE"):
        return Call.PLACE if method == "POST" else Call.CHANGE
    if path.startswith("/quote"):
        return Call.QUOTE
    if path.startswith("/instruments/historical/"):
        return Call.HISTORY
    return Call.OTHER


def _admit(request: web.Request, backend: Backend, subject: str) -> None:
    backend.end_dead_session()
    if _fault(backend, FaultKind.TOO_MANY, subject) is not None:
        raise too_many_requests()
    backend.rates.take(call_of(request.method, request.path))
    is_open = request.path.startswith(_OPEN_TO_ALL) and not request.path.startswith(_NEEDS_LOGIN)
    if not is_open:
        _check_login(request, backend)
    failed = _fault(backend, FaultKind.ERROR_BEFORE, subject)
    if failed is not None:
        raise _failed(failed)


def _check_login(request: web.Request, backend: Backend) -> None:
    scheme, _, pair = request.headers.get("Authorization", "").partition(" ")
    key, colon, token = pair.partition(":")
    if scheme != "token" or not colon:
        raise bad_input("Missing `api_key` or `access_token`.")
    if not backend.sessions.is_valid(key, token):
        raise KiteError("Incorrect `api_key` or `access_token`.", ErrorType.TOKEN, 403)


async def _sent(
    request: web.Request, answer: web.StreamResponse, backend: Backend, subject: str
) -> web.StreamResponse:
    """Return the answer as it goes out."""
    silent = _fault(backend, FaultKind.ACCEPT_THEN_TIMEOUT, subject)
    if silent is not None:
        await _say_nothing(request, silent.seconds or _LONGEST)
        return answer
    slow = _fault(backend, FaultKind.SLOW_ANSWER, subject)
    if slow is not None:
        await asyncio.sleep(slow.seconds)
    failed = _fault(backend, FaultKind.ACCEPT_THEN_ERROR, subject)
    if failed is not None:
        return failure(_failed(failed))
    page = _fault(backend, FaultKind.HTML_ANSWER, subject)
    if page is not None:
        text = "<html><head><title>Bad Gateway</title></head><body>cloudflare</body></html>"
        return web.Response(text=text, status=page.code, content_type="text/html")
    cut = _fault(backend, FaultKind.CUT_ANSWER, subject)
    if cut is not None and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        answer.body = answer.body[: cut.chance % max(1, len(answer.body))]
    return answer


async def _say_nothing(request: web.Request, seconds: float) -> None:
    """Wait until the client has given up, then close the connection without an answer."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    while request.transport is not None and not request.transport.is_closing():
        if loop.time() >= ends_at:
            request.transport.abort()
            return
        await asyncio.sleep(_LOOK)


def _failed(fault: Fault) -> KiteError:
    error_type = _BY_CODE.get(fault.code, ErrorType.GENERAL)
    return KiteError("Something went wrong. Please try again later.", error_type, fault.code)


def _routed(error: web.HTTPException) -> web.StreamResponse:
    """Return Kite's answer for a call that doesn't exist; redirects go out as they are."""
    if error.status < 400:
        return web.Response(status=error.status, headers={"Location": error.headers["Location"]})
    message = "Route not found" if error.status == 404 else error.reason
    return failure(KiteError(message, ErrorType.GENERAL, error.status))


def _fault(backend: Backend, kind: FaultKind, subject: str) -> Fault | None:
    return backend.faults.active(kind, backend.prices.now, subject)
