"""Bringing a LIVE run out by the broker's own list, where its engine can't be brought up.

Only what carries the run's own tags is touched, and never more than the account holds. The run ends
as failed here: what was done without its journal must not be met by an engine that goes on.
"""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from marketdata.pacing import Patience
from trading import leader
from trading.book_closing import BookFlatten, Terms
from trading.bootstrap_tapes import open_tape
from trading.journal import JournalFile
from trading.leader import Lease, LeaseTakenError
from trading.models import Run, RunState
from trading.rate_limits import SharedPacer
from trading.services import runs
from trading.services.mode_changes import check_live_run

if TYPE_CHECKING:
    from trading.bootstrap_kite import Wall

LEASE = timedelta(seconds=30)
SUFFIX = ".dead-man"
"""Of the file beside the run's journal in which every order sent from here is written first."""
_STANDING_SECONDS = 120.0
_LOOK_SECONDS = 0.5


class LeftHoldingError(Exception):
    """Something is still held or works at the broker after all the time there was."""


def flatten_book(run: Run, wall: Wall | None = None) -> str:
    """Bring a LIVE run out by the broker's own list, end it as failed, and say what was done.

    A lease that nobody renews is waited for: an engine that could not bring the run out leaves one
    behind, and what it sent last is listed by then. `wall`: real time if it's None. Raises
    `LeaseTakenError` where an engine lives, `NotLiveError`, `NoSessionError` without a login,
    `SessionExpired`, `LeftHoldingError`.
    """
    check_live_run(run)
    holder = f"{socket.gethostname()[:60]}:dead-man"
    if (left := leader.current(run.account)) is not None:
        time.sleep(left.ttl.total_seconds() + _LOOK_SECONDS)
    lease = leader.acquire(run.account, holder, LEASE, from_itself=False)
    journal = JournalFile(Path(run.journal_path).with_suffix(SUFFIX))
    try:
        journal.lead(lease.token)
        told = asyncio.run(_flattened(run, lease, journal, wall))
        runs.finish(run=run, by="dead-man", summary={"dead_man": told}, state=RunState.FAILED)
    finally:
        journal.close()
        leader.release(lease)
    return told


def _unfenced() -> None:
    """Let every order go: the lease is renewed before each look."""


async def _flattened(run: Run, lease: Lease, journal: JournalFile, wall: Wall | None) -> str:
    """Look at the book until it is flat, for as long as the lease is ours."""
    # Imported when it is needed: other tasks do without the broker's client.
    from trading.bootstrap_kite import Wall, kite_broker
    from trading.kite_reading import kite_access, kite_pacer
    from trading.run_desks import config_of

    wall = wall or Wall()
    access = await sync_to_async(kite_access)(timezone.now())
    listed = {item.key: item for item in open_tape(Path(run.tape_path)).head.instruments}
    pacer = kite_pacer(access.api_key, wall, Patience())
    broker = kite_broker(access, listed, pacer, wall, _unfenced)
    terms = Terms(
        code=run.code,
        token=lease.token,
        protection=config_of(run).execution.market_protection,
        beyond=settings.DEAD_MAN_BEYOND_PERCENT / 100,
        looks_to_fill=settings.DEAD_MAN_LOOKS,
    )
    work = BookFlatten(broker, terms, journal)
    left, until = "not looked at", time.monotonic() + _STANDING_SECONDS
    try:
        while left and time.monotonic() < until:
            if not await sync_to_async(leader.renew)(lease):
                raise LeaseTakenError(f"run {run.code}: the lease was lost while flattening")
            left = await work.look()
            await asyncio.sleep(_LOOK_SECONDS if left else 0)
    finally:
        broker.close()
        if isinstance(pacer, SharedPacer):
            await pacer.close()
    if left:
        raise LeftHoldingError(f"run {run.code}: {left}")
    return f"{work.orders} orders sent"
