"""The workers' figures, counted from rows: the same whichever worker process counts them."""

from __future__ import annotations

from typing import cast

from django.db.models import Count
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from trading.metrics_list import Teller, registered
from trading.models import Delivery, TaskRun


def worker_text() -> bytes:
    """Return the figures of tasks and deliveries as Prometheus text."""
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
    return generate_latest(registry)
