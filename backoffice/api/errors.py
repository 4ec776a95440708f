"""The one form of every error: `{"error": {"code", "message", "fields"?}}`.

`fields` names what was wrong where (a field of the body, a check, a parameter), each with its
complaints. When an error is raised is the business of the views.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    NotFound,
    ParseError,
    ValidationError,
)
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.response import Response

log = logging.getLogger(__name__)

Fields = dict[str, list[str]]
API_ROOT = "/api/"
LOCKED = "too many failed log-ins; try again in 15 minutes"
_CODES = {
    status.HTTP_400_BAD_REQUEST: "invalid",
    status.HTTP_401_UNAUTHORIZED: "not_authenticated",
    status.HTTP_403_FORBIDDEN: "forbidden",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    status.HTTP_429_TOO_MANY_REQUESTS: "throttled",
}


class Refused(APIException):
    """An error with a code, and fields where there are any, of its own."""

    def __init__(self, http: int, code: str, message: str, fields: Fields | None = None) -> None:
        super().__init__(detail=message, code=code)
        self.status_code = http
        self.code = code
        self.fields = fields or {}


class Conflict(Refused):
    """The desk is not in a state in which this can be done."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(status.HTTP_409_CONFLICT, code, message)


class Unusable(Refused):
    """The request is well formed, but its content cannot be used."""

    def __init__(self, message: str, fields: Fields | None = None) -> None:
        super().__init__(status.HTTP_422_UNPROCESSABLE_ENTITY, "unusable", message, fields)


def body(code: str, message: str, fields: Fields | None = None) -> dict[str, Any]:
    """Return the one form of an error."""
    error: dict[str, Any] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return {"error": error}


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the response to whatever a view raised; what nobody expected is logged, told 500."""
    known = _known(error)
    if known is None:
        log.error("unexpected error in %s", _place(context), exc_info=error)
        return Response(body("internal", "something went wrong; it has been logged"), status=500)
    return Response(_body_of(known), status=known.status_code, headers=_headers(known))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refused before any view saw it."""
    if _is_api(request):
        return JsonResponse(body("invalid", "the request cannot be read"), status=400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for an address that leads nowhere."""
    if _is_api(request):
        return JsonResponse(body("not_found", "nothing stands at this address"), status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed outside a view of the API."""
    if _is_api(request):
        return JsonResponse(body("internal", "something went wrong"), status=500)
    return defaults.server_error(request)


def locked_out(
    request: HttpRequest, original_response: object, _credentials: object
) -> HttpResponse:
    """Answer a log-in that is locked. What comes as the response may be something else."""
    if _is_api(request):
        if isinstance(original_response, HttpResponse):
            return original_response
        return JsonResponse(body("locked_out", LOCKED), status=429)
    return HttpResponse(LOCKED, status=429, content_type="text/plain; charset=utf-8")


def _known(error: Exception) -> APIException | None:
    match error:
        case APIException():
            return error
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case SuspiciousOperation():
            return ParseError("the request cannot be read")
        case OperationalError() | InterfaceError():
            log.warning("the database is away: %s", type(error).__name__)
            return Refused(503, "database_away", "the database does not answer; try again")
        case _:
            return None


def _body_of(error: APIException) -> dict[str, Any]:
    if isinstance(error, Refused):
        return body(error.code, str(error.detail), error.fields)
    code = _CODES.get(error.status_code, "refused")
    if isinstance(error, ParseError):
        code = "malformed"
    if isinstance(error, ValidationError):
        fields = _flat("", error.detail)
        return body(code, _first(fields), fields)
    detail: Any = error.detail
    return body(code, str(detail["detail"] if isinstance(detail, dict) else detail))


def _headers(error: APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _flat(place: str, detail: object) -> Fields:
    """Return nested complaints by dotted place; those of no field stand under `body`."""
    if isinstance(detail, Mapping):
        found: Fields = {}
        for name, inner in detail.items():
            key = place or "body" if name == "non_field_errors" else _joined(place, str(name))
            found.update(_flat(key, inner))
        return found
    if isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        found = {}
        for number, inner in enumerate(detail):
            found.update(_flat(_joined(place, str(number)), inner) if inner else {})
        return found
    complaints = detail if isinstance(detail, list) else [detail]
    return {place or "body": [str(complaint) for complaint in complaints]}


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _first(fields: Fields) -> str:
    name, complaints = next(iter(fields.items()), ("body", ["cannot be used"]))
    return f"{name}: {complaints[0]}"


def _place(context: Mapping[str, Any]) -> str:
    view = context.get("view")
    return type(view).__name__ if view is not None else "?"


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_ROOT)
