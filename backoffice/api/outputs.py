"""How the desk's rows are told: money as decimal text, moments with their zone, names not numbers.

What may be asked for stands in `filtering.py`; nothing is changed here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trading.explanation import explained
from trading.models import Command, Decision, Fill, Order, OrderEvent, Position, Run, Signal

_LIVE_FIGURES = ("last", "unrealised", "r", "confirmed")


@extend_schema_field({"type": "string", "enum": ["LONG", "SHORT", "FLAT"]})
class DirectionField(serializers.Field):
    """A direction in words."""

    def to_representation(self, value: int) -> str:
        """Return LONG or SHORT; FLAT for neither."""
        return {1: "LONG", -1: "SHORT"}.get(value, "FLAT")


@extend_schema_field({"type": "object", "additionalProperties": {"type": ["number", "null"]}})
class FeaturesField(serializers.Field):
    """[name, value] pairs as an object."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Return the values by name."""
        return {str(name): number for name, number in value}


class VerdictOutput(serializers.Serializer):
    """What one rule measured against what it allows."""

    rule = serializers.CharField()
    passed = serializers.BooleanField()
    measured = serializers.CharField()
    allowed = serializers.CharField()
    unit = serializers.CharField()
    detail = serializers.CharField()


class ContributionOutput(serializers.Serializer):
    """One feature's part in a score."""

    feature = serializers.CharField()
    raw = serializers.FloatField(allow_null=True)
    normalised = serializers.FloatField(allow_null=True)
    weight = serializers.FloatField()
    contribution = serializers.FloatField(allow_null=True)


class PenaltyOutput(serializers.Serializer):
    """One penalty on a score."""

    name = serializers.CharField()
    factor = serializers.FloatField()
    measured = serializers.FloatField(allow_null=True)
    threshold = serializers.FloatField(allow_null=True)


class DecisionOutput(serializers.ModelSerializer):
    """The gate's answer, with what every rule measured and allowed."""

    run = serializers.CharField(source="run.code")
    signal = serializers.UUIDField(source="signal_id")
    strategy = serializers.CharField(source="signal.strategy")
    instrument = serializers.CharField(source="signal.instrument.key")
    config_version = serializers.IntegerField(source="config_version.number")
    refusals = serializers.ListField(child=serializers.CharField())
    verdicts = VerdictOutput(many=True)

    class Meta:
        model = Decision
        fields: ClassVar[list[str]] = [
            *("id", "code", "run", "at", "signal", "strategy", "instrument", "approved"),
            *("refusals", "verdicts", "quantity", "risk_inr", "heat_before_inr"),
            *("heat_after_inr", "expected_costs_inr", "margin_inr", "config_version"),
        ]


class SignalOutput(serializers.ModelSerializer):
    """An opinion, how its score came about, and what became of it."""

    run = serializers.CharField(source="run.code")
    instrument = serializers.CharField(source="instrument.key")
    traded = serializers.CharField(source="traded.key", allow_null=True, default=None)
    direction = DirectionField()
    config_version = serializers.IntegerField(source="config_version.number")
    features = FeaturesField()
    contributions = ContributionOutput(many=True)
    penalties = PenaltyOutput(many=True)
    decisions = DecisionOutput(many=True)

    class Meta:
        model = Signal
        fields: ClassVar[list[str]] = [
            *("id", "code", "run", "at", "setup_key", "strategy", "instrument", "traded"),
            *("direction", "entry", "stop", "target1", "target2", "confidence", "valid_until"),
            *("score", "rank", "why_not", "features", "contributions", "penalties"),
            *("config_version", "decisions"),
        ]


class SignalLifeOutput(SignalOutput):
    """The same with its explanation, and what doesn't come out as it is stored."""

    explanation = serializers.ListField(child=serializers.CharField(), source="told.lines")
    differences = serializers.ListField(child=serializers.CharField(), source="told.differences")

    class Meta(SignalOutput.Meta):
        fields: ClassVar[list[str]] = [*SignalOutput.Meta.fields, "explanation", "differences"]

    def to_representation(self, instance: Signal) -> dict[str, Any]:
        """Return the columns, and what is told of them, which is worked out once."""
        instance.told = explained(instance)  # type: ignore[attr-defined]
        told: dict[str, Any] = super().to_representation(instance)
        return told


