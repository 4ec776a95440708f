"""The dead man's task: a run that holds something and whose engine is dead is brought out.

Dead is who gives no sign, holds no lease and writes nothing to the journal, seen so for a set time
without a break. How a run is brought out is the caller's means; one that works is never fought.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from marketdata.calendar import Calendar, NoSession
from trading import broadcast_keys as keys
from trading.broadcast_redis import RedisAwayError, connect, encode, read_json
from trading.journal import JournalBusyError, JournalCorruptError
from trading.journal_holder import holder_of, quiet_seconds
from trading.leader import LeaseTakenError
from trading.models import SESSIONS, LeaderLease, Run, RunMode, RunState
from trading.services import audit
from trading.services.alerts import CRITICAL, raise_alert
from trading.services.broker_book import broker_book
from trading.services.engine_life import EngineLife, life_of
from trading.services.instrument_files import SOURCE as KITE
from trading.services.task_runs import Occasion, Result, TaskBusyError, carry_out
from trading.services.timetable import stage_moments

NAME = "dead_man"
BY = "dead-man"
_QUIET_SECONDS = 10.0
_FORGOTTEN_SECONDS = 30
"""A look comes every few seconds; where none has come for so long, the next one is the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMeans:
    """How a run without an engine is brought out; both raise `LeaseTakenError` where one lives.

    `engine`: the engine's own way, in this process; returns the command it obeyed. `book`: straight
    from the broker's own list, for LIVE runs whose engine can't be brought up; returns what it did.
    `wait_seconds`: how long nothing may have been heard, 0 for never acting.
    """

    engine: Callable[[Run], int]
    book: Callable[[Run], str]
    wait_seconds: float


def watch_engines(now: datetime, means: LastMeans) -> str:
    """Look after every running session; return in words what was found.

    Raises what the means raise, once all have been looked after; it is told in an alert, and tried
    again at the next look.
    """
    if means.wait_seconds <= 0:
        return "off"
    sessions = Run.objects.filter(mode__in=SESSIONS, state=RunState.RUNNING.value)
    told: list[str] = []
    with ExitStack() as last_first:
        for run in sessions.select_related("account", "config_version").order_by("-pk"):
            last_first.callback(_look_after, run, now, means, told)
    return "; ".join(told) or "all in order"


def _look_after(run: Run, now: datetime, means: LastMeans, told: list[str]) -> None:
    died_at = death_of(run, now, means.wait_seconds)
    if died_at is not None and _left_by(Path(run.journal_path)):
        told.append(f"{run.code}: {_see_to(run, died_at, now, means)}")


def _left_by(journal: Path) -> str:
    """Return what the broker still has by a journal, empty for nothing; a damaged one can't say."""
    try:
        book = broker_book(journal)
    except JournalCorruptError as error:
        return f"what is held isn't known ({error})"
    return "" if book.is_flat else str(book)


def death_of(run: Run, now: datetime, wait_seconds: float) -> datetime | None:
    """Return when the lease of a dead engine ran out; None while it may live or has not begun.

    Outside the hours of its session a run on Kite's own prices is left alone: nothing can be done.
    An engine that isn't missed at one look is given the whole time again, and so is one that nobody
    has looked after for a while: a desk that is just being started has no dead engine yet.
    """
    path = Path(run.journal_path)
    is_missed = path.exists() and _in_session(run, now) and _is_missed(run, path)
    missed = _missed_for(run, now, is_missed=is_missed)
    if missed < wait_seconds or quiet_seconds(path) < wait_seconds:
        return None
    if life_of(run) is not EngineLife.DEAD:
        return None
    lease = LeaderLease.objects.filter(account=run.account).first()
    return None if lease is None else lease.expires_at


def _is_missed(run: Run, path: Path) -> bool:
    """Say whether nothing shows that the engine works; a lease may outlive it for a while."""
    held = holder_of(path)
    if held is not None and held.works:
        return False
    return quiet_seconds(path) > _QUIET_SECONDS and life_of(run) is not EngineLife.ALIVE


def _missed_for(run: Run, now: datetime, *, is_missed: bool) -> float:
    """Return for how many seconds an engine has been missed at every look; 0 without a store."""
    if not settings.REDIS_URL:
        return 0.0
    client, key = connect(settings.REDIS_URL), keys.missed_key(run.code)
    try:
        if not is_missed:
            client.delete(key)
            return 0.0
        client.set(key, encode({"since": now}), nx=True)
        client.expire(key, _FORGOTTEN_SECONDS)
        since = read_json(client, key)
    except (RedisError, RedisAwayError):
        return 0.0
    finally:
        client.close()
    return (now - datetime.fromisoformat(since["since"])).total_seconds() if since else 0.0


def _in_session(run: Run, now: datetime) -> bool:
    """Say whether the market is open; the time of another source is its own, and always is."""
    if run.source != KITE:
        return True
    try:
        stages = stage_moments(run.date, Calendar.load())
    except NoSession:
        return False
    return bool(stages) and stages["open"] <= now < stages["close"]


def _see_to(run: Run, died_at: datetime, now: datetime, means: LastMeans) -> str:
    occasion = Occasion(name=NAME, due_at=died_at, at=now, run=run, safety=True)
    try:
        row = carry_out(occasion, lambda: _bring_out(run, means))
    except TaskBusyError as error:
        return str(error)
    return f"{row.outcome}: {row.detail}"


def _bring_out(run: Run, means: LastMeans) -> Result:
    """Bring a run out, the engine's own way where that is open."""
    path = Path(run.journal_path)
    quiet = quiet_seconds(path)
    _tell(run, f"no sign of its engine for {quiet:.0f} s, {_left_by(path)}: flattening")
    with ExitStack() as last:
        if run.mode == RunMode.LIVE.value:
            last.callback(lambda: _by_the_book(run, means))
        try:
            command = means.engine(run)
        except LeaseTakenError:
            last.pop_all()
            return Result.skipped("an engine came back and holds the lease")
        except JournalBusyError as error:
            if run.mode != RunMode.LIVE.value:
                return Result.failed(f"the journal can't be had: {error}")
            return Result.done(f"by the broker's own list, as {error}")
        last.pop_all()
    _tell(run, f"flat by command {command}; halted until a person unlocks it")
    return Result.done(f"flattened by command {command}")


def _by_the_book(run: Run, means: LastMeans) -> None:
    """Bring a LIVE run out where its engine could not be brought up."""
    done = means.book(run)
    _tell(run, f"brought out by the broker's own list ({done}); it has failed and won't go on")


def _tell(run: Run, what: str) -> None:
    audit.note("run.dead-man", by=BY, subject=run.code, details={"what": what})
    text, at = f"run {run.code}: {what}", timezone.now()
    raise_alert("dead-man", severity=CRITICAL, text=text, at=at, account=run.account)
