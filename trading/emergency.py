"""Bringing a run to its end without its engine process: the one exception to who may trade.

It goes the engine's own way: lease, journal, recovery, the kill switch. Whether the engine is
really dead is decided before, and proven by the lease.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import structlog

from trading.ears import Ears
from trading.engine.events import CommandKind
from trading.models import Command, Run
from trading.services.commands import issue

_HEAR_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_log = structlog.get_logger(__name__)


class NotHeardError(Exception):
    """The kill switch didn't reach the engine that was brought up to obey it."""


def flatten_run(run: Run, *, by: str, reason: str) -> Command:
    """Flatten a run whose engine is dead, in this process, and take it to the end of its day.

    The kill switch is pressed before anything new is handled. Raises `LeaseTakenError` where the
    engine lives after all, `JournalBusyError`, `JournalCorruptError`, `DivergenceError`,
    `NotHeardError`.
    """
    # Imported when it is needed: the engine's kernels would weigh on every worker process.
    from trading.worker import begin

    command = issue(kind=CommandKind.FLATTEN, by=by, reason=reason, run=run)
    trading = begin(run.code, tempo=None, show=_show_nothing)
    _log.warning("flattening without an engine", run=run.code, command=command.pk, by=by)
    finished = False
    try:
        _wait_until_heard(trading.ears, command)
        asyncio.run(trading.live())
        finished = True
    finally:
        trading.end(finished=finished)
    return command


def _show_nothing(_at: datetime, _engine: object) -> None:
    return None


def _wait_until_heard(ears: Ears, command: Command) -> None:
    until = time.monotonic() + _HEAR_SECONDS
    while ears.heard_up_to < command.pk:
        if time.monotonic() > until:
            raise NotHeardError(f"command {command.pk} was not heard in {_HEAR_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)
