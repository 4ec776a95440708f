"""The record of the desk's mode: what it is at a moment, and writing a change of it.

LIVE is over by itself at the end of its day; whether it may be entered is `live_gate.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction

from marketdata.calendar import IST
from trading.models import Account, Mode, ModeChange, Run, RunMode
from trading.services import audit


class NotLiveError(Exception):
    """A run may not send orders to a broker: no record of the gate covers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Who changes the mode and why; `checks` and `override_reason` where the gate was asked."""

    by: str
    reason: str
    override_reason: str = ""
    checks: Sequence[Mapping[str, object]] = ()


def mode_at(account: Account, at: datetime) -> Mode:
    """Return the mode an account is in at a moment; PAPER unless a record says LIVE."""
    return Mode.PAPER if live_change(account, at) is None else Mode.LIVE


def live_change(account: Account, at: datetime) -> ModeChange | None:
    """Return the record by which an account is LIVE at a moment, None where it isn't."""
    change = ModeChange.objects.filter(account=account, at__lte=at).order_by("-at", "-id").first()
    if change is None or change.until is None or at >= change.until:
        return None
    return change


def check_live_run(run: Run) -> None:
    """Raise `NotLiveError` unless a run is LIVE and was opened while its account was.

    A run that lost its engine goes on under the record it was opened by, so that what it holds is
    looked after whatever the mode has become since.
    """
    if run.mode != RunMode.LIVE.value:
        raise NotLiveError(f"run {run.code}: its mode is {run.mode}, expected LIVE")
    if mode_at(run.account, run.started_at) is not Mode.LIVE:
        raise NotLiveError(f"run {run.code}: account {run.account} was not LIVE when it began")


@transaction.atomic
def record(account: Account, mode: Mode, grounds: Grounds, at: datetime) -> ModeChange:
    """Write a change down, with its audit entry; changes of one account follow each other."""
    Account.objects.select_for_update().get(pk=account.pk)
    before = mode_at(account, at)
    change = ModeChange.objects.create(
        account=account,
        mode=mode.value,
        at=at,
        until=_end_of_day(at) if mode is Mode.LIVE else None,
        by=grounds.by,
        reason=grounds.reason,
        override_reason=grounds.override_reason,
        checks=list(grounds.checks),
    )
    details = {
        "account": account.code,
        "reason": grounds.reason,
        "before": before,
        "asked": mode,
        "after": mode,
        "override": grounds.override_reason,
        "checks": list(grounds.checks),
    }
    audit.note("mode.set", by=grounds.by, subject=mode.value, details=details)
    return change


def _end_of_day(at: datetime) -> datetime:
    """Return the midnight of the exchange's zone after a moment."""
    day = at.astimezone(IST).date() + timedelta(days=1)
    return datetime.combine(day, time(0), tzinfo=IST)
