"""How long the kill switch took when somebody pressed it on paper: the drill before LIVE.

The pressing is the ordinary control; the time is read from what the session recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from risk.breakers import TradingState
from trading.engine.events import CommandKind
from trading.models import Account, Command, CommandState, Fill, RunMode, StateChange
from trading.services.instrument_files import SOURCE as KITE

_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Drill:
    """One use of the kill switch with something to close; `taken_ms` from the wish until flat."""

    run: str
    at: datetime
    taken_ms: int


def newest_drill(account: Account, code_revision: str) -> Drill | None:
    """Return the newest drill on paper and Kite's prices under a revision of the code.

    One without a trade between the wish and the desk being flat closed nothing and doesn't count.
    """
    pressed = Command.objects.filter(
        account=account,
        kind=CommandKind.FLATTEN.value,
        state=CommandState.DONE.value,
        run__mode=RunMode.PAPER.value,
        run__source=KITE,
        run__code_revision=code_revision,
    )
    newest = pressed.select_related("run").order_by("-issued_at")[:_LOOKED_AT]
    return next((drill for drill in map(_measured, newest) if drill is not None), None)


def _measured(command: Command) -> Drill | None:
    changes = StateChange.objects.filter(run=command.run, at__gte=command.issued_at)
    halted = changes.filter(state=TradingState.HALTED.value).order_by("seq").first()
    if halted is None:
        return None
    closing = Fill.objects.filter(run=command.run, at__gte=command.issued_at, at__lte=halted.at)
    if not closing.exists():
        return None
    taken = (halted.at - command.issued_at).total_seconds() * 1000
    return Drill(command.run.code, command.issued_at, round(taken))
