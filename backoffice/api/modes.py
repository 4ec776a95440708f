"""PAPER or LIVE over the API, and every check of the gate that stands before LIVE.

What the checks mean is `trading/services/live_gate.py`.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import second_factors
from backoffice.api.access import allows
from backoffice.api.authentication import actor
from backoffice.api.base import CONTROL_ONLY, DeskView, parsed
from backoffice.api.control import ReasonInput
from backoffice.api.errors import Conflict, Refused
from backoffice.api.fields import Text
from backoffice.api.pace import Pace
from backoffice.api.schema import asked, described, told
from backoffice.desk_account import NoAccountError, desk_account
from backoffice.permissions import Action
from trading.models import Account
from trading.services import mode
from trading.services.live_facts import Asker
from trading.services.live_gate import PHRASE, Override
from trading.services.live_looks import Looks

_CHECK = {
    "item": 4,
    "name": "flatten-drill",
    "passed": True,
    "measured": "412",
    "allowed": "above 0, at most 2000 ms",
}


class ModeInput(ReasonInput):
    """The mode asked for; LIVE needs the exact phrase, a fresh code, and its gate open."""

    mode = serializers.ChoiceField(choices=[each.value for each in mode.Mode])
    confirmation = Text(max_length=100, default="", allow_blank=True, trim_whitespace=False)
    code = Text(max_length=10, default="", allow_blank=True)
    override_reason = Text(max_length=500, default="", allow_blank=True)


class ModeOutput(serializers.Serializer):
    """The mode the desk is in: sessions opened from now on have it."""

    mode = serializers.ChoiceField(choices=[each.value for each in mode.Mode])


class GateCheckOutput(serializers.Serializer):
    """One check: what was measured, what is allowed, and the number of its condition."""

    item = serializers.IntegerField()
    name = serializers.CharField()
    passed = serializers.BooleanField()
    measured = serializers.CharField()
    allowed = serializers.CharField()


class GateOutput(serializers.Serializer):
    """Whether the gate would open, and every check, passed or not."""

    opens = serializers.BooleanField()
    checks = GateCheckOutput(many=True)


class ModeView(DeskView):
    """PAPER, or LIVE behind its gate."""

    needs = {"GET": Action.READ, **CONTROL_ONLY}

    @described(
        "control", "Mode", {200: ModeOutput}, examples=[told("Paper", {"mode": "PAPER"}, 200)]
    )
    def get(self, _request: Request) -> Response:
        """Answer with the mode the desk is in."""
        try:
            present = mode.present_mode(desk_account())
        except NoAccountError:
            present = mode.Mode.PAPER
        return Response({"mode": present.value})

    @described(
        "control",
        "Ask for a mode",
        {200: ModeOutput},
        errors=[409],
        body=ModeInput,
        examples=[
            asked("Paper", {"mode": "PAPER", "reason": "as always"}),
            asked(
                "Live",
                {
                    "mode": "LIVE",
                    "reason": "day one",
                    "confirmation": PHRASE,
                    "code": "492039",
                },
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Ask for PAPER or LIVE; a shut gate answers 403 and names every check that fails."""
        given = _asked(_wish(request))
        return Response({"mode": given.value})


class GateView(DeskView):
    """The gate before LIVE, looked at without asking for anything."""

    needs = {"GET": Action.CONTROL}
    paces = {"GET": Pace.CONTROL}

    @described(
        "control",
        "Live gate",
        {200: GateOutput},
        errors=[409],
        examples=[told("One check", {"opens": False, "checks": [_CHECK]}, 200)],
    )
    def get(self, request: Request) -> Response:
        """Measure everything now; phrase and code are given when LIVE is asked for."""
        wish = mode.ModeWish(
            account=_account(),
            mode=mode.Mode.LIVE,
            by=actor(request),
            reason="",
            asker=Asker(is_operator=allows(request, Action.CONTROL)),
        )
        return Response(GateOutput(mode.judge(wish, _looks(), timezone.now())).data)


def _wish(request: Request) -> mode.ModeWish:
    told_ = parsed(ModeInput, request).validated_data
    wanted, written = mode.Mode(told_["mode"]), told_["override_reason"]
    return mode.ModeWish(
        account=_account(),
        mode=wanted,
        by=actor(request),
        reason=told_["reason"],
        asker=Asker(
            phrase=told_["confirmation"],
            is_operator=allows(request, Action.CONTROL),
            second_factor=_second_factor(request, told_["code"], wanted),
        ),
        override=Override(written, allows(request, Action.ADMINISTER)) if written else None,
    )


def _second_factor(request: Request, code: str, wanted: mode.Mode) -> bool | None:
    if wanted is not mode.Mode.LIVE or not isinstance(request.user, User):
        return None
    return second_factors.check(request.user, code, timezone.now())


def _asked(wish: mode.ModeWish) -> mode.Mode:
    try:
        return mode.ask(wish, _looks(), timezone.now())
    except mode.AlreadyLiveError as error:
        raise Conflict("already_live", str(error)) from error
    except mode.LiveRefusedError as error:
        failing: dict[str, Any] = {
            check.name: [f"measured {check.measured!r}, allowed {check.allowed}"]
            for check in error.verdict.failing
        }
        message = f"LIVE is refused: {len(failing)} checks fail"
        raise Refused(403, "live_gate_closed", message, failing) from error


def _account() -> Account:
    try:
        return desk_account()
    except NoAccountError as error:
        raise Conflict("no_account", str(error)) from error


def _looks() -> Looks:
    from trading.bootstrap_gate import looks

    return looks()
