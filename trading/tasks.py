"""The desk's tasks: each reads its words, makes one call, and may run twice.

When they run is in `aitrapp/schedule.py`; in a simulated day `services/simulated_time.py` sends
them. What they do is told by the services.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from redis.exceptions import RedisError

from marketdata.calendar import IST, Calendar, CalendarUnknown
from trading import broadcast_keys as keys
from trading.book_flatten import flatten_book
from trading.broadcast_redis import connect, encode
from trading.emergency import bring_out, flatten_run
from trading.metrics_worker import worker_text
from trading.models import Account
from trading.morning_sources import morning_sources
from trading.selectors import run_by_code
from trading.services import archive as archives
from trading.services import (
    day_report,
    dead_man,
    iv_days,
    premarket,
    readiness,
    square_off,
    task_watch,
)
from trading.services.seed import PAPER_ACCOUNT
from trading.services.simulated_time import send_to_worker
from trading.services.task_runs import Occasion, Result, TaskBusyError, carry_out
from trading.services.timetable import DESK_TASKS, SAFETY, due_on

_EARLY = timedelta(seconds=30)
_WORKER_SECONDS = 40
_AGAIN: dict[str, Any] = {
    "autoretry_for": (OperationalError, InterfaceError),
    "retry_backoff": 5,
    "retry_backoff_max": 60,
    "max_retries": 3,
}
_SHORT: dict[str, Any] = {**_AGAIN, "soft_time_limit": 120, "time_limit": 150}
_LONG: dict[str, Any] = {**_AGAIN, "soft_time_limit": 600, "time_limit": 660}

_MEANS = square_off.Means(flatten=flatten_run)

Work = Callable[[Occasion], Result]


def perform(name: str, work: Work, words: dict[str, Any]) -> str:
    """Carry a task out on the occasion its words tell, and return what became of it.

    Words: `run` (code), `due_at` and `at` (aware, ISO) where simulated time drives; none where
    beat does, which then means today's moment of that name. A task that was called before its
    moment, or on a day without a session or of which no list of holidays says whether it has one,
    does nothing.
    """
    occasion = _occasion(name, words)
    if isinstance(occasion, str):
        return occasion
    try:
        row = carry_out(occasion, lambda: work(occasion))
    except TaskBusyError as error:
        return str(error)
    return f"{row.outcome}: {row.detail}"


def _occasion(name: str, words: dict[str, Any]) -> Occasion | str:
    """Return the occasion, or why there is none."""
    run = run_by_code(words["run"]) if words.get("run") else None
    now = datetime.fromisoformat(words["at"]) if words.get("at") else timezone.now()
    due_at = datetime.fromisoformat(words["due_at"]) if words.get("due_at") else None
    if due_at is None:
        try:
            due_at = _moment_today(name, now)
        except CalendarUnknown as error:
            return f"{name}: {error}"
        if due_at is None:
            return f"{name} is not due at {now.astimezone(IST):%Y-%m-%d %H:%M}"
    safety = DESK_TASKS + name in SAFETY
    return Occasion(name=name, due_at=due_at, at=max(now, due_at), run=run, safety=safety)


def _moment_today(name: str, now: datetime) -> datetime | None:
    """Return the latest moment of the day at which the task was due by `now`."""
    day, calendar = now.astimezone(IST).date(), Calendar.load()
    if not calendar.is_trading_day(day):
        return None
    dues = [due.at for due in due_on(day, calendar) if due.name == name]
    return max((at for at in dues if at <= now + _EARLY), default=None)


@shared_task(name="trading.tasks.token_check", **_SHORT)
def token_check(**words: Any) -> str:
    """08:00: will the broker's access token do for the day?"""
    return perform("token_check", premarket.token_check, words)


@shared_task(name="trading.tasks.premarket_sync", **_LONG)
def premarket_sync(**words: Any) -> str:
    """08:30: take over instruments, bans, holidays and events."""
    return perform(
        "premarket_sync", lambda o: premarket.premarket_sync(o, morning_sources()), words
    )


