"""How the API describes itself: the error form, the two kinds of key, one line a view.

The description is served by drf-spectacular; what the views do stands with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers

from backoffice.models import JobState
from execution.orders import OrderState
from trading.models import CommandState, PlanState, RunMode, RunState
from trading.models.base import choices_of

View = Callable[..., Any]

ORDER_STATES = choices_of(OrderState)
PLAN_STATES = choices_of(PlanState)
COMMAND_STATES = choices_of(CommandState)
JOB_STATES = choices_of(JobState)
RUN_STATES = choices_of(RunState)
RUN_MODES = choices_of(RunMode)
"""Closed sets under the names they have in the description."""


class ErrorBody(serializers.Serializer):
    """What went wrong: a code for programs, a text for people, complaints by field."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class ErrorOutput(serializers.Serializer):
    """The one form of every error."""

    error = ErrorBody()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells clients about bearer tokens."""

    target_class = "backoffice.api.authentication.TokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, _auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells clients about API keys."""

    target_class = "backoffice.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, _auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {"type": "apiKey", "in": "header", "name": "X-API-Key"}


_TEXTS = {
    400: "The request cannot be read, or a field is wrong.",
    401: "Nobody knows who asks.",
    403: "The role, or the key's scope, does not allow this.",
    404: "There is no such thing.",
    409: "The desk is not in a state in which this can be done.",
    415: "The body is not JSON.",
    422: "The content cannot be used.",
    429: "Too many requests; Retry-After says how long to wait.",
    503: "Not ready; `fields` names the reasons.",
}
_EVERYWHERE = (401, 403, 429, 503)
_OF_BODIES = (400, 415)


def described(
    tag: str,
    summary: str,
    answers: Mapping[Any, Any],
    *,
    errors: Sequence[int] = (),
    examples: Sequence[OpenApiExample] = (),
    body: Any = None,
    **more: Any,
) -> Callable[[View], View]:
    """Return the decorator that describes one method of a view, its errors included."""
    codes = {*errors, *_EVERYWHERE, *(_OF_BODIES if body is not None else ())}
    told = {code: OpenApiResponse(ErrorOutput, _TEXTS[code]) for code in sorted(codes)}
    return extend_schema(
        tags=[tag],
        summary=summary,
        request=body,
        responses={**answers, **told},
        examples=list(examples),
        **more,
    )


def asked(name: str, value: Any) -> OpenApiExample:
    """Return an example of a request's body."""
    return OpenApiExample(name, value=value, request_only=True)


def told(name: str, value: Any, code: int) -> OpenApiExample:
    """Return an example of an answer."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(code)])
