"""Operators' wishes: written down here, carried out by the engine alone."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from trading.engine.events import CommandKind
from trading.models import SESSIONS, Command, CommandState, Run, RunState
from trading.services import audit
from trading.services.control_change import change_of
from trading.services.nudge import nudge_engine

_OF_SUBJECT = {
    CommandKind.CLOSE_POSITION: "the position to close",
    CommandKind.RELEASE_STRATEGY: "the strategy to release",
}


class NoRunError(Exception):
    """There is no running session that could carry a command out."""


@transaction.atomic
def issue(
    *, kind: CommandKind, by: str, reason: str, subject: str = "", run: Run | None = None
) -> Command:
    """Record a wish for `run`, or for the one session that is running, and nudge the engine.

    Its one audit entry tells why, the state before and the one asked for. `subject`: what
    `CommandIssued` says of the kind. Raises `NoRunError` without a running run,
    `UnknownPositionError`, `ValueError` for a missing reason or a wrong subject.
    """
    if not reason.strip():
        raise ValueError("reason: empty, expected why this is asked")
    if kind in _OF_SUBJECT and not subject:
        raise ValueError(f"subject: empty, expected {_OF_SUBJECT[kind]}")
    target = run or _running()
    if target is None or target.state != RunState.RUNNING.value:
        raise NoRunError(f"{kind}: no running session to ask")
    change = change_of(kind, target, subject)
    command = Command.objects.create(
        account_id=target.account_id,
        run=target,
        kind=kind.value,
        issued_by=by,
        issued_at=timezone.now(),
        reason=reason,
        subject=subject,
    )
    audit.note(
        f"control.{kind.value.lower()}",
        by=by,
        subject=subject or target.code,
        details={
            "command": command.pk,
            "run": target.code,
            "reason": reason,
            "before": change.before,
            "after": change.after,
        },
    )
    transaction.on_commit(nudge_engine)
    return command


def pending(run: Run, after_id: int) -> list[Command]:
    """Return the commands of `run` with an id above `after_id` still waiting, oldest first."""
    waiting = Command.objects.filter(run=run, id__gt=after_id, state=CommandState.PENDING.value)
    return list(waiting.order_by("id"))


def _running() -> Run | None:
    return Run.objects.filter(mode__in=SESSIONS, state=RunState.RUNNING.value).first()
