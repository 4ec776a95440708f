"""Reading the market's lists and the configuration again on demand, between the timetable's times.

A session keeps the columns and strategies it was started with, as its journal must be replayed
under them; what is read here stands ready for the next one, and the answer says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils import timezone

from marketdata.calendar import IST
from strategies.registry import build_strategies
from trading import selectors
from trading.config import KIND, read
from trading.models import Report, ReportKind, Run, TaskOutcome
from trading.services import audit
from trading.services.control import running_session
from trading.services.mode import live_accounts
from trading.services.premarket import Sources, premarket_sync
from trading.services.task_runs import Occasion

_SYNC_TIME = time(8, 30)


class ReloadRefusedError(Exception):
    """Nothing was read again; the text says why, and what was good before stays."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What stands ready now: how many columns or strategies, and what was found on the way."""

    size: int
    text: str


def reload_universe(*, by: str, reason: str, sources: Sources) -> Reloaded:
    """Take over instruments, bans, holidays and events now, and say how many columns they give.

    For the running session's day, else for today. Raises `ReloadRefusedError`.
    """
    _check(reason)
    run, now = running_session(), timezone.now()
    due_at = datetime.combine(run.date, _SYNC_TIME, tzinfo=IST) if run else now
    occasion = Occasion(name="premarket_sync", due_at=due_at, at=now, run=run, safety=False)
    with transaction.atomic():
        before = _columns(occasion, run)
        result = premarket_sync(occasion, sources)
        after = _columns(occasion, run)
        audit.note(
            "universe.reload",
            by=by,
            subject=str(occasion.day),
            details={
                "reason": reason,
                "before": {"columns": before},
                "after": {"columns": after},
                "outcome": result.outcome,
            },
        )
    if result.outcome is not TaskOutcome.DONE:
        raise ReloadRefusedError(result.detail)
    return Reloaded(after, result.detail)


@transaction.atomic
def reload_strategies(*, by: str, reason: str) -> Reloaded:
    """Read the strategies of the active configuration again, and say how many there are.

    Raises `ReloadRefusedError` where none is active; one that cannot be built is never stored.
    """
    _check(reason)
    active, run = selectors.active_config(KIND), running_session()
    if active is None:
        raise ReloadRefusedError("no configuration is active")
    strategies = build_strategies(read(json.loads(active.document)).strategies)
    names = ", ".join(strategy.name for strategy in strategies)
    held = str(run.config_version) if run else ""
    audit.note(
        "strategies.reload",
        by=by,
        subject=str(active),
        details={
            "reason": reason,
            "before": {"session": held},
            "after": {"next": str(active), "strategies": len(strategies)},
        },
    )
    kept = f"; the running session keeps {held}" if held and held != str(active) else ""
    return Reloaded(len(strategies), f"{active}: {names}{kept}")


def _check(reason: str) -> None:
    if not reason.strip():
        raise ValueError("reason: empty, expected why this is asked")
    if live_accounts(timezone.now()):
        raise ReloadRefusedError("nothing is read again while the desk trades live")


def _columns(occasion: Occasion, run: Run | None) -> int:
    kept = Report.objects.filter(kind=ReportKind.UNIVERSE.value, day=occasion.day, run=run).first()
    return len(kept.document["columns"]) if kept else 0
