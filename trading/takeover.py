"""Taking a run over: its lease and its journal, from an engine that has ended or no longer works.

One that works is never replaced: the lease must have run out, and where a process still holds the
journal it must be stopped or quiet; then it is ended first, so that it can't come back and send.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from django.utils import timezone

from trading import leader
from trading.ears import LEASE
from trading.journal import JournalBusyError, JournalCorruptError, JournalFile
from trading.journal_holder import Holder, holder_of
from trading.leader import Lease, LeaseTakenError
from trading.models import Run
from trading.services.alerts import CRITICAL, raise_alert

_END_SECONDS = 5.0
_log = structlog.get_logger(__name__)


def led(run: Run, holder: str) -> tuple[JournalFile, Lease]:
    """Return the journal of a run, opened for writing, and the account's lease it is under.

    `holder`: names the engine of this run on this machine; whoever has the journal's lock has
    proven that no other process of that name works. Raises `LeaseTakenError`, `JournalBusyError`
    while another works or can't be ended, `JournalCorruptError`.
    """
    path = Path(run.journal_path)
    if run.fencing_token and not path.exists():
        raise JournalCorruptError(f"{path}: missing, expected the journal of a run that has begun")
    try:
        journal = JournalFile(path)
    except JournalBusyError as error:
        return _taken_from(run, holder, error)
    try:
        lease = leader.acquire(run.account, holder, LEASE)
        journal.lead(lease.token)
    except (LeaseTakenError, JournalCorruptError):
        journal.let_go()
        raise
    return journal, lease


def _taken_from(run: Run, name: str, busy: JournalBusyError) -> tuple[JournalFile, Lease]:
    """Take a run from a process that holds its journal without working."""
    held = holder_of(Path(run.journal_path))
    if held is None or held.works:
        raise busy
    lease = leader.acquire(run.account, name, LEASE, from_itself=False)
    try:
        if not held.end(_END_SECONDS):
            raise busy
        journal = JournalFile(held.journal)
        journal.lead(lease.token)
    except JournalBusyError:
        leader.release(lease)
        raise
    _tell(run, held)
    return journal, lease


def _tell(run: Run, held: Holder) -> None:
    text = (
        f"run {run.code}: process {held.pid} held the journal without a lease and without working; "
        f"it was ended and the run taken over"
    )
    _log.warning("stale engine ended", run=run.code, pid=held.pid)
    at = timezone.now()
    raise_alert("engine-ended", severity=CRITICAL, text=text, at=at, account=run.account)
