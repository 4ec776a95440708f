"""Filters of lists: what each noun can be asked by; a parameter nobody knows is an error.

How the rows are shown stands in `records.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError as Unreadable
from django.core.validators import MaxValueValidator
from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from backoffice.models import BacktestJob, JobState
from execution.orders import OrderState, Role, Side
from trading.models import (
    SESSIONS,
    Command,
    CommandState,
    Decision,
    Order,
    PlanState,
    Position,
    Run,
    Signal,
)
from trading.models.base import choices_of
from trading.models.order import FINAL
from trading.models.plan import OVER

if TYPE_CHECKING:
    from rest_framework.views import APIView

ALL = "all"


class StrictFilters(DjangoFilterBackend):
    """Filters, and refuses what neither the filters nor the pages know or can read."""

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        """Return the rows asked for. Raises `ValidationError` naming each unknown parameter."""
        filterset = self.get_filterset_class(view, queryset)
        named: dict[str, filters.Filter] = dict(filterset.base_filters) if filterset else {}
        known = {"page", "page_size", *named}
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            expected = f"unknown, expected one of {', '.join(sorted(known))}"
            raise ValidationError({name: [expected] for name in unknown})
        wrong = {
            name: [complaint]
            for name, given in request.query_params.lists()
            if (complaint := _complaint(named.get(name), given))
        }
        if wrong:
            raise ValidationError(wrong)
        return super().filter_queryset(request, queryset, view)


def _complaint(one: filters.Filter | None, given: list[str]) -> str:
    """Return what is wrong with a parameter that the filter itself would let pass, or nothing."""
    if len(given) > 1 and not isinstance(one, filters.MultipleChoiceFilter):
        return "given more than once"
    may_be_empty = one is None or isinstance(one, filters.CharFilter | filters.OrderingFilter)
    if given[0] == "" and not may_be_empty:
        return "empty"
    if isinstance(one, filters.BooleanFilter) and given[0].lower() not in ("true", "false"):
        return "expected true or false"
    return _no_choice(one, given)


def _no_choice(one: filters.Filter | None, given: list[str]) -> str:
    """Return what could have been chosen, where something else was; nothing for a free choice."""
    choices = [str(value) for value, _ in one.extra.get("choices", ())] if one else []
    is_list = isinstance(one, filters.OrderingFilter)
    chosen = [part for text in given for part in (text.split(",") if is_list else [text])]
    wrong = [text for text in chosen if text and text not in choices]
    return f"unknown, expected one of {', '.join(choices)}" if choices and wrong else ""


def present_run() -> Run | None:
    """Return the session that is running, or else the last one."""
    runs = Run.objects.select_related("account", "config_version")
    runs = runs.filter(mode__in=SESSIONS)
    return runs.order_by(F("ended_at").desc(nulls_first=True), "-started_at", "-id").first()


class _Moment(IsoDateTimeField):
    """A moment in UTC: databases know fewer zones than ISO 8601 can write down."""

    default_error_messages: ClassVar[dict[str, str]] = {
        "invalid": "expected a moment, like 2026-11-23T09:15:00+05:30"
    }

    def clean(self, value: Any) -> datetime | None:
        """Return the moment, None for none. Raises Django's `ValidationError`."""
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise Unreadable("expected a moment of the years 1 to 9999") from error


class MomentFilter(filters.IsoDateTimeFilter):
    """Rows by a moment."""

    field_class = _Moment


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 1})
class ShareFilter(filters.NumberFilter):
    """Rows by a number from 0 to 1."""

    def get_max_validator(self) -> Any:
        """Return what refuses a larger number."""
        return MaxValueValidator(1)


