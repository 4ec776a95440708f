"""`chain ORDER_ID`: show what led to an order and what came of it, as a tree."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from strategies.direction import Direction
from trading.models import Decision, Order, Plan, Signal
from trading.selectors import Chain, UnknownOrderError, chain


class Command(BaseCommand):
    """Prints trade, order, plan, decision, signal and configuration of one order."""

    help = "Show the chain from an order's trades back to its signal and configuration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("order_id", help="client id or broker id of the order")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = chain(options["order_id"])
        except UnknownOrderError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write("\n".join(_lines(found)))


def _lines(found: Chain) -> Iterator[str]:
    yield _order(found.order)
    for event in found.events:
        detail = f"  {event.reason}" if event.reason else ""
        yield f"├─ {_moment(event.at)}  {event.event} → {event.state}{detail}"
    for trade in found.trades:
        yield (
            f"├─ trade {trade.trade_id}: {trade.side} {trade.quantity} at ₹{trade.price:.2f}"
            f"  {_moment(trade.at)}"
        )
    for booking in found.bookings:
        yield f"├─ booked {booking.kind} ₹{booking.amount:+.2f}"
    config = found.config_version
    origin = f"config {config}  sha256 {config.sha256[:12]}…  by {config.author}"
    if not (found.plan and found.decision and found.signal):
        yield "├─ no plan: sent without a decision of its own"
        yield f"└─ {origin}"
        return
    yield f"└─ {_plan(found.plan)}"
    yield f"   └─ {_decision(found.decision)}"
    yield f"      └─ {_signal(found.signal)}"
    yield f"         └─ {origin}"


def _order(order: Order) -> str:
    return (
        f"order {order.client_id}: {order.role} {order.side} {order.quantity} {order.instrument}"
        f" {order.order_type}, {order.state}, {order.filled_quantity} filled"
        f"  (broker {order.broker_id or 'none'}, run {order.run.code},"
        f" lease {order.fencing_token})"
    )


def _plan(plan: Plan) -> str:
    return f"plan {plan.code}: {plan.strategy}, {plan.state} {plan.reason}".rstrip()


def _decision(decision: Decision) -> str:
    passed = sum(verdict["passed"] for verdict in decision.verdicts)
    return (
        f"decision {decision.code}: {'approved' if decision.approved else 'refused'},"
        f" {decision.quantity} units, risk ₹{decision.risk_inr:.2f},"
        f" {passed} of {len(decision.verdicts)} rules passed"
    )


def _signal(signal: Signal) -> str:
    way = Direction(signal.direction).name
    return (
        f"signal {signal.code}: {signal.strategy} {way} {signal.instrument}"
        f" entry ₹{signal.entry:.2f} stop ₹{signal.stop:.2f},"
        f" score {signal.score}, rank {signal.rank}  {_moment(signal.at)}"
    )


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
