"""What probes and scrapers ask: are you alive, can you work, what are your figures.

What the desk needs to be ready is told in `readiness.py`; which figures there are, in
`trading/metrics.py`.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.addresses import client_address, is_in
from backoffice.api.access import MayDo
from backoffice.api.base import OPEN_DOOR, DeskView
from backoffice.api.errors import Refused
from backoffice.api.readiness import checks
from backoffice.api.schema import described, told
from trading.metrics import metrics_text

_UNCOUNTED = {"GET": None}


class HealthOutput(serializers.Serializer):
    """The web process answers."""

    status = serializers.CharField()
    time = serializers.DateTimeField()


class CheckOutput(serializers.Serializer):
    """One thing the desk needs."""

    name = serializers.CharField()
    ok = serializers.BooleanField()
    detail = serializers.CharField()


class ReadyOutput(serializers.Serializer):
    """Everything the desk needs, each found good."""

    ready = serializers.BooleanField()
    checks = CheckOutput(many=True)


class HealthView(DeskView):
    """Alive: it depends on nothing else."""

    authentication_classes = ()
    needs = OPEN_DOOR
    paces = _UNCOUNTED

    @described(
        "probes",
        "Alive?",
        {200: HealthOutput},
        examples=[told("Alive", {"status": "ok", "time": "2026-11-23T09:30:00+05:30"}, 200)],
        auth=[],
    )
    def get(self, _request: Request) -> Response:
        """Answer as long as the web process lives, whatever else is away."""
        return Response({"status": "ok", "time": timezone.localtime()})


class ReadyView(DeskView):
    """Ready: everything the desk needs is there."""

    authentication_classes = ()
    needs = OPEN_DOOR
    paces = _UNCOUNTED

    @described("probes", "Ready?", {200: ReadyOutput}, auth=[])
    def get(self, _request: Request) -> Response:
        """Answer 200 when everything is there, else 503 with the reasons by name."""
        found = checks(timezone.now())
        wrong = {check.name: [check.detail] for check in found if not check.ok}
        if wrong:
            raise Refused(503, "not_ready", f"not ready: {', '.join(wrong)}", wrong)
        return Response(ReadyOutput({"ready": True, "checks": found}).data)


class MayScrape(MayDo):
    """Lets a request see the figures that may read, or that comes from an agreed network."""

    def has_permission(self, request: Request, view: DeskView) -> bool:  # type: ignore[override]
        """Say whether the request may go on."""
        if is_in(client_address(request), settings.METRICS_NETWORKS):
            return True
        return super().has_permission(request, view)


class MetricsView(DeskView):
    """The desk's figures for Prometheus."""

    permission_classes = (MayScrape,)
    paces = _UNCOUNTED

    @described(
        "probes",
        "Metrics",
        {(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, "Prometheus text.")},
    )
    def get(self, _request: Request) -> HttpResponse:
        """Answer with the figures of every process, as Prometheus text."""
        return HttpResponse(metrics_text(), content_type=CONTENT_TYPE_LATEST)
