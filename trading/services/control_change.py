"""What a control changes: the desk as recorded before it, and as it is asked to become.

The rows tell the state before; the state after follows from it by the engine's own table. That
the engine comes to it, or refuses, is told by the command's row.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from marketdata.instruments import Kind
from risk.breakers import DAILY_LOSS, END_OF_DAY, Breakers, LockedError, TradingState
from strategies.registry import STRATEGIES
from trading import selectors
from trading.engine.commands import KILL_SWITCH, OPERATOR
from trading.engine.events import CommandKind
from trading.engine.kill_scopes import KillScope, ScopeKind, scope_of
from trading.models import Command, CommandState, Instrument, PlanState, Position, Run
from trading.models.plan import OVER

_LOCKS = frozenset({DAILY_LOSS, END_OF_DAY, KILL_SWITCH})


class UnknownPositionError(LookupError):
    """The session has no such position, or it is closed already."""


class UnknownScopeError(ValueError):
    """A kill scope names a strategy or an underlying that the day doesn't know."""


@dataclass(frozen=True, slots=True)
class DeskState:
    """The trading state and every reason that blocks entries, as last recorded."""

    state: str
    blocked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What the audit entry of a control tells as before and after."""

    before: dict[str, object]
    after: dict[str, object]


def state_of(run: Run) -> DeskState:
    """Return a run's trading state; OPEN before its first record."""
    change = selectors.trading_state(run)
    if change is None:
        return DeskState(TradingState.OPEN.value, ())
    return DeskState(change.state, tuple(change.blocked_by))


def change_of(kind: CommandKind, run: Run, subject: str) -> Change:
    """Return what a command changes.

    Raises `UnknownPositionError`, `UnknownScopeError` for a scope that would close nothing
    whatever happens, `ValueError` for a subject that is no kill scope.
    """
    if kind is CommandKind.CLOSE_POSITION:
        position = Position.objects.filter(run=run, code=subject).exclude(state__in=OVER).first()
        if position is None:
            raise UnknownPositionError(f"position {subject}: not open in session {run.code}")
        return Change(
            {"state": position.state, "quantity": position.quantity},
            {"state": PlanState.CLOSED.value, "quantity": 0},
        )
    if kind is CommandKind.RELEASE_STRATEGY:
        return Change({"strategy": subject, "asked": False}, {"strategy": subject, "asked": True})
    if subject and kind in (CommandKind.FLATTEN, CommandKind.UNLOCK):
        scope, is_closing = str(scope_of(subject)), kind is CommandKind.FLATTEN
        if is_closing:
            _check_known(run, scope_of(subject))
        return Change(
            {"scope": scope, "closed": scope in killed_scopes(run)},
            {"scope": scope, "closed": is_closing},
        )
    before = state_of(run)
    return Change(_told(before), _told(_wanted(kind, before)))


def killed_scopes(run: Run) -> frozenset[str]:
    """Return what the kill switch has closed in a run besides the desk, by what was carried out."""
    done = Command.objects.filter(run=run, state=CommandState.DONE.value).exclude(subject="")
    wishes = done.filter(kind__in=(CommandKind.FLATTEN.value, CommandKind.UNLOCK.value))
    last = dict(wishes.order_by("done_at", "id").values_list("subject", "kind"))
    return frozenset(scope for scope, kind in last.items() if kind == CommandKind.FLATTEN.value)


def _check_known(run: Run, scope: KillScope) -> None:
    """Refuse a scope of a name nobody has: it would be told as closed, and what was meant go on.

    A day without any list of instruments is believed.
    """
    if scope.kind is ScopeKind.STRATEGY:
        if scope.name not in STRATEGIES:
            known = ", ".join(sorted(STRATEGIES))
            raise UnknownScopeError(f"{scope}: no such strategy, expected one of {known}")
        return
    listed = Instrument.objects.filter(day=run.date)
    shares = Q(kind=Kind.EQUITY.value)
    named = (shares & Q(symbol=scope.name)) | (~shares & Q(name=scope.name))
    if listed.exists() and not listed.filter(named).exists():
        raise UnknownScopeError(
            f"{scope}: no such underlying on {run.date}, expected a share's symbol or the name of"
            " an index, as NIFTY"
        )


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
            case CommandKind.CLOSE_POSITION | CommandKind.RELEASE_STRATEGY:
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