class OfRun(filters.FilterSet):
    """Rows of one run: the one named, all of them, or the present session."""

    run = filters.CharFilter(
        method="of_run",
        label="Code of a session, or `all`; left out: the session that is running, or the last.",
    )
    after = MomentFilter(
        field_name="at", lookup_expr="gte", label="Changed at or after this moment."
    )
    before = MomentFilter(field_name="at", lookup_expr="lt", label="Changed before this moment.")

    @property
    def qs(self) -> QuerySet[Any]:
        """Return the filtered rows; without `run`, those of the present session."""
        rows: QuerySet[Any] = super().qs
        if not self.form.cleaned_data.get("run"):
            rows = rows.filter(run=present_run())
        return rows

    def of_run(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Return the rows of the run with this code."""
        return rows if value == ALL else rows.filter(run__code=value)


def by_instrument(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    """Return the rows about `NFO:NIFTY26NOVFUT`."""
    exchange, _, symbol = value.partition(":")
    return rows.filter(**{f"{name}__exchange": exchange, f"{name}__symbol": symbol})


def _instrument(field: str = "instrument") -> filters.CharFilter:
    return filters.CharFilter(
        field_name=field, method=by_instrument, label="Exchange and symbol, `NFO:NIFTY26NOVFUT`."
    )


class PositionFilters(OfRun):
    """Positions by state, strategy and instrument."""

    open = filters.BooleanFilter(method="is_open", label="Not over yet.")
    state = filters.MultipleChoiceFilter(choices=choices_of(PlanState))
    strategy = filters.CharFilter()
    instrument = _instrument()
    ordering = filters.OrderingFilter(fields=["opened_at", "closed_at", "gross", "charges"])

    class Meta:
        model = Position
        fields: ClassVar[list[str]] = []

    def is_open(self, rows: QuerySet[Position], _name: str, value: bool) -> QuerySet[Position]:
        """Return the positions that are open, or those that are over."""
        return rows.exclude(state__in=OVER) if value else rows.filter(state__in=OVER)


class OrderFilters(OfRun):
    """Orders by state, role, side, instrument and strategy."""

    working = filters.BooleanFilter(method="is_working", label="More is expected of it.")
    state = filters.MultipleChoiceFilter(choices=choices_of(OrderState))
    role = filters.ChoiceFilter(choices=choices_of(Role))
    side = filters.ChoiceFilter(choices=choices_of(Side))
    strategy = filters.CharFilter(field_name="plan__strategy")
    instrument = _instrument()
    ordering = filters.OrderingFilter(fields=["planned_at", "at", "quantity"])

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = []

    def is_working(self, rows: QuerySet[Order], _name: str, value: bool) -> QuerySet[Order]:
        """Return the orders that still work, or those in a final state."""
        return rows.exclude(state__in=FINAL) if value else rows.filter(state__in=FINAL)


class SignalFilters(OfRun):
    """Signals by strategy, direction, instrument and what became of them."""

    strategy = filters.CharFilter()
    direction = filters.ChoiceFilter(choices=[(1, "Long"), (0, "Neutral"), (-1, "Short")])
    instrument = _instrument()
    passed = filters.BooleanFilter(field_name="why_not", lookup_expr="exact", method="went_on")
    min_score = ShareFilter(field_name="score", lookup_expr="gte", min_value=0)
    ordering = filters.OrderingFilter(fields=["at", "score", "rank", "confidence"])

    class Meta:
        model = Signal
        fields: ClassVar[list[str]] = []

    def went_on(self, rows: QuerySet[Signal], _name: str, value: bool) -> QuerySet[Signal]:
        """Return the signals that reached the gate, or those that fell before it."""
        return rows.filter(why_not="") if value else rows.exclude(why_not="")


class DecisionFilters(OfRun):
    """Decisions by answer, by the rule that refused, and by strategy."""

    approved = filters.BooleanFilter()
    refused_by = filters.CharFilter(method="refused", label="Code of a rule that refused.")
    strategy = filters.CharFilter(field_name="signal__strategy")
    instrument = _instrument("signal__instrument")
    ordering = filters.OrderingFilter(fields=["at", "risk_inr", "quantity"])

    class Meta:
        model = Decision
        fields: ClassVar[list[str]] = []

    def refused(self, rows: QuerySet[Decision], _name: str, value: str) -> QuerySet[Decision]:
        """Return the decisions that this rule refused."""
        return rows.filter(refusals__contains=[value])


class CommandFilters(filters.FilterSet):
    """Commands by session, kind, state and author."""

    run = filters.CharFilter(field_name="run__code")
    state = filters.ChoiceFilter(choices=choices_of(CommandState))
    kind = filters.CharFilter()
    issued_by = filters.CharFilter()

    class Meta:
        model = Command
        fields: ClassVar[list[str]] = []


class BacktestFilters(filters.FilterSet):
    """Backtests by state and author."""

    state = filters.ChoiceFilter(choices=choices_of(JobState))
    requested_by = filters.CharFilter()

    class Meta:
        model = BacktestJob
        fields: ClassVar[list[str]] = []
