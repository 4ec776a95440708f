"""An operator's control of the desk: the wish and its audit entry, with before and after.

Carrying it out is the engine's part; so is telling what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from risk.breakers import DAILY_LOSS, END_OF_DAY, Breakers, LockedError, TradingState
from trading import selectors
from trading.engine.commands import KILL_SWITCH, OPERATOR
from trading.engine.events import CommandKind
from trading.models import Command, Position, Run, RunMode, RunState
from trading.models.plan import OVER
from trading.services import audit
from trading.services.commands import NoRunError, issue

_LOCKS = frozenset({DAILY_LOSS, END_OF_DAY, KILL_SWITCH})


class UnknownPositionError(LookupError):
    """The session has no such position, or it is closed already."""


@dataclass(frozen=True, slots=True)
class DeskState:
    """The trading state and every reason that blocks entries, as last recorded."""

    state: str
    blocked_by: tuple[str, ...]


@transaction.atomic
def ask(*, kind: CommandKind, by: str, reason: str, subject: str = "") -> Command:
    """Record a wish for the running paper session, with the state before and the one asked for.

    `subject`: the position's code for CLOSE_POSITION. Raises `NoRunError`,
    `UnknownPositionError`, `ValueError` for a missing reason or subject.
    """
    run = running_session()
    if run is None:
        raise NoRunError(f"{kind}: no running session to ask")
    before, after = _change(kind, run, subject)
    command = issue(kind=kind, by=by, reason=reason, subject=subject, run=run)
    audit.note(
        f"control.{kind.value.lower()}",
        by=by,
        subject=subject or run.code,
        details={"command": command.pk, "reason": reason, "before": before, "after": after},
    )
    return command


def running_session() -> Run | None:
    """Return the paper session that is running, the newest if there are several."""
    running = Run.objects.filter(mode=RunMode.PAPER.value, state=RunState.RUNNING.value)
    return running.select_related("account").order_by("-started_at", "-id").first()


def state_of(run: Run) -> DeskState:
    """Return a run's trading state; OPEN before its first record."""
    change = selectors.trading_state(run)
    if change is None:
        return DeskState(TradingState.OPEN.value, ())
    return DeskState(change.state, tuple(change.blocked_by))


def _change(
    kind: CommandKind, run: Run, subject: str
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what the audit entry tells as before and after: as recorded, and as asked for."""
    if kind is CommandKind.CLOSE_POSITION and subject:
        position = Position.objects.filter(run=run, code=subject).exclude(state__in=OVER).first()
        if position is None:
            raise UnknownPositionError(f"position {subject}: not open in session {run.code}")
        return {"state": position.state, "quantity": position.quantity}, {"quantity": 0}
    before = state_of(run)
    return _told(before), _told(_wanted(kind, before))


def _wanted(kind: CommandKind, now: DeskState) -> DeskState:
    """Return the state the engine would come to; unchanged where it will refuse."""
    breakers = _breakers(now)
    try:
        match kind:
            case CommandKind.PAUSE:
                breakers = breakers.block(OPERATOR)
            case CommandKind.RESUME:
                breakers = breakers.clear(OPERATOR)
            case CommandKind.FLATTEN:
                breakers = breakers.flatten(KILL_SWITCH)
            case CommandKind.UNLOCK:
                breakers = breakers.unlock(OPERATOR)
            case CommandKind.CLOSE_POSITION:
                pass
    except LockedError:
        return now
    return DeskState(breakers.state.value, tuple(sorted(breakers.blocked)))


def _breakers(now: DeskState) -> Breakers:
    """Return the breakers that were recorded as `now`; which reasons are locks is known by name."""
    state, blocked = TradingState(now.state), frozenset(now.blocked_by)
    is_locked = state in (TradingState.FLATTENING, TradingState.HALTED)
    return Breakers(state, blocked, (blocked & _LOCKS or blocked) if is_locked else frozenset())


def _told(state: DeskState) -> dict[str, object]:
    return {"state": state.state, "blocked_by": state.blocked_by}