@shared_task(name="trading.tasks.open_kite_day", **_LONG)
def open_kite_day(**words: Any) -> str:
    """08:50: open the day on Kite's prices for the engine that stands by."""
    return perform("open_kite_day", _opened, words)


def _opened(occasion: Occasion) -> Result:
    """Open it for the desk's account; the broker's client is loaded by those who have an app."""
    if not settings.KITE_API_KEY:
        return Result.skipped("no app at the broker")
    from trading.kite_day import open_on_occasion

    account = Account.objects.filter(code=PAPER_ACCOUNT).first()
    if account is None:
        return Result.failed(f"account {PAPER_ACCOUNT}: unknown, expected a seeded database")
    return open_on_occasion(occasion, account)


@shared_task(name="trading.tasks.readiness_report", **_SHORT)
def readiness_report(**words: Any) -> str:
    """09:00: is everything ready for the session?"""
    has_sources = not morning_sources().are_empty
    return perform(
        "readiness_report",
        lambda o: readiness.readiness_report(o, has_sources=has_sources),
        words,
    )


@shared_task(name="trading.tasks.square_off", **_LONG)
def ask_square_off(**words: Any) -> str:
    """At the square-off: ask for what is still open; flatten where the engine is dead."""
    return perform("square_off", lambda o: square_off.square_off(o, _MEANS), words)


@shared_task(name="trading.tasks.verify_flat", **_LONG)
def verify_flat(**words: Any) -> str:
    """After the deadline: prove that nothing is held, against the broker's own answers."""
    return perform("verify_flat", lambda o: square_off.verify_flat(o, _MEANS), words)


@shared_task(name="trading.tasks.post_market_report", **_SHORT)
def post_market_report(**words: Any) -> str:
    """After the close: what the day came to."""
    return perform("post_market_report", day_report.post_market_report, words)


@shared_task(name="trading.tasks.store_volatility", **_LONG)
def store_volatility(**words: Any) -> str:
    """After the close: how volatile the day's options were."""
    return perform("store_volatility", iv_days.store_volatility, words)


@shared_task(name="trading.tasks.archive", **_LONG)
def archive(**words: Any) -> str:
    """In the evening: pack tapes and journals."""
    return perform("archive", archives.archive, words)


@shared_task(name="trading.tasks.prune", **_LONG)
def prune(**words: Any) -> str:
    """In the evening: take away what nobody needs any more."""
    return perform("prune", archives.prune, words)


@shared_task(name="trading.tasks.watch", soft_time_limit=50, time_limit=60, expires=55)
def watch(**_words: Any) -> str:
    """Every minute: was anything missed?"""
    return task_watch.watch(timezone.now(), send_to_worker)


@shared_task(name="trading.tasks.dead_man", soft_time_limit=600, time_limit=660, expires=5)
def look_for_dead_engines(**_words: Any) -> str:
    """Every five seconds: does an engine that holds something still live?"""
    means = dead_man.LastMeans(
        engine=lambda run: bring_out(run, by=dead_man.BY, reason="the engine is dead").pk,
        book=flatten_book,
        wait_seconds=settings.DEAD_MAN_SECONDS,
    )
    return dead_man.watch_engines(timezone.now(), means)


@shared_task(name="trading.tasks.heartbeat", soft_time_limit=10, time_limit=15, expires=10)
def heartbeat(**_words: Any) -> str:
    """Every ten seconds: beat sends, a worker works; and the workers' figures."""
    if not settings.REDIS_URL:
        return "REDIS_URL is not set"
    client = connect(settings.REDIS_URL)
    sign = encode({"wall_at": datetime.now(UTC).isoformat()})
    try:
        client.set(keys.health_key("worker"), sign, ex=_WORKER_SECONDS)
        client.set(keys.metrics_key("worker"), worker_text(timezone.now()), ex=keys.METRICS_SECONDS)
    except RedisError as error:
        return f"redis is away: {type(error).__name__}"
    finally:
        client.close()
    return "alive"
