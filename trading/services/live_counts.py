"""What the gate before LIVE counts in the rows of an account's own sessions.

What the world outside says is not in the rows; `live_facts.py` puts both together.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Count, QuerySet

from trading import selectors
from trading.config import KIND, Config, ConfigError, read
from trading.models import (
    SESSIONS,
    Account,
    AuditEntry,
    Order,
    Position,
    Report,
    ReportKind,
    Run,
    RunMode,
    RunState,
)
from trading.models.order import FINAL
from trading.models.plan import OVER
from trading.services.burn_in_rows import has_passed
from trading.services.instrument_files import SOURCE as KITE
from trading.services.live_gate import NO_SESSION


def open_positions(account: Account) -> int:
    """Return how many positions of the account's sessions are not over."""
    return _open(account).count()


def working_orders(account: Account) -> int:
    """Return how many orders of the account's sessions something may still come of."""
    return _working(account).count()


def orphans(account: Account) -> int:
    """Return how many stops, targets and exits work without a position they belong to."""
    children = _working(account).exclude(role="ENTRY")
    return children.exclude(plan__positions__in=_open(account)).count()


def sent_twice(account: Account) -> int:
    """Return how many broker orders more than one of ours answers to; our own ids are unique."""
    orders = Order.objects.filter(account=account).exclude(broker_id="")
    named = orders.values("run__date", "broker_id").annotate(orders=Count("id"))
    return named.filter(orders__gt=1).order_by().count()


def unreconciled(account: Account) -> int:
    """Return what doesn't fit: orders of unknown outcome, and the newest session's open faults.

    Those are books that don't add up, and what its verification could not bring in order.
    """
    unknown = Order.objects.filter(account=account, state="UNKNOWN").count()
    run = selectors.newest_run(account)
    if run is None:
        return unknown
    kind = ReportKind.VERIFICATION.value
    told = Report.objects.filter(kind=kind, run=run).order_by("-made_at").first()
    left = told.document.get("last", []) if told else []
    return unknown + len(left) + int(selectors.ledger_gap(run) != 0)


def leader_changes(account: Account) -> int | None:
    """Return how often the lease changed hands in the sessions of the newest day; None of none."""
    newest = selectors.newest_run(account)
    if newest is None:
        return None
    runs = Run.objects.filter(account=account, mode__in=SESSIONS, date=newest.date)
    codes = list(runs.values_list("code", flat=True))
    taken = AuditEntry.objects.filter(action="run.resume", subject__in=codes)
    first = taken.values("subject").distinct().count()
    return taken.count() - first


def paper_session(account: Account, day: date) -> str:
    """Return the session of a day on Kite's prices that was opened on paper, or that there is none.

    Its day stays on paper, whatever the account's mode becomes.
    """
    opened = Run.objects.filter(account=account, mode=RunMode.PAPER.value, source=KITE, date=day)
    newest = opened.order_by("-started_at").first()
    return NO_SESSION if newest is None else f"{newest.code}, {newest.state.lower()}"


def passed_sessions(account: Account, mode: RunMode) -> int:
    """Return how many runs of a mode on Kite's own prices passed."""
    runs = Run.objects.filter(account=account, mode=mode.value, source=KITE, is_practice=False)
    return sum(has_passed(run) for run in runs.filter(state=RunState.FINISHED.value))


def active_config() -> Config | None:
    """Return the active configuration, None where there is none that can be read."""
    version = selectors.active_config(KIND)
    if version is None:
        return None
    try:
        return read(version.content)
    except ConfigError:
        return None


def _open(account: Account) -> QuerySet[Position]:
    return Position.objects.filter(account=account, run__mode__in=SESSIONS).exclude(state__in=OVER)


def _working(account: Account) -> QuerySet[Order]:
    return Order.objects.filter(account=account, run__mode__in=SESSIONS).exclude(state__in=FINAL)
