"""Backtests as jobs: asked for, carried out by a worker in a process of its own, kept."""

from __future__ import annotations

import shutil
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from backoffice import backtests
from backoffice.backtests import carry_out, progress_in
from backoffice.models import BacktestJob
from backoffice.tasks import run_backtest
from tests.unit.trading.research.made_bars import made_folder
from trading.models import AuditEntry

BACKTEST = "/api/v1/backtest"
WISH = {
    "bars": "made",
    "strategies": ["opening_range"],
    "from": "2021-07-06",
    "to": "2021-07-12",
    "capital": "500000",
    "profile": "plain",
}


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path: Path) -> None:
    settings.BARS_FOLDER = tmp_path / "bars"
    settings.BACKTESTS_FOLDER = tmp_path / "out"
    (tmp_path / "bars").mkdir()


@pytest.fixture
def bars(settings) -> Path:
    """Return a folder of bars called `made`."""
    return made_folder(settings.BARS_FOLDER / "made", ("AAA", "BBB"), missing=0.02)


@pytest.fixture
def asked_for(operator, bars) -> BacktestJob:
    """Return a job that waits for a worker."""
    answer = operator.post(BACKTEST, WISH)
    assert answer.status_code == 202, answer.content
    return BacktestJob.objects.get()


def test_a_backtest_is_queued_and_audited(operator, asked_for):
    told = operator.get(f"{BACKTEST}/{asked_for.pk}").json()

    assert (told["state"], told["progress"], told["result"]) == ("QUEUED", 0.0, None)
    assert told["request"]["strategies"] == ["opening_range"]
    entry = AuditEntry.objects.get(action="backtest.request")
    assert (entry.by, entry.subject) == ("operator", str(asked_for.pk))


def test_the_worker_is_called_once_the_job_is_committed(
    operator, bars, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        operator.post(BACKTEST, WISH)

    assert len(callbacks) == 1


def test_a_job_is_carried_out_to_its_result(viewer, asked_for):
    run_backtest(job_id=str(asked_for.pk))

    told = viewer.get(f"{BACKTEST}/{asked_for.pk}").json()
    assert (told["state"], told["progress"], told["message"]) == ("DONE", 1.0, "")
    assert told["result"]["trades_total"] >= len(told["result"]["trades"])
    assert told["result"]["summary"]
    assert AuditEntry.objects.get(action="backtest.end").details["state"] == "DONE"
    assert viewer.get(BACKTEST, {"state": "DONE"}).json()["count"] == 1


def test_a_job_tells_how_far_it_is(asked_for, monkeypatch):
    seen = []
    keep = BacktestJob.save

    def save(self, *args, **kwargs):
        seen.append(self.progress)
        keep(self, *args, **kwargs)

    monkeypatch.setattr(BacktestJob, "save", save)
    carry_out(asked_for.pk)

    assert seen == sorted(seen)
    assert len({each for each in seen if 0 < each < 1}) >= 3


def test_a_job_is_carried_out_once(asked_for):
    carry_out(asked_for.pk)
    ended_at = BacktestJob.objects.get().ended_at

    carry_out(asked_for.pk)

    assert BacktestJob.objects.get().ended_at == ended_at


def test_a_job_under_way_is_left_alone_until_no_worker_can_have_it(asked_for):
    now = timezone.now()
    BacktestJob.objects.update(state="RUNNING", started_at=now - timedelta(minutes=5))
    carry_out(asked_for.pk)
    assert BacktestJob.objects.get().state == "RUNNING"

    BacktestJob.objects.update(started_at=now - backtests.LIMIT - timedelta(seconds=1))
    carry_out(asked_for.pk)
    assert BacktestJob.objects.get().state == "DONE"


def test_an_unknown_job_is_nothing(db):
    carry_out(uuid.uuid4())


def test_a_job_that_fails_says_why(viewer, asked_for, bars):
    for path in bars.glob("*.parquet"):
        path.write_bytes(b"no parquet")

    carry_out(asked_for.pk)

    told = viewer.get(f"{BACKTEST}/{asked_for.pk}").json()
    assert (told["state"], told["result"]) == ("FAILED", None)
    assert "parquet" in told["message"].lower()


def test_bars_that_went_away_fail_the_job(asked_for, bars):
    shutil.rmtree(bars)

    carry_out(asked_for.pk)

    assert BacktestJob.objects.get().state == "FAILED"


@pytest.mark.parametrize("name", ["other", "..", "made/..", "/etc", ".hidden"])
def test_bars_nobody_has_are_404_or_400(operator, bars, name: str):
    answer = operator.post(BACKTEST, {**WISH, "bars": name})

    assert answer.status_code in (400, 404)
    assert "bars" in answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"from": "soon"}, 400, "from"),
        ({"from": "2021-07-13"}, 400, "to"),
        ({"to": "2036-11-09"}, 400, "to"),
        ({"strategies": []}, 400, "strategies"),
        ({"strategies": ["luck"]}, 400, "strategies.0"),
        ({"capital": "-5"}, 400, "capital"),
        ({"capital": "NaN"}, 400, "capital"),
        ({"profile": "lucky"}, 400, "profile"),
        ({"symbols": ["../x"]}, 400, "symbols.0"),
        ({"settings": {"--out": "x"}}, 400, "settings"),
        ({"settings": {"risk.heat": [1]}}, 400, "settings"),
        ({"settings": {"risk.colour": "red"}}, 422, "settings"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_field(operator, bars, change, code: int, field: str):
    answer = operator.post(BACKTEST, {**WISH, **change})

    assert answer.status_code == code, answer.content
    assert field in answer.json()["error"]["fields"]
    assert BacktestJob.objects.count() == 0


def test_settings_and_symbols_reach_the_command_line(bars, tmp_path):
    wish = {**WISH, "symbols": ["A", "B"], "settings": {"risk.heat": "0.01", "a.b": True}}

    line = backtests.arguments(wish, tmp_path)

    assert line[line.index("--symbols") + 1] == "A,B"
    assert [line[i + 1] for i, word in enumerate(line) if word == "--set"] == [
        "risk.heat=0.01",
        "a.b=true",
    ]


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("3/12 sessions, balance 1.00 INR\n", 0.25),
        ("12/12 sessions\n", 1.0),
        ("0/0 sessions", None),
        ("RELIANCE: 3 sessions", None),
    ],
)
def test_progress_is_read_from_the_command_s_lines(text: str, progress: float | None):
    assert progress_in(text) == progress


def test_the_capital_is_kept_to_the_paisa():
    wish = backtests.BacktestWish(
        bars="made",
        strategies=("opening_range",),
        first=timezone.now().date(),
        last=timezone.now().date(),
        capital_inr=Decimal("500000.05"),
        profile="plain",
        symbols=(),
        settings={},
    )

    assert wish.as_json()["capital"] == "500000.05"
