"""Every metric of the desk, as data: name, kind, labels, and which process tells it.

Names are unique over all processes, so that their texts can be put one behind the other. Feeding
the metrics is the work of `metrics.py` and `metrics_worker.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Kind(StrEnum):
    """What Prometheus makes of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Teller(StrEnum):
    """Which process tells a metric."""

    RECORDER = "recorder"
    WORKER = "worker"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` without the prefix; counters get `_total` behind it by themselves.

    `not_in_paper` says why it stands still while nothing but paper is traded; empty for one that
    moves.
    """

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    teller: Teller = Teller.RECORDER
    buckets: tuple[float, ...] = ()
    not_in_paper: str = ""


PREFIX = "aitrapp_"
_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM
_WORKER, _WEB = Teller.WORKER, Teller.WEB
_TICK_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
_ORDER_MS = (10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0)
_SIGNALS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)
_FLATTEN_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_TASK_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)

METRICS = (
    Metric("signals", _C, "Opinions, by strategy", ("strategy",)),
    Metric("decisions", _C, "Answers of the gate", ("status",)),
    Metric("orders_placed", _C, "Orders sent", ("role",)),
    Metric("orders_filled", _C, "Orders filled whole", ("role",)),
    Metric("children_placed", _C, "Stops and targets sent for entries", ("role",)),
    Metric("risk_blocks", _C, "Refusals, by the rule that refused", ("rule",)),
    Metric("retries", _C, "Things done once more", ("type",)),
    Metric("kill_switch", _C, "Times the desk was flattened and locked", ("reason",)),
    Metric("leader_changes", _C, "Leases under which the run was traded"),
    Metric("scan_ticks", _C, "Scan cycles"),
    Metric("open_positions", _G, "Positions that hold something"),
    Metric("heat_inr", _G, "Open risk in rupees"),
    Metric("heat_limit_inr", _G, "Open risk allowed, in rupees"),
    Metric("equity_inr", _G, "Worth of the account in rupees"),
    Metric("day_profit_inr", _G, "Profit of the day in rupees, after charges"),
    Metric("leader", _G, "1 while an engine of this run shows life"),
    Metric("trading_state", _G, "0 OPEN, 1 REDUCE_ONLY, 2 FLATTENING, 3 HALTED"),
    Metric("market_data_heartbeat_seconds", _G, "Exchange time since the last frame"),
    Metric("order_stream_heartbeat_seconds", _G, "Exchange time since news of an order"),
    Metric("scan_heartbeat_seconds", _G, "Exchange time since the last scan"),
    Metric("scan_interval_seconds", _G, "Exchange time between the last two scans"),
    Metric("tick_to_decision_ms", _H, "Wall time from a step to its answer", (), buckets=_TICK_MS),
    Metric("order_latency_ms", _H, "Exchange time to the first answer", (), buckets=_ORDER_MS),
    Metric("scan_duration_ms", _H, "Wall time of a scan cycle", (), buckets=_TICK_MS),
    Metric("signals_per_cycle", _H, "Opinions of one scan", (), buckets=_SIGNALS),
    Metric("flatten_seconds", _H, "Exchange time from kill switch to flat", (), buckets=_FLATTEN_S),
    Metric("recorder_lag_records", _G, "Journal records that are not rows yet"),
    Metric("redis_failures", _C, "Editions that Redis did not take"),
    Metric("engine_up", _G, "1 while the supervised engine shows life", (), _WEB),
    Metric("recorder_up", _G, "1 while the recorder shows life", (), _WEB),
    Metric("worker_up", _G, "1 while beat and a worker show life", (), _WEB),
    Metric("redis_up", _G, "1 while Redis answers", (), _WEB),
    Metric("task_runs", _C, "Runs of the timetable's tasks", ("task", "outcome"), _WORKER),
    Metric("task_seconds", _H, "How long tasks took", ("task",), _WORKER, buckets=_TASK_S),
    Metric("alerts_delivered", _C, "Alerts by channel", ("channel", "outcome"), _WORKER),
    Metric(
        "throttle_queue_depth",
        _G,
        "Calls that wait for the broker's rate limit",
        not_in_paper="paper orders meet no rate limit; told with a live engine's sign of life",
    ),
    Metric(
        "feed_reconnects",
        _C,
        "Times the market feed was connected again",
        not_in_paper="a tape has no connection; counted from the journal of a day on a socket",
    ),
    Metric(
        "gate_pass",
        _G,
        "1 while an account is LIVE by the gate's verdict",
        teller=_WORKER,
        not_in_paper="the gate lets nobody in while only paper is traded",
    ),
    Metric(
        "gate_age_hours",
        _G,
        "Hours since the gate last let an account into LIVE",
        teller=_WORKER,
        not_in_paper="the gate lets nobody in while only paper is traded",
    ),
)

Collector = Counter | Gauge | Histogram


def registered(teller: Teller, registry: CollectorRegistry) -> dict[str, Collector]:
    """Return the metrics of one process by name, each new and in `registry`."""
    return {metric.name: _made(metric, registry) for metric in METRICS if metric.teller is teller}


def _made(metric: Metric, registry: CollectorRegistry) -> Collector:
    name = PREFIX + metric.name
    match metric.kind:
        case Kind.COUNTER:
            return Counter(name, metric.text, metric.labels, registry=registry)
        case Kind.GAUGE:
            return Gauge(name, metric.text, metric.labels, registry=registry)
        case Kind.HISTOGRAM:
            return Histogram(
                name, metric.text, metric.labels, registry=registry, buckets=metric.buckets
            )
