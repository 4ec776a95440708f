"""What the desk did: lists and single rows of positions, orders, signals, decisions and commands.

How a row is told stands in `outputs.py`, what may be asked in `filtering.py`.
"""

from __future__ import annotations

from typing import Any

from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api import filtering, outputs
from backoffice.api.base import DeskView
from backoffice.api.desk import live_positions
from backoffice.api.schema import described
from trading.models import Command, Decision, Order, Position, Signal


class Rows(DeskView, ListAPIView):
    """A list, cut into pages."""


class Row(DeskView, RetrieveAPIView):
    """One row, by its id."""

    filter_backends = ()
    lookup_url_kwarg = "row_id"


_POSITIONS = Position.objects.select_related("run", "instrument", "plan__combination")
_ORDERS = Order.objects.select_related("run", "instrument", "plan")
_DECISIONS = Decision.objects.select_related("run", "signal__instrument", "config_version")
_SIGNALS = Signal.objects.select_related(
    "run", "instrument", "traded", "config_version"
).prefetch_related("decisions__run", "decisions__config_version", "decisions__signal__instrument")


class WithLivePrices(DeskView):
    """Adds what only the running desk knows to its positions."""

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the usual context, and the live figures of open positions by code."""
        context: dict[str, Any] = super().get_serializer_context()  # type: ignore[misc]
        return {**context, "live": live_positions()}


class PositionsView(WithLivePrices, Rows):
    """Positions, the newest first."""

    queryset = _POSITIONS.order_by("-opened_at", "-seq")
    serializer_class = outputs.PositionOutput
    filterset_class = filtering.PositionFilters

    @described("records", "Positions", {200: outputs.PositionOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List positions of the present session, or of the one named."""
        return super().get(request, *args, **kwargs)


class PositionView(WithLivePrices, Row):
    """One position."""

    queryset = _POSITIONS
    serializer_class = outputs.PositionOutput

    @described("records", "Position", {200: outputs.PositionOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one position."""
        return super().get(request, *args, **kwargs)


class OrdersView(Rows):
    """Orders, the newest first."""

    queryset = _ORDERS.order_by("-planned_at", "-client_id")
    serializer_class = outputs.OrderOutput
    filterset_class = filtering.OrderFilters

    @described("records", "Orders", {200: outputs.OrderOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List orders of the present session, or of the one named."""
        return super().get(request, *args, **kwargs)


class OrderView(Row):
    """One order with its life."""

    queryset = _ORDERS.prefetch_related("events", "fills")
    serializer_class = outputs.OrderLifeOutput

    @described("records", "Order", {200: outputs.OrderLifeOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one order, everything that happened to it, and its trades."""
        return super().get(request, *args, **kwargs)


class SignalsView(Rows):
    """Signals, the newest first."""

    queryset = _SIGNALS.order_by("-at", "-seq")
    serializer_class = outputs.SignalOutput
    filterset_class = filtering.SignalFilters

    @described("records", "Signals", {200: outputs.SignalOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List signals with their scores, and what the gate answered."""
        return super().get(request, *args, **kwargs)


class SignalView(Row):
    """One signal, explained."""

    queryset = _SIGNALS
    serializer_class = outputs.SignalLifeOutput

    @described("records", "Signal", {200: outputs.SignalLifeOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one signal, why it stood where it stood and what became of it."""
        return super().get(request, *args, **kwargs)


class DecisionsView(Rows):
    """Decisions, the newest first."""

    queryset = _DECISIONS.order_by("-at", "-seq")
    serializer_class = outputs.DecisionOutput
    filterset_class = filtering.DecisionFilters

    @described("records", "Decisions", {200: outputs.DecisionOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List decisions with what every rule measured and allowed."""
        return super().get(request, *args, **kwargs)


class DecisionView(Row):
    """One decision."""

    queryset = _DECISIONS
    serializer_class = outputs.DecisionOutput

    @described("records", "Decision", {200: outputs.DecisionOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one decision."""
        return super().get(request, *args, **kwargs)


class CommandsView(Rows):
    """Operators' wishes, the newest first."""

    queryset = Command.objects.select_related("run").order_by("-id")
    serializer_class = outputs.CommandOutput
    filterset_class = filtering.CommandFilters

    @described("control", "Commands", {200: outputs.CommandOutput(many=True)}, errors=[400, 404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what operators asked for."""
        return super().get(request, *args, **kwargs)


class CommandView(Row):
    """One wish."""

    queryset = Command.objects.select_related("run")
    serializer_class = outputs.CommandOutput

    @described("control", "Command", {200: outputs.CommandOutput}, errors=[404])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with what has become of one wish."""
        return super().get(request, *args, **kwargs)
