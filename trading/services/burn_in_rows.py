"""An account's sessions on the exchange's own prices, read from the rows: which passed, on what.

What follows from them is `burn_in.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from trading.models import SESSIONS, Account, Order, Report, ReportKind, Run, RunState
from trading.services.burn_in import Session
from trading.services.instrument_files import SOURCE as KITE

_LOOKED_AT = 60


def sessions(account: Account, today: date) -> tuple[Session, ...]:
    """Return an account's sessions on Kite's prices, newest first; one that still runs is left out.

    What a Kite of our own told proves nothing. A day of several runs passed if each of them did.
    One of a day before that never ended failed.
    """
    runs = Run.objects.filter(account=account, mode__in=SESSIONS, source=KITE, is_practice=False)
    runs = runs.exclude(state=RunState.RUNNING.value, date=today)
    found = runs.select_related("config_version").order_by("-date", "-started_at")[:_LOOKED_AT]
    days = groupby(found, key=lambda run: run.date)
    return tuple(_session(day, list(of_day)) for day, of_day in days)


def _session(day: date, runs: Sequence[Run]) -> Session:
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    configs = {run.config_version.sha256 for run in runs}
    codes = {run.code_revision for run in runs}
    return Session(
        day=day,
        passed=all(has_passed(run) for run in runs),
        ended_at=max(ends, default=None),
        config_sha256=configs.pop() if len(configs) == 1 else "",
        code_revision=codes.pop() if len(codes) == 1 else "",
    )


def has_passed(run: Run) -> bool:
    """Say whether a run ended as it should: sealed, reconciled, flat, and reported so.

    The post-market report is good for a flat session whose books add up; the verification is good
    where nothing had to be flattened by it.
    """
    if run.state != RunState.FINISHED.value or not run.decision_hash:
        return False
    if Order.objects.filter(run=run, state="UNKNOWN").exists():
        return False
    needed = (ReportKind.POST_MARKET.value, ReportKind.VERIFICATION.value)
    good = Report.objects.filter(run=run, kind__in=needed, is_good=True)
    return good.values("kind").distinct().count() == len(needed)
