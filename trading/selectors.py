"""Every read of the rows that pages, tasks and the engine's start need.

The chain of an order and the sum of the books have files of their own and are offered here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, QuerySet, Sum

from execution.orders import OrderState, Role
from trading.models import (
    SESSIONS,
    Account,
    Activation,
    ConfigVersion,
    Decision,
    EquityPoint,
    Fill,
    Instrument,
    Order,
    Plan,
    Position,
    RecorderPosition,
    Run,
    RunState,
    Signal,
    StateChange,
)
from trading.models.order import FINAL
from trading.models.plan import OVER
from trading.selectors_chain import Chain, UnknownOrderError, chain
from trading.selectors_ledger import ledger_gap

__all__ = [
    "Chain",
    "RunCounts",
    "UnknownOrderError",
    "UnknownRunError",
    "active_config",
    "chain",
    "config_at",
    "counts",
    "equity_curve",
    "instruments_on",
    "last_equity",
    "ledger_gap",
    "newest_run",
    "next_run",
    "open_positions",
    "plans_by_strategy",
    "recorder_position",
    "run_by_code",
    "running_run",
    "trading_state",
    "working_orders",
]


class UnknownRunError(LookupError):
    """No run answers to a code."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How much a run has done so far, counted from its rows."""

    signals: int
    decisions: int
    approved: int
    trades: int
    working_orders: int
    open_positions: int


def run_by_code(code: str) -> Run:
    """Return the run called `code` (or with that row id). Raises `UnknownRunError`."""
    runs = Run.objects.select_related("account", "config_version")
    run = runs.filter(code=code).first()
    if run is None and code.isdecimal():
        run = runs.filter(pk=int(code)).first()
    if run is None:
        raise UnknownRunError(f"run {code!r}: unknown, expected a run's code")
    return run


def running_run(account: Account, on: date) -> Run | None:
    """Return the account's session of the day that has not ended, for a start to resume."""
    runs = Run.objects.filter(account=account, date=on, mode__in=SESSIONS)
    return runs.filter(state=RunState.RUNNING.value).select_related("config_version").first()


def next_run(account: Account) -> Run | None:
    """Return the account's oldest session that has not ended, for an engine to trade."""
    runs = Run.objects.filter(account=account, mode__in=SESSIONS)
    return runs.filter(state=RunState.RUNNING.value).order_by("started_at").first()


def newest_run(account: Account) -> Run | None:
    """Return the account's session that was started last."""
    runs = Run.objects.filter(account=account, mode__in=SESSIONS)
    return runs.select_related("account", "config_version").order_by("-started_at").first()


def counts(run: Run) -> RunCounts:
    """Return how many signals, decisions, trades, working orders and open positions there are."""
    decisions = Decision.objects.filter(run=run)
    return RunCounts(
        signals=Signal.objects.filter(run=run).count(),
        decisions=decisions.count(),
        approved=decisions.filter(approved=True).count(),
        trades=Fill.objects.filter(run=run).count(),
        working_orders=working_orders(run).count(),
        open_positions=open_positions(run).count(),
    )


def working_orders(run: Run) -> QuerySet[Order]:
    """Return the orders of which more is expected, those of unknown outcome included."""
    return Order.objects.filter(run=run).exclude(state__in=FINAL).select_related("instrument")


def open_positions(run: Run) -> QuerySet[Position]:
    """Return the positions that hold something."""
    held = Position.objects.filter(run=run).exclude(quantity=0)
    return held.exclude(state__in=OVER).select_related("instrument", "plan")


def confirmed_cover(position: Position) -> int:
    """Return the units of a position's stops and exits that the broker has said are working."""
    ways_out = Order.objects.filter(plan=position.plan, role__in=(Role.STOP, Role.EXIT))
    resting = ways_out.filter(state__in=(OrderState.OPEN, OrderState.PARTIAL))
    return resting.aggregate(left=Sum(F("quantity") - F("filled_quantity")))["left"] or 0


def plans_by_strategy(run: Run) -> dict[str, int]:
    """Return how many plans each strategy has made in the run."""
    whole = Plan.objects.filter(run=run, combination=None)
    rows = whole.values("strategy").annotate(number=Count("id"))
    return {row["strategy"]: row["number"] for row in rows.order_by("strategy")}


def trading_state(run: Run) -> StateChange | None:
    """Return the last change of the trading state, or None before the first."""
    return StateChange.objects.filter(run=run).order_by("seq").last()


def equity_curve(run: Run) -> QuerySet[EquityPoint]:
    """Return the account's worth over the run, oldest first."""
    return EquityPoint.objects.filter(run=run).order_by("seq")


def last_equity(run: Run) -> EquityPoint | None:
    """Return the account's latest worth, or None before the first point."""
    return equity_curve(run).last()


def active_config(kind: str) -> ConfigVersion | None:
    """Return the version of `kind` that holds now, or None before the first activation."""
    held = Activation.objects.filter(kind=kind, active_until=None).select_related("version")
    activation = held.first()
    return activation.version if activation else None


def config_at(kind: str, at: datetime) -> ConfigVersion | None:
    """Return the version of `kind` that held at `at`, or None before the first activation."""
    begun = Activation.objects.filter(kind=kind, active_from__lte=at).exclude(active_until__lte=at)
    activation = begun.select_related("version").order_by("active_from").last()
    return activation.version if activation else None


def instruments_on(day: date) -> QuerySet[Instrument]:
    """Return what is listed on `day`."""
    return Instrument.objects.filter(day=day, is_listed=True)


def recorder_position(run: Run) -> RecorderPosition | None:
    """Return how far the run's journal has become rows, or None before the first record."""
    return RecorderPosition.objects.filter(run=run).first()
