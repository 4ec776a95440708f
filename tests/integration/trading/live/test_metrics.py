from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.own_valkey import OwnValkey
from tests.ran_day import RanDay, ran_day
from trading import broadcast_keys as keys
from trading.broadcast import Broadcaster
from trading.broadcast_redis import encode
from trading.broadcast_sink import Sink
from trading.engine.events import CommandIssued, CommandKind
from trading.metrics import DeskMetrics, metrics_text
from trading.metrics_engine import MOST_SAMPLES, Samples
from trading.metrics_list import METRICS, PREFIX
from trading.metrics_worker import worker_text
from trading.models import Alert, Delivery, Run, TaskRun

ROOT = Path(__file__).resolve().parents[4]


class KillSwitch:
    """Presses the kill switch when something is held in the afternoon."""

    def __init__(self) -> None:
        self.pressed = False

    def __call__(self, at: datetime) -> list[CommandIssued]:
        if self.pressed or (at.hour, at.minute) < (14, 0):
            return []
        self.pressed = True
        return [CommandIssued(at, 1, CommandKind.FLATTEN, "asha", "drill")]


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> RanDay:
    return ran_day(tmp_path_factory.mktemp("drill"), inputs=KillSwitch())


def samples_in(text: bytes) -> Iterator[tuple[str, float]]:
    """Yield each metric's name, without what its kind adds to it, and a value."""
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            if not sample.name.endswith(("_bucket", "_sum")):
                yield family.name.removeprefix(PREFIX), sample.value


@pytest.mark.django_db
def test_every_metric_has_moved_after_a_simulated_day(drill, made_run, valkey, settings):
    settings.REDIS_URL = valkey.url
    moved = lived_through(drill, made_run, valkey)
    moved |= {name for name, value in samples_in(worker_rows()) if value}
    moved |= {name for name, value in samples_in(metrics_text()) if value}

    still = {metric.name for metric in METRICS if metric.name not in moved}

    explained = {metric.name for metric in METRICS if metric.not_in_paper}
    assert still - explained == set()
    assert explained <= still, "a metric that moves is not to be excused"


def lived_through(day: RanDay, run: Run, valkey: OwnValkey) -> set[str]:
    """Broadcast the day in a hundred steps, Redis away for one; return what was ever not zero."""
    lines = day.journal.read_bytes().splitlines(keepends=True)
    sink, now, moved = Sink(valkey.url, "paper"), [0.0], set()
    broadcaster = Broadcaster(run, sink, clock=lambda: now[0])
    for step in range(100):
        with Path(run.journal_path).open("ab") as file:
            file.writelines(lines[len(lines) * step // 100 : len(lines) * (step + 1) // 100])
        if step == 50:
            valkey.stop()
        sign = {"run": run.code, "wall_at": timezone.now().isoformat()}
        if step != 50:
            told = {**sign, "latencies": day.samples.drain()}
            valkey.client.set(keys.health_key("engine"), encode(told))
        now[0] += 60
        broadcaster.step(projected_seq=len(lines) * step // 100, fencing_token=1)
        if step == 50:
            valkey.start()
        else:
            text = valkey.client.get(keys.metrics_key("recorder"))
            moved |= {name for name, value in samples_in(text) if value}
    valkey.client.set(keys.health_key("worker"), encode({"wall_at": sign["wall_at"]}))
    sink.close()
    return moved


def worker_rows() -> bytes:
    now = timezone.now()
    TaskRun.objects.create(
        name="archive",
        due_at=now,
        outcome="DONE",
        started_at=now - timedelta(seconds=2),
        ended_at=now,
    )
    alert = Alert.objects.create(kind="x", severity="INFO", text="-", at=now)
    Delivery.objects.create(alert=alert, channel="log", fingerprint="f", state="SENT", made_at=now)
    return worker_text(now)


def test_names_are_unique_and_as_prometheus_wants_them():
    names = [metric.name for metric in METRICS]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name)] == []


def test_a_new_recorder_comes_to_the_same_figures(drill):
    first, second = DeskMetrics(), DeskMetrics()
    for metrics in (first, second):
        for record in drill.records():
            metrics.take(record)

    assert first.text() == second.text()
    assert dict(samples_in(first.text()))["kill_switch"] == 1


def test_counts_are_those_of_the_journal(drill):
    metrics, records = DeskMetrics(), drill.records()
    for record in records:
        metrics.take(record)

    text = metrics.text()
    told: dict[str, float] = {}
    for name, value in samples_in(text):
        told[name] = told.get(name, 0) + value
    of = lambda kind: sum(1 for record in records if record.kind == kind)  # noqa: E731
    assert told["signals"] == of("SignalNoted")
    assert told["decisions"] == of("DecisionNoted")
    assert told["orders_placed"] == of("PlaceOrder")
    assert told["order_latency_ms"] == of("PlaceOrder")


def test_the_engine_s_samples_count_once(drill):
    metrics = DeskMetrics()
    sign = {"wall_at": "2026-10-06T10:00:00+05:30", "latencies": {"scan_ms": [3.0, 4.0]}}

    metrics.engine(sign)
    metrics.engine(sign)

    assert dict(samples_in(metrics.text()))["scan_duration_ms"] == 2


def test_samples_are_taken_away_once_and_never_too_many():
    samples = Samples()
    for _ in range(MOST_SAMPLES + 10):
        samples.add("scan_ms", 1.23456)

    first, second = samples.drain(), samples.drain()

    assert first["scan_ms"] == [1.235] * MOST_SAMPLES
    assert second == {}


def test_redis_away_leaves_one_metric_that_says_so(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    told = dict(samples_in(metrics_text()))

    assert told == {"redis_up": 0, "engine_up": 0, "recorder_up": 0, "worker_up": 0}


def test_the_text_of_all_processes_together_is_well_formed(valkey, settings):
    settings.REDIS_URL = valkey.url
    valkey.client.set(keys.metrics_key("recorder"), DeskMetrics().text())

    names = [family.name for family in text_string_to_metric_families(metrics_text().decode())]

    assert len(names) == len(set(names))
    assert f"{PREFIX}heat_inr" in names
