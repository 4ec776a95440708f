"""Plans of several legs: lists and single rows, each with its legs and what all came to together.

A plan of one leg is its position, in `records.py`; how a round trip is summed up is the
selectors' part.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.base import DeskView
from backoffice.api.desk import live_structures
from backoffice.api.filtering import OfRun, by_instrument
from backoffice.api.outputs import DirectionField
from backoffice.api.records import Row, Rows
from backoffice.api.schema import described
from strategies.structures import StructureKind
from trading.models import Leg, Plan, PlanState, Position
from trading.models.base import choices_of
from trading.models.plan import OVER
from trading.selectors_structures import trip_of

_LIVE = ("unrealised", "net", "r", "stop_now")
_HELD = Position.objects.filter(opened_quantity__gt=0).select_related("instrument")
_STRUCTURES = (
    Plan.objects.exclude(kind="")
    .select_related("run", "decision__signal__instrument")
    .prefetch_related(
        Prefetch("legs", Leg.objects.select_related("instrument").order_by("number")),
        Prefetch("combined", Plan.objects.order_by("code")),
        Prefetch("combined__positions", _HELD.order_by("code")),
    )
)


class PlannedLegOutput(serializers.ModelSerializer):
    """One contract as it was to be entered."""

    instrument = serializers.CharField(source="instrument.key")

    class Meta:
        model = Leg
        fields: ClassVar[list[str]] = ["instrument", "side", "quantity", "limit_price"]


class LegTripOutput(serializers.Serializer):
    """One leg as it was traded; prices are means over its trades, null where there is none yet."""

    code = serializers.CharField()
    instrument = serializers.CharField()
    direction = DirectionField()
    quantity = serializers.IntegerField()
    entry = serializers.CharField(allow_null=True)
    exit = serializers.CharField(allow_null=True)
    gross = serializers.CharField()
    charges = serializers.CharField()


class StructureTripOutput(serializers.Serializer):
    """What all legs came to together; `entry` and `exit` are values of the whole, rupees a unit."""

    quantity = serializers.IntegerField()
    opened_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    entry = serializers.CharField(allow_null=True)
    exit = serializers.CharField(allow_null=True)
    gross = serializers.CharField()
    charges = serializers.CharField()
    net = serializers.CharField()
    legs = LegTripOutput(many=True)


class StructureOutput(serializers.ModelSerializer):
    """A plan of several legs: levels of its net value, its outlook, legs, and how it was traded.

    `outlook`: what holding to the first expiry can bring before costs, rupees a unit, null where
    without a bound or unknown; under `readings`, in the order of the legs, middle and touch of each
    book, volatility and greeks when they were chosen; under `measured` where the stop stands now.
    `trip`: null until a leg holds something. `live`: null where nobody tells prices.
    """

    run = serializers.CharField(source="run.code")
    decision = serializers.UUIDField(source="decision_id")
    signal = serializers.UUIDField(source="decision.signal_id")
    opinion_on = serializers.CharField(source="decision.signal.instrument.key")
    decided_at = serializers.DateTimeField(source="decision.at")
    direction = DirectionField()
    risk_inr = serializers.CharField(source="decision.risk_inr")
    expected_costs_inr = serializers.CharField(source="decision.expected_costs_inr")
    margin_inr = serializers.CharField(source="decision.margin_inr")
    outlook = serializers.DictField(allow_null=True)
    legs = PlannedLegOutput(many=True)
    trip = serializers.SerializerMethodField()
    live = serializers.SerializerMethodField()

    class Meta:
        model = Plan
        fields: ClassVar[list[str]] = [
            *("id", "code", "run", "decision", "signal", "opinion_on", "decided_at", "strategy"),
            *("kind", "direction", "entry", "stop", "target1", "target2", "state", "reason", "at"),
            *("risk_inr", "expected_costs_inr", "margin_inr", "outlook", "legs", "trip", "live"),
        ]

    @extend_schema_field(StructureTripOutput(allow_null=True))
    def get_trip(self, plan: Plan) -> dict[str, Any] | None:
        """Return what the legs came to; None while none of them holds anything."""
        legs = [held for leg in plan.combined.all() for held in leg.positions.all()]
        if not legs:
            return None
        told: dict[str, Any] = StructureTripOutput(trip_of(plan, legs)).data
        return told

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {name: {"type": ["number", "null"]} for name in _LIVE},
        }
    )
    def get_live(self, plan: Plan) -> dict[str, Any] | None:
        """Return unrealised profit, profit after charges, R and the stop of now."""
        known: dict[str, Any] | None = self.context.get("live", {}).get(plan.code)
        return None if known is None else {name: known.get(name) for name in _LIVE}


class StructureFilters(OfRun):
    """Plans of several legs by state, kind, strategy and any of their instruments."""

    open = filters.BooleanFilter(method="is_open", label="Not over yet.")
    state = filters.MultipleChoiceFilter(choices=choices_of(PlanState))
    kind = filters.MultipleChoiceFilter(choices=choices_of(StructureKind))
    strategy = filters.CharFilter()
    instrument = filters.CharFilter(
        field_name="legs__instrument",
        method="has_leg",
        label="Exchange and symbol of a leg, `NFO:NIFTY26NOV24500CE`.",
    )
    ordering = filters.OrderingFilter(fields=["at", "entry", ("decision__at", "decided_at")])

    class Meta:
        model = Plan
        fields: ClassVar[list[str]] = []

    def is_open(self, rows: QuerySet[Plan], _name: str, value: bool) -> QuerySet[Plan]:
        """Return the plans that go on, or those that are over."""
        return rows.exclude(state__in=OVER) if value else rows.filter(state__in=OVER)

    def has_leg(self, rows: QuerySet[Plan], name: str, value: str) -> QuerySet[Plan]:
        """Return the plans with a leg in this contract, each once."""
        return by_instrument(rows, name, value).distinct()


class WithLiveValues(DeskView):
    """Adds what only the running desk knows to its plans of several legs."""

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the usual context, and the live figures by code."""
        context: dict[str, Any] = super().get_serializer_context()  # type: ignore[misc]
        return {**context, "live": live_structures()}


class StructuresView(WithLiveValues, Rows):
    """Plans of several legs, the newest first."""

    queryset = _STRUCTURES.order_by("-decision__at", "-seq")
    serializer_class = StructureOutput
    filterset_class = StructureFilters

    @described("records", "Structures", {200: StructureOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List plans of several legs of the present session, or of the one named."""
        return super().get(request, *args, **kwargs)


class StructureView(WithLiveValues, Row):
    """One plan of several legs."""

    queryset = _STRUCTURES
    serializer_class = StructureOutput

    @described("records", "Structure", {200: StructureOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one plan of several legs."""
        return super().get(request, *args, **kwargs)
