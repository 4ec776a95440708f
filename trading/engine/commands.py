"""What an operator's command does to the desk; each is answered, once, with what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from risk.breakers import Breakers, LockedError
from risk.exits import ExitReason
from trading.engine.actions import CommandDone
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.kill_scopes import KillScope, scope_of
from trading.engine.outbox import Outbox

OPERATOR = "operator"
"""Reason under which an operator's pause blocks entries."""
KILL_SWITCH = "kill-switch"
"""Reason under which the kill switch locks the desk."""
KILL_SCOPE = "kill-scope"
"""Under which the kill switch of one strategy or underlying is told."""


class Desk(Protocol):
    """What commands may do."""

    breakers: Breakers

    def become(self, at: datetime, breakers: Breakers) -> None: ...

    def cancel_entries(self, at: datetime) -> None: ...

    def flatten(self, at: datetime, why: str, reason: ExitReason) -> None: ...

    def flatten_scope(self, at: datetime, scope: KillScope) -> None: ...

    def unlock_scope(self, at: datetime, scope: KillScope, by: str) -> None: ...

    def close(self, at: datetime, plan_id: str) -> bool: ...

    def release(self, at: datetime, strategy: str, by: str) -> None: ...


class Commands:
    """Obeys each command id once."""

    def __init__(self, desk: Desk, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox
        self._obeyed: set[int] = set()

    def obey(self, command: CommandIssued) -> None:
        """Carry a command out and note its outcome; a repeated id changes nothing."""
        if command.command_id in self._obeyed:
            return
        self._obeyed.add(command.command_id)
        refusal = self._carry_out(command)
        outcome = "REFUSED" if refusal else "DONE"
        self._outbox.emit(CommandDone(command.at, command.command_id, outcome, refusal))

    def _carry_out(self, command: CommandIssued) -> str:
        """Return why it could not be done, or nothing."""
        at, desk = command.at, self._desk
        try:
            match command.kind:
                case CommandKind.PAUSE:
                    desk.become(at, desk.breakers.block(OPERATOR))
                    desk.cancel_entries(at)
                case CommandKind.RESUME:
                    desk.become(at, desk.breakers.clear(OPERATOR))
                case CommandKind.FLATTEN if command.subject:
                    desk.flatten_scope(at, scope_of(command.subject))
                case CommandKind.FLATTEN:
                    desk.flatten(at, KILL_SWITCH, ExitReason.KILL)
                case CommandKind.UNLOCK if command.subject:
                    desk.unlock_scope(at, scope_of(command.subject), command.by)
                case CommandKind.UNLOCK:
                    desk.become(at, desk.breakers.unlock(command.by))
                case CommandKind.RELEASE_STRATEGY:
                    desk.release(at, command.subject, command.by)
                case CommandKind.CLOSE_POSITION:
                    if not desk.close(at, command.subject):
                        return f"no open position {command.subject}"
        except (LockedError, ValueError) as error:
            return str(error)
        return ""
