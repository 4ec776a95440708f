"""Reading lists and configuration again on demand: what stands ready for the next session.

What is read, and why a running session keeps its own, is told in `trading/services/reload.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.authentication import actor
from backoffice.api.base import DeskView, parsed
from backoffice.api.control import ReasonInput
from backoffice.api.errors import Conflict
from backoffice.api.schema import View, asked, described, told
from backoffice.permissions import Action
from trading.morning_sources import morning_sources
from trading.services.reload import (
    Reloaded,
    ReloadRefusedError,
    reload_strategies,
    reload_universe,
)

_NEXT = "next session"


class ReloadedOutput(serializers.Serializer):
    """What stands ready now; the running session keeps what it was started with."""

    size = serializers.IntegerField()
    text = serializers.CharField()
    takes_effect = serializers.ChoiceField(choices=[_NEXT])


def _described(summary: str, size: int, text: str) -> Callable[[View], View]:
    """Return the schema of one of the two calls, with what it may answer as its example."""
    return described(
        "configuration",
        summary,
        {200: ReloadedOutput},
        errors=[409],
        body=ReasonInput,
        examples=[
            asked("Reason", {"reason": "a new ban list"}),
            told("Read", {"size": size, "text": text, "takes_effect": _NEXT}, 200),
        ],
    )


class _ReloadView(DeskView):
    """A call that reads something again for a reason."""

    needs = {"POST": Action.CONFIGURE}

    def answer(self, request: Request, reload: Callable[..., Reloaded], **means: Any) -> Response:
        """Read again and tell what stands ready. Raises `Conflict` where nothing was read."""
        reason = parsed(ReasonInput, request).validated_data["reason"]
        try:
            found = reload(by=actor(request), reason=reason, **means)
        except ReloadRefusedError as error:
            raise Conflict("not_reloaded", str(error)) from error
        return Response({"size": found.size, "text": found.text, "takes_effect": _NEXT})


class UniverseReloadView(_ReloadView):
    """The market's lists."""

    @_described("Reload the universe", 27, "universe: 27 columns")
    def post(self, request: Request) -> Response:
        """Read instruments, bans, holidays and events again; answer with the columns they give."""
        return self.answer(request, reload_universe, sources=morning_sources())


class StrategiesReloadView(_ReloadView):
    """The strategies of the active configuration."""

    @_described("Reload the strategies", 2, "desk v2: opening_range")
    def post(self, request: Request) -> Response:
        """Read the active configuration's strategies again; answer with how many there are."""
        return self.answer(request, reload_strategies)
