"""Reading lists and configuration again on demand: what stands ready for the next session.

What is read, and why a running session keeps its own, is told in `trading/services/reload.py`.
"""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.authentication import actor
from backoffice.api.base import DeskView, parsed
from backoffice.api.control import ReasonInput
from backoffice.api.errors import Conflict
from backoffice.api.schema import asked, described, told
from backoffice.permissions import Action
from trading.services.premarket import Sources
from trading.services.reload import (
    Reloaded,
    ReloadRefusedError,
    reload_strategies,
    reload_universe,
)

_NEXT = "next session"
_WHY = {"reason": "a new ban list"}


class ReloadedOutput(serializers.Serializer):
    """What stands ready now; the running session keeps what it was started with."""

    size = serializers.IntegerField()
    text = serializers.CharField()
    takes_effect = serializers.ChoiceField(choices=[_NEXT])


def _answer(found: Reloaded) -> Response:
    return Response({"size": found.size, "text": found.text, "takes_effect": _NEXT})


class UniverseReloadView(DeskView):
    """The market's lists."""

    needs = {"POST": Action.CONFIGURE}

    @described(
        "configuration",
        "Reload the universe",
        {200: ReloadedOutput},
        errors=[409],
        body=ReasonInput,
        examples=[
            asked("Reason", _WHY),
            told(
                "Read",
                {"size": 27, "text": "universe: 27 columns", "takes_effect": _NEXT},
                200,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Read instruments, bans, holidays and events again; answer with the columns they give."""
        reason = parsed(ReasonInput, request).validated_data["reason"]
        sources = Sources(dump=settings.INSTRUMENT_DUMP, ban_list=settings.BAN_LIST)
        try:
            return _answer(reload_universe(by=actor(request), reason=reason, sources=sources))
        except ReloadRefusedError as error:
            raise Conflict("not_reloaded", str(error)) from error


class StrategiesReloadView(DeskView):
    """The strategies of the active configuration."""

    needs = {"POST": Action.CONFIGURE}

    @described(
        "configuration",
        "Reload the strategies",
        {200: ReloadedOutput},
        errors=[409],
        body=ReasonInput,
        examples=[
            asked("Reason", _WHY),
            told(
                "Read",
                {"size": 2, "text": "desk v2: opening_range", "takes_effect": _NEXT},
                200,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Read the active configuration's strategies again; answer with how many there are."""
        reason = parsed(ReasonInput, request).validated_data["reason"]
        try:
            return _answer(reload_strategies(by=actor(request), reason=reason))
        except ReloadRefusedError as error:
            raise Conflict("not_reloaded", str(error)) from error
