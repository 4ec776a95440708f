"""The workers' figures, counted from rows: the same whichever worker process counts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from django.db.models import Count
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from trading.metrics_list import Collector, Teller, registered
from trading.models import Delivery, Mode, ModeChange, TaskRun
from trading.services.mode_changes import mode_at


def worker_text(at: datetime) -> bytes:
    """Return the figures of tasks, deliveries and the gate at a moment, as Prometheus text."""
    registry = CollectorRegistry()
    metrics = registered(Teller.WORKER, registry)
    runs, seconds = cast(Counter, metrics["task_runs"]), cast(Histogram, metrics["task_seconds"])
    for row in TaskRun.objects.values("name", "outcome").annotate(number=Count("id")):
        runs.labels(row["name"], row["outcome"]).inc(row["number"])
    ended = TaskRun.objects.filter(started_at__isnull=False, ended_at__isnull=False)
    for name, started, end in ended.values_list("name", "started_at", "ended_at"):
        if started is not None and end is not None:
            seconds.labels(name).observe(max((end - started).total_seconds(), 0.0))
    told = cast(Counter, metrics["alerts_delivered"])
    for sent in Delivery.objects.values("channel", "state").annotate(number=Count("id")):
        told.labels(sent["channel"], sent["state"]).inc(sent["number"])
    _take_gate(metrics, at)
    return generate_latest(registry)


def _take_gate(metrics: Mapping[str, Collector], at: datetime) -> None:
    """Tell whether the gate has let an account into LIVE, and when it last did."""
    passed = ModeChange.objects.filter(mode=Mode.LIVE.value, at__lte=at).select_related("account")
    newest = passed.order_by("-at", "-id").first()
    if newest is None:
        return
    is_live = any(mode_at(each.account, at) is Mode.LIVE for each in passed.filter(until__gt=at))
    cast(Gauge, metrics["gate_pass"]).set(is_live)
    hours = (at - newest.at).total_seconds() / 3600
    cast(Gauge, metrics["gate_age_hours"]).set(hours)
