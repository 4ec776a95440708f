"""The chain of a trade, in both directions: opinion, answer, plan, orders, trades, position, rules.

Finding and naming its rows is all that happens here; `record.py` puts it above each page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Model

from backoffice.admin.shown import TONES, address
from trading.models import ConfigVersion, Decision, Fill, Order, Plan, Position, Signal


@dataclass(frozen=True, slots=True)
class Stop:
    """One row of the chain: where its page is, what it is called, how it stands."""

    url: str
    text: str
    state: str = ""
    tone: str = "quiet"
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Station:
    """All rows of one kind; empty where the chain ends."""

    title: str
    stops: tuple[Stop, ...]


Stations = tuple[Station, ...]


def chain_of_signal(signal: Signal) -> Stations:
    """Return everything that came of an opinion."""
    decisions = list(signal.decisions.order_by("seq"))
    plans = list(Plan.objects.filter(decision__in=decisions)) if decisions else []
    return _stations((signal,), decisions, plans, signal.config_version, signal)


def chain_of_decision(decision: Decision) -> Stations:
    """Return what an answer was given to and what came of it."""
    plans = list(decision.plans.all())
    return _stations((decision.signal,), (decision,), plans, decision.config_version, decision)


def chain_of_plan(plan: Plan, here: Model | None = None) -> Stations:
    """Return the chain that a plan stands in; `here` is the row whose page shows it."""
    decision = plan.decision
    return _stations(
        (decision.signal,), (decision,), (plan,), decision.config_version, here or plan
    )


def chain_without_plan(order: Order, here: Model) -> Stations:
    """Return the short chain of an order nobody planned; its rules are those of the run."""
    fills = order.fills.order_by("seq")
    return (
        Station("Order", _stops([order], here)),
        Station("Fill", _stops(fills, here)),
        Station("Configuration", _stops([order.run.config_version], here)),
    )


def _stations(
    signals: Iterable[Signal],
    decisions: Iterable[Decision],
    plans: Iterable[Plan],
    version: ConfigVersion,
    here: Model,
) -> Stations:
    made = [plan.pk for plan in plans]
    orders = Order.objects.filter(plan__in=made).order_by("planned_at") if made else ()
    fills = Fill.objects.filter(plan__in=made).order_by("seq") if made else ()
    positions = Position.objects.filter(plan__in=made) if made else ()
    return (
        Station("Signal", _stops(signals, here)),
        Station("Decision", _stops(decisions, here)),
        Station("Plan", _stops(plans, here)),
        Station("Order", _stops(orders, here)),
        Station("Fill", _stops(fills, here)),
        Station("Position", _stops(positions, here)),
        Station("Configuration", _stops([version], here)),
    )


def _stops(rows: Iterable[Model], here: Model) -> tuple[Stop, ...]:
    return tuple(replace(_stop(row), is_here=row == here) for row in rows)


def _stop(row: Model) -> Stop:
    match row:
        case Decision():
            state, tone = ("approved", "good") if row.approved else ("refused", "bad")
            return Stop(address(row), row.code, state, tone)
        case Order():
            name = f"{row.role} {row.client_id}"
            return Stop(address(row), name, row.state, TONES.get(row.state, "quiet"))
        case Fill():
            return Stop(address(row), f"{row.side} {row.quantity} @ {row.price:.2f}")
        case Position():
            held = f"{row.code} {row.quantity:+d}"
            return Stop(address(row), held, row.state, TONES.get(row.state, "quiet"))
        case Plan():
            return Stop(address(row), row.code, row.state, TONES.get(row.state, "quiet"))
        case Signal():
            state = "held back" if row.why_not else ""
            return Stop(address(row), row.code, state, "warn" if state else "quiet")
        case _:
            return Stop(address(row), str(row))
