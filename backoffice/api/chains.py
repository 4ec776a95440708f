"""The option chains of the session as the live page shows them, by underlying and expiry.

How a chain is worked out is told in `docs/options.md`; nothing that decides reads these.
"""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.base import DeskView
from backoffice.api.desk import desk_state
from backoffice.api.errors import Refused
from backoffice.api.schema import described, told
from backoffice.live.desk_state import chain, watched_account

_ONE = {"underlying": "NIFTY", "expiry": "2026-11-24"}


class ChainKeyOutput(serializers.Serializer):
    """Which option chain there is."""

    underlying = serializers.CharField()
    expiry = serializers.DateField()


class ChainsView(DeskView):
    """Which chains the session tells."""

    @described(
        "desk",
        "Option chains",
        {200: ChainKeyOutput(many=True)},
        examples=[told("One underlying", [_ONE], 200)],
    )
    def get(self, _request: Request) -> Response:
        """List underlying and expiry of every chain of the session; none before the first."""
        return Response((desk_state() or {}).get("chains", []))


class ChainView(DeskView):
    """One chain, as it was when the desk last heard of the market."""

    @described("desk", "Option chain", {200: OpenApiTypes.OBJECT}, errors=[404])
    def get(self, _request: Request, underlying: str, expiry: str) -> Response:
        """Answer with quotes, volatility, greeks and open interest, and what they say together.

        `expiry` as `2026-11-24`. Above the strikes stand spot, forward, volatility at the money and
        at 30 days with its rank and percentile (or why there is none), skew, put-call ratios, walls
        and max pain.
        """
        named = {"underlying": underlying, "expiry": expiry}
        known = named in (desk_state() or {}).get("chains", [])
        found: dict[str, Any] = (
            json.loads(chain(watched_account(), underlying, expiry)) if known else {}
        )
        if not found:
            raise Refused(404, "no_chain", f"{underlying} {expiry}: no such chain is told now")
        return Response(found)
