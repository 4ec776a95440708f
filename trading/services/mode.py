"""Asking for a mode: PAPER is always given, LIVE only through its gate; both are audited.

What the gate looks at is said in `live_gate.py`; the record of the mode is `mode_changes.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from trading import leader, selectors
from trading.config import KIND
from trading.engine.events import CommandKind
from trading.models import Account, Mode, ModeChange, Run, RunMode, RunState
from trading.services import audit, live_facts
from trading.services.alerts import CRITICAL, WARNING, raise_alert
from trading.services.commands import issue
from trading.services.live_facts import Asker
from trading.services.live_gate import STANDING, GateCheck, GateVerdict, Override, evaluate
from trading.services.live_looks import Looks
from trading.services.mode_changes import Grounds, live_change, mode_at, record

__all__ = [
    "AlreadyLiveError",
    "LiveRefusedError",
    "Mode",
    "ModeWish",
    "ask",
    "judge",
    "live_accounts",
    "look_again",
    "present_mode",
]

GATE = "gate"
"""Who puts the desk back to PAPER when a condition is lost."""


class LiveRefusedError(Exception):
    """The gate before LIVE is shut; `verdict` names every check."""

    def __init__(self, verdict: GateVerdict) -> None:
        names = ", ".join(check.name for check in verdict.failing)
        super().__init__(f"LIVE is refused: {names}")
        self.verdict = verdict


class AlreadyLiveError(Exception):
    """The account is LIVE already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeWish:
    """Who asks for which mode of which account, and why; `asker` tells what LIVE wants of him."""

    account: Account
    mode: Mode
    by: str
    reason: str
    asker: Asker
    override: Override | None = None


def present_mode(account: Account) -> Mode:
    """Return the mode an account is in now: the one its next session is opened in."""
    return mode_at(account, timezone.now())


def live_accounts(at: datetime) -> list[Account]:
    """Return the accounts that are LIVE at a moment."""
    named = ModeChange.objects.filter(until__gt=at).values("account")
    accounts = Account.objects.filter(pk__in=named).order_by("pk")
    return [account for account in accounts if mode_at(account, at) is Mode.LIVE]


def judge(wish: ModeWish, looks: Looks, at: datetime) -> GateVerdict:
    """Return what the gate says to a wish at a moment, which is now; nothing is changed by it."""
    return evaluate(live_facts.gather(wish.account, wish.asker, looks, at), wish.override)


def ask(wish: ModeWish, looks: Looks, at: datetime) -> Mode:
    """Return the mode the account is in after the wish; LIVE holds for runs opened from now on.

    PAPER takes effect at once: a LIVE session that runs is flattened and locked. Raises
    `AlreadyLiveError`, `LiveRefusedError`; the audit entry of the refusal stays.
    """
    if wish.mode is Mode.PAPER:
        return _to_paper(wish, at)
    if mode_at(wish.account, at) is Mode.LIVE:
        raise AlreadyLiveError(f"account {wish.account}: LIVE already")
    verdict = judge(wish, looks, at)
    if not verdict.opens:
        _refuse(wish, verdict)
        raise LiveRefusedError(verdict)
    _to_live(wish, verdict, at)
    return Mode.LIVE


@transaction.atomic
def _to_paper(wish: ModeWish, at: datetime) -> Mode:
    record(wish.account, Mode.PAPER, Grounds(by=wish.by, reason=wish.reason), at)
    for run in _live_runs(wish.account):
        issue(kind=CommandKind.FLATTEN, by=wish.by, reason=f"to PAPER: {wish.reason}", run=run)
    return Mode.PAPER


@transaction.atomic
def _to_live(wish: ModeWish, verdict: GateVerdict, at: datetime) -> None:
    overridden = wish.override.reason if wish.override and verdict.failing else ""
    grounds = Grounds(
        by=wish.by, reason=wish.reason, override_reason=overridden, checks=_told(verdict)
    )
    record(wish.account, Mode.LIVE, grounds, at)
    skipped = ", ".join(check.name for check in verdict.failing)
    text = f"{wish.by} put account {wish.account} into LIVE: {wish.reason}"
    if overridden:
        text = f"{text}. Overridden ({overridden}): {skipped}"
    severity = CRITICAL if overridden else WARNING
    raise_alert("mode.live", severity=severity, text=text, at=at, account=wish.account)


def _refuse(wish: ModeWish, verdict: GateVerdict) -> None:
    details = {
        "account": wish.account.code,
        "reason": wish.reason,
        "before": Mode.PAPER,
        "asked": wish.mode,
        "after": Mode.PAPER,
        "override": wish.override.reason if wish.override else "",
        "checks": _told(verdict),
    }
    audit.note("mode.refused", by=wish.by, subject=wish.mode.value, details=details)


def look_again(at: datetime) -> str:
    """Put back to PAPER whoever is LIVE and has lost a condition; return what was found.

    A session that runs is paused: it enters nothing, and gets out of what it holds as ever.
    """
    lost = {account: _lost(account, at) for account in live_accounts(at)}
    for account, names in lost.items():
        if names:
            _fall_back(account, ", ".join(names), at)
    return "; ".join(f"{account} back to PAPER: {', '.join(n)}" for account, n in lost.items() if n)


def _lost(account: Account, at: datetime) -> list[str]:
    """Return the names of the standing checks that fail and were not overridden."""
    change = live_change(account, at)
    checks = () if change is None else change.checks
    skipped = {str(check["name"]) for check in checks if not check["passed"]}
    verdict = evaluate(live_facts.standing(at, None))
    failing = {check.name for check in verdict.failing} & STANDING
    if change is not None and selectors.config_at(KIND, change.at) == selectors.active_config(KIND):
        failing.discard("same-config")
    if any(_live_runs(account)) and leader.current(account) is None:
        failing.add("leader")
    return sorted(failing - skipped)


@transaction.atomic
def _fall_back(account: Account, names: str, at: datetime) -> None:
    record(account, Mode.PAPER, Grounds(by=GATE, reason=f"lost: {names}"), at)
    for run in _live_runs(account):
        issue(kind=CommandKind.PAUSE, by=GATE, reason=f"LIVE is over, lost: {names}", run=run)
    text = f"account {account} is back in PAPER, lost: {names}"
    raise_alert("mode.lost", severity=CRITICAL, text=text, at=at, account=account)


def _live_runs(account: Account) -> list[Run]:
    running = Run.objects.filter(account=account, mode=RunMode.LIVE.value)
    return list(running.filter(state=RunState.RUNNING.value).select_related("account"))


def _told(verdict: GateVerdict) -> list[dict[str, object]]:
    """Return the gate's findings as records tell them."""
    return [_check(check) for check in verdict.checks]


def _check(check: GateCheck) -> dict[str, object]:
    return {
        "item": check.item,
        "name": check.name,
        "passed": check.passed,
        "measured": check.measured[:100],
        "allowed": check.allowed,
    }
