"""Backtests over the API: ask for one, and see how far it is and what came of it.

How a job is carried out is told in `backoffice/backtests.py`.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import backtests
from backoffice.api.authentication import actor
from backoffice.api.base import DeskView, parsed
from backoffice.api.errors import Refused, Unusable
from backoffice.api.filtering import BacktestFilters
from backoffice.api.schema import asked, described
from backoffice.models import BacktestJob
from backoffice.permissions import Action
from backoffice.tasks import run_backtest
from strategies.registry import STRATEGIES
from trading.config import ConfigError
from trading.research.profiles import Profile

_LONGEST = timedelta(days=3 * 366)
_KEY = re.compile(r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")
_WISH = {
    "bars": "nse-2021",
    "strategies": ["opening_range"],
    "from": "2021-04-01",
    "to": "2021-05-31",
    "capital": "1000000",
    "settings": {"risk.risk_per_trade": "0.0025"},
}


@extend_schema_field(
    {
        "type": "object",
        "propertyNames": {"pattern": _KEY.pattern},
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }
)
class SettingsField(serializers.DictField):
    """Configuration keys by dotted path, each with a plain value."""


class BacktestInput(serializers.Serializer):
    """What is to be tested; `settings` are configuration keys by dotted path."""

    bars = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
    strategies = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(STRATEGIES)), min_length=1
    )
    capital = serializers.DecimalField(
        max_digits=16, decimal_places=2, min_value=1, default=Decimal(1_000_000)
    )
    profile = serializers.ChoiceField(
        choices=[str(each) for each in Profile], default=str(Profile.DEFAULT)
    )
    symbols = serializers.ListField(
        child=serializers.RegexField(r"^[A-Z0-9&_-]{1,40}$"), default=list, max_length=500
    )
    settings = SettingsField(default=dict)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, and `from` and `to`, which no attribute can be called."""
        fields: dict[str, Any] = super().get_fields()
        fields["from"] = serializers.DateField()
        fields["to"] = serializers.DateField()
        return fields

    def validate_settings(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the settings, each a plain value under a dotted key."""
        for key, value in given.items():
            if not _KEY.match(key):
                raise serializers.ValidationError(f"{key!r}: expected a key such as risk.heat")
            if not isinstance(value, str | int | float | bool):
                raise serializers.ValidationError(f"{key}: expected a text, number, true or false")
        return given

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the wish if its days are in order and not too many."""
        first: date = attrs["from"]
        last: date = attrs["to"]
        if not timedelta(0) <= last - first <= _LONGEST:
            raise serializers.ValidationError(
                {"to": "expected from 0 days to 3 years after `from`"}
            )
        return attrs


class BacktestOutput(serializers.ModelSerializer):
    """A job: what was asked, how far it is."""

    class Meta:
        model = BacktestJob
        fields: ClassVar[list[str]] = [
            *("id", "requested_by", "requested_at", "request", "state", "progress", "message"),
            *("started_at", "ended_at"),
        ]


class BacktestResultOutput(BacktestOutput):
    """A job with its result: the summary, and the first 100 trades."""

    result = serializers.JSONField(allow_null=True)

    class Meta(BacktestOutput.Meta):
        fields: ClassVar[list[str]] = [*BacktestOutput.Meta.fields, "result"]


class BacktestsView(DeskView, ListAPIView):
    """All jobs, and a new one."""

    needs = {"GET": Action.READ, "POST": Action.RESEARCH}
    queryset = BacktestJob.objects.defer("result").order_by("-requested_at")
    serializer_class = BacktestOutput
    filterset_class = BacktestFilters

    @described("backtests", "Backtests", {200: BacktestOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the jobs, the newest first."""
        return super().get(request, *args, **kwargs)

    @described(
        "backtests",
        "Ask for a backtest",
        {202: BacktestOutput},
        errors=[404, 422],
        body=BacktestInput,
        examples=[asked("Two months", _WISH)],
    )
    def post(self, request: Request) -> Response:
        """Queue a backtest; 404 when there are no bars of that name."""
        wish = parsed(BacktestInput, request).validated_data
        try:
            job = _queued(wish, actor(request))
        except backtests.NoBarsError as error:
            raise Refused(404, "no_data", str(error), {"bars": [str(error)]}) from error
        except ConfigError as error:
            raise Unusable(str(error), {"settings": [str(error)]}) from error
        where = reverse("api-backtest", args=[job.pk])
        return Response(BacktestOutput(job).data, status=202, headers={"Location": where})


class BacktestView(DeskView, RetrieveAPIView):
    """One job with its result."""

    queryset = BacktestJob.objects.all()
    serializer_class = BacktestResultOutput
    filter_backends = ()
    lookup_url_kwarg = "row_id"

    @described("backtests", "Backtest", {200: BacktestResultOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one job, its progress and, once done, its result."""
        return super().get(request, *args, **kwargs)


@transaction.atomic
def _queued(wish: dict[str, Any], by: str) -> BacktestJob:
    job = backtests.request(
        wish=backtests.BacktestWish(
            bars=wish["bars"],
            strategies=tuple(dict.fromkeys(wish["strategies"])),
            first=wish["from"],
            last=wish["to"],
            capital_inr=wish["capital"],
            profile=wish["profile"],
            symbols=tuple(dict.fromkeys(wish["symbols"])),
            settings=wish["settings"],
        ),
        by=by,
        at=timezone.now(),
    )
    transaction.on_commit(lambda: run_backtest.delay(job_id=str(job.pk)))
    return job