class OrderEventOutput(serializers.ModelSerializer):
    """One thing that happened to an order, and how it stood after it."""

    class Meta:
        model = OrderEvent
        fields: ClassVar[list[str]] = [
            *("at", "event", "state", "quantity", "price", "trigger_price"),
            *("filled_quantity", "average_price", "reason"),
        ]


class FillOutput(serializers.ModelSerializer):
    """One trade."""

    class Meta:
        model = Fill
        fields: ClassVar[list[str]] = [
            *("trade_id", "at", "side", "quantity", "price", "expected_price"),
        ]


class OrderOutput(serializers.ModelSerializer):
    """An order as it stands."""

    run = serializers.CharField(source="run.code")
    instrument = serializers.CharField(source="instrument.key")
    plan = serializers.CharField(source="plan.code", allow_null=True, default=None)
    strategy = serializers.CharField(source="plan.strategy", allow_null=True, default=None)

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = [
            *("id", "client_id", "broker_id", "run", "plan", "strategy", "role", "instrument"),
            *("side", "order_type", "product", "validity", "quantity", "price", "trigger_price"),
            *("state", "filled_quantity", "average_price", "modifications", "reason"),
            *("planned_at", "at", "fencing_token"),
        ]


class OrderLifeOutput(OrderOutput):
    """An order with its life and its trades."""

    events = OrderEventOutput(many=True)
    fills = FillOutput(many=True)

    class Meta(OrderOutput.Meta):
        fields: ClassVar[list[str]] = [*OrderOutput.Meta.fields, "events", "fills"]


class PositionOutput(serializers.ModelSerializer):
    """A position as recorded, with its present price where the desk is live.

    `protected`: units that stops and exits have been asked for; `live.confirmed`: those that the
    broker has confirmed to rest.
    `combination`: the plan of several legs that this is one leg of, null for a plan of its own.
    """

    run = serializers.CharField(source="run.code")
    instrument = serializers.CharField(source="instrument.key")
    plan = serializers.CharField(source="plan.code", allow_null=True, default=None)
    combination = serializers.CharField(
        source="plan.combination.code", allow_null=True, default=None
    )
    direction = DirectionField()
    net = serializers.SerializerMethodField()
    live = serializers.SerializerMethodField()

    class Meta:
        model = Position
        fields: ClassVar[list[str]] = [
            *("id", "code", "run", "plan", "combination", "strategy", "instrument", "direction"),
            "quantity",
            *("opened_quantity", "average_entry", "average_exit", "stop", "protected", "gross"),
            *("charges", "net", "mae_r", "mfe_r", "state", "exit_reason", "opened_at"),
            *("closed_at", "live"),
        ]

    def get_net(self, position: Position) -> str:
        """Return what was realised after charges, in rupees."""
        return str(position.gross - position.charges)

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {name: {"type": ["number", "string", "null"]} for name in _LIVE_FIGURES},
        }
    )
    def get_live(self, position: Position) -> dict[str, Any] | None:
        """Return price, unrealised profit, R and cover of now; None where nobody knows."""
        known: dict[str, Any] | None = self.context.get("live", {}).get(position.code)
        if known is None:
            return None
        return {name: known.get(name) for name in _LIVE_FIGURES}


class CommandOutput(serializers.ModelSerializer):
    """An operator's wish and what has become of it: PENDING, DONE or REFUSED.

    `issued_at` is the wall's time; `taken_at` and `done_at` are the session's, which on a practice
    day is another.
    """

    run = serializers.CharField(source="run.code")

    class Meta:
        model = Command
        fields: ClassVar[list[str]] = [
            *("id", "kind", "run", "subject", "reason", "issued_by", "issued_at", "state"),
            *("outcome", "taken_at", "done_at"),
        ]


class RunOutput(serializers.ModelSerializer):
    """One trading session."""

    account = serializers.CharField(source="account.code")
    config_version = serializers.IntegerField(source="config_version.number")

    class Meta:
        model = Run
        fields: ClassVar[list[str]] = [
            *("code", "account", "mode", "date", "source", "state", "started_at", "ended_at"),
            *("config_version", "decision_hash", "summary"),
        ]
