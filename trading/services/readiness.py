"""The readiness report of 09:00: every condition for a good day, each with what was found.

It blocks nothing by itself; what blocks entries stands in the engine's own conditions.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from marketdata.calendar import Calendar
from trading import broadcast_keys as keys
from trading import selectors
from trading.broadcast_redis import RedisAwayError, connect, read_json
from trading.models import SESSIONS, BanList, ReportKind, Run, RunState
from trading.models import Instrument as InstrumentRow
from trading.selectors import open_positions, working_orders
from trading.services import reports
from trading.services.alerts import INFO, WARNING, raise_alert
from trading.services.audit import verify
from trading.services.reports import Findings
from trading.services.task_runs import Occasion, Result
from trading.services.timetable import CONFIG, stage_moments

_LEAST_FREE_BYTES = 2_000_000_000
_FRESH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: whether it holds and what was found."""

    name: str
    ok: bool
    found: str


def readiness_report(occasion: Occasion, *, has_sources: bool) -> Result:
    """Check everything, store the report and raise an alert with its outcome."""
    if occasion.run is None and not has_sources:
        return Result.skipped("no instrument source and no run of the day: no desk to be ready")
    checks = list(_checks(occasion))
    bad = [check for check in checks if not check.ok]
    text = (
        "not ready: " + "; ".join(f"{check.name}: {check.found}" for check in bad)
        if bad
        else f"ready: {len(checks)} checks passed"
    )
    findings = Findings(
        document={"checks": [asdict(check) for check in checks]}, text=text, is_good=not bad
    )
    reports.store(ReportKind.READINESS, day=occasion.day, run=occasion.run, findings=findings)
    raise_alert("readiness", severity=WARNING if bad else INFO, text=text, at=occasion.at)
    return Result.done(text)


def _checks(occasion: Occasion) -> Iterator[Check]:
    yield _session(occasion)
    yield _configuration()
    yield from _lists(occasion)
    yield from _processes()
    yield from _yesterday(occasion)
    yield _audit()
    yield _disk()


def _session(occasion: Occasion) -> Check:
    moments = stage_moments(occasion.day, Calendar.load())
    if not moments:
        return Check("session", False, "its hours are not published")
    opens, closes = moments["open"], moments["close"]
    return Check("session", True, f"{opens:%H:%M} to {closes:%H:%M}")


def _configuration() -> Check:
    version = selectors.active_config(CONFIG)
    return Check("configuration", version is not None, str(version or "none is active"))


def _lists(occasion: Occasion) -> Iterator[Check]:
    count = InstrumentRow.objects.filter(day=occasion.day, is_listed=True).count()
    yield Check("instruments", count > 0, f"{count} listed for {occasion.day}")
    bans = BanList.objects.filter(day=occasion.day).first()
    yield Check("bans", bans is not None, str(bans or f"no list for {occasion.day}"))


def _processes() -> Iterator[Check]:
    """Say whether Redis answers and the other processes show life."""
    try:
        signs = _signs()
    except (RedisAwayError, RedisError):
        yield Check("redis", False, "away")
        return
    yield Check("redis", True, "answers")
    now = timezone.now()
    for process in ("engine", "recorder", "worker"):
        sign = signs[process]
        at = sign.get("wall_at") if sign else None
        age = now - datetime.fromisoformat(at) if at else None
        fresh = age is not None and age <= _FRESH
        yield Check(process, fresh, f"seen {age.total_seconds():.0f} s ago" if age else "not seen")


def _signs() -> dict[str, Any]:
    if not settings.REDIS_URL:
        raise RedisAwayError("REDIS_URL is not set")
    client = connect(settings.REDIS_URL)
    try:
        names = ("engine", "recorder", "worker")
        return {name: read_json(client, keys.health_key(name)) for name in names}
    finally:
        client.close()


def _yesterday(occasion: Occasion) -> Iterator[Check]:
    """Nothing may be left from the account's sessions of days before."""
    earlier = Run.objects.filter(mode__in=SESSIONS, date__lt=occasion.day)
    if occasion.run is not None:
        earlier = earlier.filter(account=occasion.run.account)
    running = earlier.filter(state=RunState.RUNNING.value).count()
    yield Check("earlier runs", running == 0, f"{running} not ended")
    left = [
        run.code
        for run in earlier.order_by("-date")[:5]
        if open_positions(run).exists() or working_orders(run).exists()
    ]
    yield Check("left over", not left, f"positions or orders in {', '.join(left)}" if left else "-")


def _audit() -> Check:
    report = verify()
    found = f"{report.entries} entries, chain whole" if report.is_whole else report.fault
    return Check("audit log", report.is_whole, found)


def _disk() -> Check:
    free = shutil.disk_usage(Path(settings.PROJECT_ROOT)).free
    return Check("disk", free >= _LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free")
