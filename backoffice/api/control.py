"""The desk's controls: each writes an operator's wish down and answers 202 with its command.

The engine carries the wish out; `commands/{id}` tells what has become of it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.authentication import actor
from backoffice.api.base import CONTROL_ONLY, DeskView, parsed
from backoffice.api.errors import Conflict
from backoffice.api.fields import Text
from backoffice.api.outputs import CommandOutput
from backoffice.api.schema import asked, described, told
from strategies.registry import STRATEGIES
from trading.engine.events import CommandKind
from trading.engine.kill_scopes import scope_of
from trading.models import Position
from trading.services import control
from trading.services.commands import NoRunError
from trading.services.control_change import UnknownPositionError, UnknownScopeError

_REASON = {"reason": "news at noon"}


class ReasonInput(serializers.Serializer):
    """Why a control is used; it goes into the audit log."""

    reason = Text(max_length=500)


class ScopeInput(ReasonInput):
    """What is closed or unlocked: the desk where `scope` is left out."""

    scope = Text(max_length=120, default="", allow_blank=True)

    def validate_scope(self, value: str) -> str:
        """Return a scope that the kill switch knows, or nothing."""
        try:
            return str(scope_of(value)) if value else ""
        except ValueError as error:
            raise serializers.ValidationError(str(error).removeprefix("subject: ")) from error


def _command(name: str, **more: Any) -> Any:
    answer = {"id": 7, "kind": name, "run": "K7QX2MB", "state": "PENDING", "outcome": "", **more}
    return told("Accepted", {**answer, **_REASON, "issued_by": "asha"}, 202)


def _ask_scope(request: Request, kind: CommandKind) -> Response:
    return _ask(request, kind, parsed(ScopeInput, request).validated_data["scope"], ScopeInput)


def _ask(
    request: Request,
    kind: CommandKind,
    subject: str = "",
    asked_by: type[ReasonInput] = ReasonInput,
) -> Response:
    reason = parsed(asked_by, request).validated_data["reason"]
    try:
        command = control.ask(kind=kind, by=actor(request), reason=reason, subject=subject)
    except NoRunError as error:
        raise Conflict("no_session", "no session is running that could carry this out") from error
    except UnknownPositionError as error:
        raise Conflict("position_over", str(error.args[0])) from error
    except UnknownScopeError as error:
        raise serializers.ValidationError({"scope": [str(error)]}) from error
    where = reverse("api-command", args=[command.pk])
    return Response(CommandOutput(command).data, status=202, headers={"Location": where})


class PauseView(DeskView):
    """Stops entries."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Pause",
        {202: CommandOutput},
        errors=[409],
        body=ReasonInput,
        examples=[asked("Reason", _REASON), _command("PAUSE")],
    )
    def post(self, request: Request) -> Response:
        """Stop entering; entries that still work are cancelled, positions stay protected."""
        return _ask(request, CommandKind.PAUSE)


class ResumeView(DeskView):
    """Allows entries again."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Resume",
        {202: CommandOutput},
        errors=[409],
        body=ReasonInput,
        examples=[asked("Reason", _REASON), _command("RESUME")],
    )
    def post(self, request: Request) -> Response:
        """Lift the operator's pause; other reasons, and locks, go on blocking entries."""
        return _ask(request, CommandKind.RESUME)


class FlattenView(DeskView):
    """The kill switch; never held up by how often it is pressed."""

    needs = CONTROL_ONLY
    paces = {"POST": None}

    @described(
        "control",
        "Flatten (kill switch)",
        {202: CommandOutput},
        errors=[409],
        body=ScopeInput,
        examples=[
            asked("Reason", _REASON),
            asked("One strategy", {**_REASON, "scope": "strategy:opening_range"}),
            _command("FLATTEN"),
        ],
    )
    def post(self, request: Request) -> Response:
        """Cancel every working order, close every position, and lock the desk until unlocked.

        With `scope` (`strategy:NAME` or `underlying:NAME`) only what belongs to it.
        """
        return _ask_scope(request, CommandKind.FLATTEN)


class UnlockView(DeskView):
    """Lifts the locks of a halted desk."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Unlock",
        {202: CommandOutput},
        errors=[409],
        body=ScopeInput,
        examples=[
            asked("Reason", _REASON),
            asked("One strategy", {**_REASON, "scope": "strategy:opening_range"}),
            _command("UNLOCK"),
        ],
    )
    def post(self, request: Request) -> Response:
        """Lift the kill switch and other locks once the desk is flat and halted.

        With `scope` only the kill switch of that strategy or underlying, once it is flat.
        """
        return _ask_scope(request, CommandKind.UNLOCK)


class CloseView(DeskView):
    """Closes one position."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Close a position",
        {202: CommandOutput},
        errors=[404, 409],
        body=ReasonInput,
        examples=[asked("Reason", _REASON), _command("CLOSE_POSITION", subject="P3")],
    )
    def post(self, request: Request, position_id: UUID) -> Response:
        """Close one position of the running session at the market."""
        position = Position.objects.select_related("run").filter(pk=position_id).first()
        if position is None:
            raise NotFound
        running = control.running_session()
        if running is not None and running.pk != position.run_id:
            raise Conflict("position_over", f"position {position.code}: of an earlier session")
        return _ask(request, CommandKind.CLOSE_POSITION, position.code)


class ReleaseStrategyView(DeskView):
    """Lets a strategy that was put aside be heard again."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Release a strategy",
        {202: CommandOutput},
        errors=[404, 409],
        body=ReasonInput,
        examples=[
            asked("Reason", _REASON),
            _command("RELEASE_STRATEGY", subject="opening_range"),
        ],
    )
    def post(self, request: Request, strategy: str) -> Response:
        """Release a strategy from quarantine; the engine refuses where it isn't in it."""
        if strategy not in STRATEGIES:
            raise NotFound
        return _ask(request, CommandKind.RELEASE_STRATEGY, strategy)
