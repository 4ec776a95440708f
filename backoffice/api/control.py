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

from backoffice.api.access import allows
from backoffice.api.authentication import actor
from backoffice.api.base import CONTROL_ONLY, DeskView, parsed
from backoffice.api.errors import Conflict, Refused
from backoffice.api.fields import Text
from backoffice.api.outputs import CommandOutput
from backoffice.api.schema import asked, described, told
from backoffice.permissions import Action
from trading.engine.events import CommandKind
from trading.models import Position
from trading.services import control, mode
from trading.services.commands import NoRunError
from trading.services.control_change import UnknownPositionError
from trading.services.live_gate import PHRASE, Override

_REASON = {"reason": "news at noon"}


class ReasonInput(serializers.Serializer):
    """Why a control is used; it goes into the audit log."""

    reason = Text(max_length=500)


class ModeInput(ReasonInput):
    """The mode asked for; LIVE needs the exact phrase, and its gate open."""

    mode = serializers.ChoiceField(choices=[each.value for each in mode.Mode])
    confirmation = Text(max_length=100, default="", allow_blank=True, trim_whitespace=False)
    override_reason = Text(max_length=500, default="", allow_blank=True)


class ModeOutput(serializers.Serializer):
    """The mode the desk is in."""

    mode = serializers.ChoiceField(choices=[each.value for each in mode.Mode])


def _command(name: str, **more: Any) -> Any:
    answer = {"id": 7, "kind": name, "run": "K7QX2MB", "state": "PENDING", "outcome": "", **more}
    return told("Accepted", {**answer, **_REASON, "issued_by": "asha"}, 202)


def _ask(request: Request, kind: CommandKind, subject: str = "") -> Response:
    reason = parsed(ReasonInput, request).validated_data["reason"]
    try:
        command = control.ask(kind=kind, by=actor(request), reason=reason, subject=subject)
    except NoRunError as error:
        raise Conflict("no_session", "no session is running that could carry this out") from error
    except UnknownPositionError as error:
        raise Conflict("position_over", str(error.args[0])) from error
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
        body=ReasonInput,
        examples=[asked("Reason", _REASON), _command("FLATTEN")],
    )
    def post(self, request: Request) -> Response:
        """Cancel every working order, close every position, and lock the desk until unlocked."""
        return _ask(request, CommandKind.FLATTEN)


class UnlockView(DeskView):
    """Lifts the locks of a halted desk."""

    needs = CONTROL_ONLY

    @described(
        "control",
        "Unlock",
        {202: CommandOutput},
        errors=[409],
        body=ReasonInput,
        examples=[asked("Reason", _REASON), _command("UNLOCK")],
    )
    def post(self, request: Request) -> Response:
        """Lift the kill switch and other locks once the desk is flat and halted."""
        return _ask(request, CommandKind.UNLOCK)


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


class ModeView(DeskView):
    """PAPER, or LIVE behind its gate."""

    needs = {"GET": Action.READ, **CONTROL_ONLY}

    @described(
        "control", "Mode", {200: ModeOutput}, examples=[told("Paper", {"mode": "PAPER"}, 200)]
    )
    def get(self, _request: Request) -> Response:
        """Answer with the mode the desk is in."""
        return Response({"mode": mode.present_mode().value})

    @described(
        "control",
        "Ask for a mode",
        {200: ModeOutput},
        body=ModeInput,
        examples=[
            asked("Paper", {"mode": "PAPER", "reason": "as always"}),
            asked("Live", {"mode": "LIVE", "reason": "day one", "confirmation": PHRASE}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Ask for PAPER or LIVE; a shut gate answers 403 and names every check that fails."""
        wish = parsed(ModeInput, request).validated_data
        written = wish["override_reason"]
        is_admin = allows(request, Action.ADMINISTER)
        try:
            given = mode.ask(
                mode.ModeWish(
                    mode=mode.Mode(wish["mode"]),
                    by=actor(request),
                    reason=wish["reason"],
                    confirmation=wish["confirmation"],
                    is_operator=allows(request, Action.CONTROL),
                    override=Override(written, is_admin) if written else None,
                )
            )
        except mode.LiveRefusedError as error:
            failing = {
                check.name: [f"measured {check.measured!r}, allowed {check.allowed}"]
                for check in error.verdict.failing
            }
            message = f"LIVE is refused: {len(failing)} checks fail"
            raise Refused(403, "live_gate_closed", message, failing) from error
        return Response({"mode": given.value})
