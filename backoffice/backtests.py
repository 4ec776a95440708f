"""Backtests as jobs: asking for one, and carrying it out in a process of its own.

What a backtest does is the research's part; its command is called with checked arguments, and its
summary kept. A Celery worker calls `carry_out`, so the request is answered at once.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backoffice.models import BacktestJob, JobState
from trading.research.profiles import Profile, Wishes, config_of
from trading.services import audit
from trading.services.canonical import plain

LIMIT = timedelta(minutes=50)
"""How long one backtest may take."""
TRADES_KEPT = 100
_TOLD_KEPT = 2_000
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
_STEP = re.compile(r"^(\d+)/(\d+) sessions")


class NoBarsError(LookupError):
    """There is no folder of bars of that name."""


class BacktestFailedError(Exception):
    """The command ended without a result; the text is what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestWish:
    """What is to be tested: a folder of bars by name, strategies, days, rupees, settings.

    `symbols`: only these, or all there are; `settings` by dotted key.
    """

    bars: str
    strategies: tuple[str, ...]
    first: date
    last: date
    capital_inr: Decimal
    profile: str
    symbols: tuple[str, ...]
    settings: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the wish under the names it is asked and stored by."""
        return {
            "bars": self.bars,
            "strategies": list(self.strategies),
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "capital": str(self.capital_inr),
            "profile": self.profile,
            "symbols": list(self.symbols),
            "settings": plain(self.settings),
        }


def bars_folder(name: str) -> Path:
    """Return the folder of bars called `name`. Raises `NoBarsError`."""
    folder = Path(settings.BARS_FOLDER) / name
    if not _NAME.match(name) or not folder.is_dir():
        raise NoBarsError(f"bars: there is no folder called {name!r}")
    return folder


@transaction.atomic
def request(*, wish: BacktestWish, by: str, at: datetime) -> BacktestJob:
    """Write a job down; a worker takes it once this is committed.

    Raises `NoBarsError`, and `ConfigError` for settings that cannot be.
    """
    bars_folder(wish.bars)
    config_of(
        Wishes(
            profile=Profile(wish.profile),
            strategies=wish.strategies,
            capital_inr=wish.capital_inr,
            document={},
            settings=_settings(wish.settings),
        )
    )
    job = BacktestJob.objects.create(requested_by=by, requested_at=at, request=wish.as_json())
    audit.note("backtest.request", by=by, subject=str(job.pk), details=job.request)
    return job


def carry_out(job_id: uuid.UUID) -> None:
    """Run a queued job to its end; unknown jobs and those that are under way are left alone.

    One that has been under way for longer than any may take lost its worker and starts again.
    """
    job = _take(job_id)
    if job is None:
        return
    folder = Path(settings.BACKTESTS_FOLDER) / str(job.pk)
    try:
        _run(job, arguments(job.request, folder))
        result = _result(folder)
    except (BacktestFailedError, NoBarsError, OSError, ValueError) as error:
        _end(job, JobState.FAILED, message=str(error))
    else:
        _end(job, JobState.DONE, result=result)


def arguments(request: Mapping[str, Any], out: Path) -> list[str]:
    """Return the command line of a job; its results go to `out`. Raises `NoBarsError`."""
    line = [
        *(sys.executable, str(Path(settings.PROJECT_ROOT) / "manage.py"), "backtest_job"),
        *("--bars", str(bars_folder(request["bars"]))),
        *("--strategies", ",".join(request["strategies"])),
        *("--from", request["from"], "--to", request["to"]),
        *("--capital", request["capital"], "--out", str(out)),
        *("--profile", request["profile"]),
    ]
    if request["symbols"]:
        line += ["--symbols", ",".join(request["symbols"])]
    for setting in _settings(request["settings"]):
        line += ["--set", setting]
    return line


def progress_in(text: str) -> float | None:
    """Return how far a line of the command's output says it is, 0 to 1; None if it doesn't say."""
    step = _STEP.match(text)
    if step is None:
        return None
    done, total = int(step[1]), int(step[2])
    return min(done / total, 1.0) if total else None


def _settings(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return settings as the command line tells them, `key=value`."""
    return tuple(
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in given.items()
    )


def _take(job_id: uuid.UUID) -> BacktestJob | None:
    with transaction.atomic():
        job = BacktestJob.objects.select_for_update().filter(pk=job_id).first()
        now = timezone.now()
        if job is None or not _may_start(job, now):
            return None
        job.state, job.started_at, job.progress = JobState.RUNNING.value, now, 0.0
        job.save(update_fields=["state", "started_at", "progress"])
    return job


def _may_start(job: BacktestJob, now: datetime) -> bool:
    is_lost = job.started_at is not None and now - job.started_at > LIMIT
    return job.state == JobState.QUEUED.value or (job.state == JobState.RUNNING.value and is_lost)


def _run(job: BacktestJob, line: Sequence[str]) -> None:
    """Run the command to its end, telling the row how far it is. Raises `BacktestFailedError`."""
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        stop = threading.Timer(LIMIT.total_seconds(), process.kill)
        stop.start()
        try:
            said = _follow(job, process.stdout) if process.stdout else ""
            code = process.wait()
        finally:
            stop.cancel()
            process.kill()
    if code:
        raise BacktestFailedError(said or f"the backtest ended with {code} and said nothing")


def _follow(job: BacktestJob, output: IO[str]) -> str:
    """Read the command's output to its end; return the last of it."""
    said = ""
    for text in output:
        said = (said + text)[-_TOLD_KEPT:]
        progress = progress_in(text)
        if progress is not None and progress > job.progress:
            job.progress = progress
            job.save(update_fields=["progress"])
    return said.strip()


def _result(folder: Path) -> dict[str, Any]:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    with (folder / "trades.csv").open(encoding="utf-8", newline="") as file:
        trades = list(csv.DictReader(file))
    return {"summary": summary, "trades": trades[:TRADES_KEPT], "trades_total": len(trades)}


def _end(
    job: BacktestJob, state: JobState, *, message: str = "", result: dict[str, Any] | None = None
) -> None:
    with transaction.atomic():
        job.state, job.message, job.result = state.value, message, result
        job.ended_at = timezone.now()
        job.progress = 1.0 if state is JobState.DONE else job.progress
        job.save(update_fields=["state", "message", "result", "ended_at", "progress"])
        details = {"state": state, "message": message[:200]}
        audit.note("backtest.end", by="worker", subject=str(job.pk), details=details)
