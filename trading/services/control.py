"""An operator's control of the desk: a wish to the session that is running.

Carrying it out is the engine's part; so is telling what came of it.
"""

from __future__ import annotations

from trading.engine.events import CommandKind
from trading.models import SESSIONS, Command, Run, RunState
from trading.services.commands import NoRunError, issue


def ask(*, kind: CommandKind, by: str, reason: str, subject: str = "") -> Command:
    """Record a wish for the running session.

    `subject`: the position's code for CLOSE_POSITION, a kill scope or nothing for FLATTEN and
    UNLOCK. Raises `NoRunError`,
    `UnknownPositionError`, `ValueError` for a missing reason or a wrong subject.
    """
    run = running_session()
    if run is None:
        raise NoRunError(f"{kind}: no running session to ask")
    return issue(kind=kind, by=by, reason=reason, subject=subject, run=run)


def running_session() -> Run | None:
    """Return the session that is running, the newest if there are several."""
    running = Run.objects.filter(mode__in=SESSIONS, state=RunState.RUNNING.value)
    return running.select_related("account").order_by("-started_at", "-id").first()
