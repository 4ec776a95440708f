"""Starting, resuming and finishing a run. What happens in between is told by its journal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from trading.code_revision import running_code
from trading.models import SESSIONS, Account, ConfigVersion, Run, RunMode, RunState
from trading.services import audit
from trading.services.alerts import WARNING, raise_alert
from trading.services.canonical import plain
from trading.services.events import standing_around, told

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run is started with; `code` is made by `new_code` unless one is given.

    `tape_sha256` is empty for a tape that is still being written. `banned`: the day's ban list,
    None where none is known. `is_practice`: prices come from a Kite of our own.
    """

    account: Account
    mode: RunMode
    date: date
    source: str
    config_version: ConfigVersion
    tape_path: str = ""
    tape_sha256: str = ""
    journal_path: str = ""
    fencing_token: int = 0
    code: str = ""
    banned: tuple[str, ...] | None = None
    is_practice: bool = False


def new_code() -> str:
    """Return a code for a new run: 7 letters and digits that can't be mistaken for each other."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


@transaction.atomic
def start(*, spec: RunSpec, by: str) -> Run:
    """Create the run's row, with the scheduled events as they stand now.

    Raises `IntegrityError` for a second running session of a day."""
    run = Run.objects.create(
        account=spec.account,
        code=spec.code or new_code(),
        mode=spec.mode.value,
        date=spec.date,
        source=spec.source,
        is_practice=spec.is_practice,
        tape_path=spec.tape_path,
        tape_sha256=spec.tape_sha256,
        journal_path=spec.journal_path,
        config_version=spec.config_version,
        code_revision=running_code().committed,
        fencing_token=spec.fencing_token,
        banned=None if spec.banned is None else list(spec.banned),
        events=[told(event) for event in standing_around(spec.date)],
        started_at=timezone.now(),
    )
    audit.note("run.start", by=by, subject=run.code, details=_facts(run))
    if spec.mode.value in SESSIONS and spec.banned is None:
        text = f"no ban list for {run.date}: entries in shares are blocked"
        raise_alert(
            "no-ban-list", severity=WARNING, text=text, at=run.started_at, account=run.account
        )
    return run


@transaction.atomic
def resume(*, run: Run, fencing_token: int, by: str) -> Run:
    """Put a run that lost its engine under a new lease. Raises `ValueError` once it has ended."""
    held = Run.objects.select_for_update().get(pk=run.pk)
    if held.state != RunState.RUNNING.value:
        raise ValueError(f"run {held.code}: {held.state}, expected RUNNING")
    held.fencing_token = fencing_token
    held.save(update_fields=["fencing_token"])
    audit.note(
        "run.resume", by=by, subject=held.code, details={"fencing_token": held.fencing_token}
    )
    return held


@transaction.atomic
def finish(
    *,
    run: Run,
    by: str,
    decision_hash: str = "",
    summary: Mapping[str, object] | None = None,
    state: RunState = RunState.FINISHED,
) -> Run:
    """End a run with what came of it. Raises `ValueError` if it has ended or `state` isn't final.

    Fractions in `summary` should be Decimals; they are stored as text.
    """
    held = Run.objects.select_for_update().get(pk=run.pk)
    if held.state != RunState.RUNNING.value or state is RunState.RUNNING:
        raise ValueError(f"run {held.code}: {held.state} to {state}, expected RUNNING to an end")
    held.state = state.value
    held.ended_at = timezone.now()
    held.decision_hash = decision_hash
    held.summary = plain(summary or {})
    held.save(update_fields=["state", "ended_at", "decision_hash", "summary"])
    audit.note(
        "run.finish",
        by=by,
        subject=held.code,
        details={"state": state, "decision_hash": decision_hash},
    )
    return held


def _facts(run: Run) -> dict[str, object]:
    return {
        "account": run.account.code,
        "mode": run.mode,
        "date": run.date,
        "source": run.source,
        "config": str(run.config_version),
        "config_sha256": run.config_version.sha256,
        "code_revision": run.code_revision,
        "fencing_token": run.fencing_token,
        "banned": run.banned,
        "events": run.events,
    }
