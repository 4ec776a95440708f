"""The figures that stand still on paper: they move as soon as something real moves them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from marketdata.calendar import IST
from marketdata.kite.feed_health import CONNECTION, SENTINELS
from trading.engine.codec import body_of, plain
from trading.engine.events import ConditionChanged
from trading.journal import Record
from trading.metrics import DeskMetrics
from trading.metrics_list import METRICS, PREFIX
from trading.metrics_worker import worker_text
from trading.models import Account, Mode
from trading.services.mode_changes import Grounds, record

AT = datetime(2026, 10, 6, 10, 0, tzinfo=IST)
HERE = {"feed_reconnects", "throttle_queue_depth", "gate_pass", "gate_age_hours"}


def figures(text: bytes) -> dict[str, float]:
    """Return the value of each metric without labels, by its name without the prefix."""
    return {
        family.name.removeprefix(PREFIX): family.samples[0].value
        for family in text_string_to_metric_families(text.decode())
        if family.samples
    }


def told(name: str, *, good: bool) -> Record:
    event = ConditionChanged(AT, name, good=good, detail="")
    return Record(1, "ConditionChanged", incoming=True, body=plain(body_of(event)), end=1)


def sign(second: int, queue: int) -> dict[str, object]:
    return {"wall_at": (AT + timedelta(seconds=second)).isoformat(), "deepest_queue": queue}


def test_every_figure_that_stands_still_on_paper_is_moved_here():
    assert {metric.name for metric in METRICS if metric.not_in_paper} == HERE


def test_a_feed_that_comes_back_is_counted_and_one_that_begins_is_not():
    metrics = DeskMetrics()
    goods = (False, True, False, False, True, False, True)

    for good in goods:
        metrics.take(told(CONNECTION, good=good))
        metrics.take(told(SENTINELS, good=good))

    assert figures(metrics.text())["feed_reconnects"] == 2


def test_the_queue_before_the_broker_rises_and_drains():
    metrics = DeskMetrics()
    depths = []

    for second, queue in enumerate((0, 7, 2, 0)):
        metrics.engine(sign(second, queue))
        depths.append(figures(metrics.text())["throttle_queue_depth"])

    assert depths == [0, 7, 2, 0]


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(code="live", name="Live", start_capital=1_000_000)


def test_before_the_gate_let_anybody_in_nothing_is_told(account: Account):
    record(account, Mode.PAPER, Grounds(by="asha", reason="as ever"), timezone.now())

    found = figures(worker_text(timezone.now()))

    assert (found["gate_pass"], found["gate_age_hours"]) == (0, 0)


def test_the_gate_that_let_an_account_in_is_told_with_its_age(account: Account):
    record(account, Mode.LIVE, Grounds(by="asha", reason="first session"), AT)

    found = figures(worker_text(AT + timedelta(hours=3)))

    assert (found["gate_pass"], found["gate_age_hours"]) == (1, 3)


def test_an_account_back_on_paper_leaves_the_age_alone(account: Account):
    record(account, Mode.LIVE, Grounds(by="asha", reason="first session"), AT)
    back = AT + timedelta(hours=1)
    record(account, Mode.PAPER, Grounds(by="asha", reason="enough"), back)

    found = figures(worker_text(AT + timedelta(hours=2)))

    assert (found["gate_pass"], found["gate_age_hours"]) == (0, 2)
