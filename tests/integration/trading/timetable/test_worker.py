"""The timetable through a real worker process, driven by the time of a run that is over."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from redis import Redis

from aitrapp.celery import app
from aitrapp.schedule import TIMETABLE
from marketdata.calendar import IST
from tests.integration.trading.test_recorder_killed import ROOT, database_url
from trading import broadcast_keys as keys
from trading.models import Alert, Report, Run, TaskRun
from trading.recorder import Recorder
from trading.services.simulated_time import SimulatedTime
from trading.services.timetable import put_in_place
from trading.worker import trade

pytestmark = pytest.mark.slow
_LONGEST_SECONDS = 120


@pytest.fixture
def worker(transactional_db: None) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker on the test's own database, and wait until it answers."""
    if not settings.REDIS_URL:
        pytest.fail("REDIS_URL is not set; `make test` starts a server for it")
    app.control.purge()
    command = [sys.executable, "-m", "celery", "-A", "aitrapp.celery", "worker"]
    process = subprocess.Popen(
        [*command, "--concurrency", "1", "--loglevel", "WARNING"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url()},
    )
    until = time.monotonic() + _LONGEST_SECONDS
    while not app.control.ping(timeout=0.5):
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < until, "the worker does not answer"
    yield process
    process.terminate()
    process.wait(timeout=30)


def test_a_simulated_day_s_tasks_run_in_a_real_worker(opened: Run, worker):
    put_in_place(TIMETABLE)
    trade(opened.code, tempo=None, show=lambda *_: None)
    Recorder(opened).catch_up()
    simulated = SimulatedTime(opened)

    now = datetime.combine(opened.date, datetime.min.time(), IST) + timedelta(hours=7)
    until, patience = now + timedelta(hours=11), time.monotonic() + _LONGEST_SECONDS
    while now < until or not simulated.is_idle:
        now = min(now + timedelta(minutes=30), until)
        simulated.drive(now)
        time.sleep(0.05)
        assert time.monotonic() < patience, list(TaskRun.objects.values_list("name", "outcome"))

    rows = TaskRun.objects.filter(run=opened).order_by("due_at")
    assert [(row.name, row.outcome) for row in rows] == [
        ("token_check", "DONE"),
        ("premarket_sync", "DONE"),
        ("open_kite_day", "SKIPPED"),
        ("readiness_report", "DONE"),
        ("open_kite_day", "SKIPPED"),
        ("square_off", "SKIPPED"),
        ("verify_flat", "DONE"),
        ("post_market_report", "DONE"),
        ("store_volatility", "DONE"),
        ("archive", "DONE"),
        ("prune", "DONE"),
    ]
    starts = [row.started_at for row in rows]
    assert starts == sorted(starts)
    assert Report.objects.get(kind="POST_MARKET").is_good
    assert not Alert.objects.filter(kind__in=["task-failed", "not-flat"]).exists()


def test_a_worker_shows_that_it_lives(worker):
    with Redis.from_url(settings.REDIS_URL) as client:
        client.delete(keys.health_key("worker"))

        app.send_task("trading.tasks.heartbeat")

        until = time.monotonic() + _LONGEST_SECONDS
        while not client.exists(keys.health_key("worker")):
            assert time.monotonic() < until
            time.sleep(0.05)
