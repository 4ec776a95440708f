"""The desk's figures for Prometheus: fed by the recorder from notes, kept in Redis, read anywhere.

Which metrics exist is said in `metrics_list.py`. What the engine measures about itself comes with
its sign of life; `metrics_engine.py` does the measuring.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from redis.exceptions import RedisError

from trading import broadcast_keys as keys
from trading.broadcast_redis import connect
from trading.engine.timeline import BAR
from trading.journal import Record
from trading.metrics_list import Collector, Teller, registered

_STATES = ("OPEN", "REDUCE_ONLY", "FLATTENING", "HALTED")
_CHILDREN = frozenset({"STOP", "TARGET"})
_MEASURED = {"tick_to_decision_ms": "tick_to_decision_ms", "scan_ms": "scan_duration_ms"}
"""Samples in the engine's sign of life, and the histograms they belong to."""
_FEED = "feed-connection"
"""The condition by which a feed on a socket tells that it stands, or stands no more."""


class DeskMetrics:
    """The figures of one run, made from its journal; a new recorder comes to the same ones."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._metrics = registered(Teller.RECORDER, self.registry)
        self._token = 0
        self._sent: dict[str, datetime] = {}
        self._roles: dict[str, str] = {}
        self._exits: set[str] = set()
        self._seen: dict[str, datetime] = {}
        self._in_cycle = 0
        self._flattening_since: datetime | None = None
        self._blocked: frozenset[str] = frozenset()
        self._engine_at: str | None = None
        self._has_connected = False
        self.redis_failures = 0

    def take(self, record: Record) -> None:
        """Count one record of the journal."""
        body = record.body
        at = datetime.fromisoformat(body["at"]) if "at" in body else None
        if at is not None:
            self._event(record.kind, body, at)
        match record.kind:
            case "SignalNoted":
                self._in_cycle += 1
                self._counter("signals", body["strategy"]).inc()
            case "DecisionNoted":
                status = "approved" if body["approved"] else "refused"
                self._counter("decisions", status).inc()
                for rule in body["refusals"]:
                    self._counter("risk_blocks", rule).inc()
            case "ModifyOrder":
                self._changed(body["client_id"], body["change"])

    def _event(self, kind: str, body: Mapping[str, Any], at: datetime) -> None:
        match kind:
            case "Frame":
                self._seen["market_data"] = at
            case "TimerFired" if body["key"] == BAR:
                self._scanned(at)
            case "PlaceOrder":
                self._placed(body["request"], at)
            case "BrokerSaid":
                self._answered(body["update"], at)
            case "StateNoted":
                self._state_changed(body, at)
            case "ConditionChanged" if body["name"] == _FEED:
                self._connected(good=body["good"])

    def _scanned(self, at: datetime) -> None:
        before = self._seen.get("scan")
        if before is not None:
            self._gauge("scan_interval_seconds").set((at - before).total_seconds())
            self._histogram("signals_per_cycle").observe(self._in_cycle)
        self._seen["scan"] = at
        self._in_cycle = 0
        self._counter("scan_ticks").inc()

    def _connected(self, *, good: bool) -> None:
        """Count a connection of the feed but the first of the run."""
        if good and self._has_connected:
            self._counter("feed_reconnects").inc()
        self._has_connected |= good

    def _placed(self, request: Mapping[str, Any], at: datetime) -> None:
        role, client_id, plan = request["role"], request["client_id"], request["plan_id"]
        self._sent[client_id], self._roles[client_id] = at, role
        self._counter("orders_placed", role).inc()
        if role in _CHILDREN:
            self._counter("children_placed", role).inc()
        if role == "EXIT":
            if plan in self._exits:
                self._counter("retries", "exit-sent-again").inc()
            self._exits.add(plan)

    def _answered(self, update: Mapping[str, Any], at: datetime) -> None:
        client_id = update["client_id"]
        self._seen["order_stream"] = at
        sent = self._sent.pop(client_id, None)
        if sent is not None:
            self._histogram("order_latency_ms").observe((at - sent).total_seconds() * 1000)
        if update["state"] == "FILLED":
            self._counter("orders_filled", self._roles.pop(client_id, "UNKNOWN")).inc()

    def _changed(self, client_id: str, change: Mapping[str, Any]) -> None:
        """Count an exit priced anew: a stop that moves is no retry, a limit that moves is one."""
        is_priced = change.get("order_type") in ("LIMIT", "MARKET")
        if is_priced and client_id in self._exits:
            self._counter("retries", "exit-priced-anew").inc()
        if is_priced:
            self._exits.add(client_id)

    def _state_changed(self, body: Mapping[str, Any], at: datetime) -> None:
        state, blocked = body["state"], frozenset(body["blocked_by"])
        self._gauge("trading_state").set(_STATES.index(state))
        if state == "FLATTENING" and self._flattening_since is None:
            self._flattening_since = at
            for reason in sorted(blocked - self._blocked):
                self._counter("kill_switch", reason).inc()
        if state == "HALTED" and self._flattening_since is not None:
            passed = at - self._flattening_since
            self._histogram("flatten_seconds").observe(passed.total_seconds())
            self._flattening_since = None
        self._blocked = blocked

    def state(self, document: Mapping[str, Any]) -> None:
        """Take the figures that the live state holds."""
        account = document["account"]
        self._gauge("open_positions").set(account["positions_open"])
        self._gauge("heat_inr").set(account["heat"])
        self._gauge("heat_limit_inr").set(account["heat_limit"])
        self._gauge("equity_inr").set(account["equity"])
        self._gauge("day_profit_inr").set(account["day_profit"])
        self._gauge("leader").set(document["health"]["engine"]["ok"])
        self._gauge("recorder_lag_records").set(document["health"]["recorder"]["lag_records"])
        if document["at"]:
            now = datetime.fromisoformat(document["at"])
            for name, at in self._seen.items():
                age = max((now - at).total_seconds(), 0.0)
                self._gauge(f"{name}_heartbeat_seconds").set(age)

    def engine(self, sign: Mapping[str, Any]) -> None:
        """Take what the engine's sign of life says of itself; the same sign counts once."""
        if not sign or sign.get("wall_at") == self._engine_at:
            return
        self._engine_at = sign.get("wall_at")
        for told, name in _MEASURED.items():
            for sample in sign.get("latencies", {}).get(told, ()):
                self._histogram(name).observe(sample)
        self._gauge("throttle_queue_depth").set(sign.get("deepest_queue", 0))

    def led_by(self, fencing_token: int) -> None:
        """Count a lease that is newer than the last one seen."""
        if fencing_token > self._token:
            self._token = fencing_token
            self._counter("leader_changes").inc()

    def redis_failed(self) -> None:
        """Count an edition that Redis did not take."""
        self.redis_failures += 1
        self._counter("redis_failures").inc()
        self._counter("retries", "redis").inc()

    def text(self) -> bytes:
        """Return the figures as Prometheus text."""
        return generate_latest(self.registry)

    def _counter(self, name: str, *labels: str) -> Counter:
        return cast(Counter, _labelled(self._metrics[name], labels))

    def _gauge(self, name: str) -> Gauge:
        return cast(Gauge, self._metrics[name])

    def _histogram(self, name: str) -> Histogram:
        return cast(Histogram, self._metrics[name])


def _labelled(metric: Collector, labels: tuple[str, ...]) -> Collector:
    return metric.labels(*labels) if labels else metric


def metrics_text() -> bytes:
    """Return the whole desk's figures as Prometheus text, from what its processes left in Redis.

    Redis away is told by `aitrapp_redis_up 0`, with nothing else known. For the web process, or
    any other that keeps no figures.
    """
    registry = CollectorRegistry()
    web = registered(Teller.WEB, registry)
    texts: list[bytes] = []
    if settings.REDIS_URL:
        client = connect(settings.REDIS_URL)
        try:
            texts = _stored(client)
            for process in ("engine", "recorder", "worker"):
                cast(Gauge, web[f"{process}_up"]).set(client.exists(keys.health_key(process)))
            cast(Gauge, web["redis_up"]).set(1)
        except RedisError:
            texts = []
        finally:
            client.close()
    return b"".join([*texts, generate_latest(registry)])


def _stored(client: Any) -> list[bytes]:
    names = sorted(client.scan_iter(keys.METRICS_PATTERN, count=500))
    return [text for name in names if (text := client.get(name))]
