"""Bringing a run out without its engine process: the one exception to who may trade.

It goes the engine's own way: lease, journal, recovery, the kill switch. Whether the engine is
really dead is decided before, and proven by lease and journal. What is done where this way is
barred is `book_flatten.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from execution.orders import OrderState
from risk.breakers import TradingState
from trading.ears import Ears
from trading.engine.events import BOOK, CommandKind
from trading.kitesim_hand import SOURCE as KITESIM
from trading.models import Command, Run
from trading.services.commands import issue
from trading.services.instrument_files import SOURCE as KITE

if TYPE_CHECKING:
    from trading.bootstrap_kite import Wall
    from trading.engine.core import Engine

_HEAR_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_STANDING_SECONDS = 240.0
_log = structlog.get_logger(__name__)


class NotHeardError(Exception):
    """The kill switch didn't reach the engine that was brought up to obey it."""


class NotFlatError(Exception):
    """The engine that was brought up to flatten wasn't flat in the time it had."""


def flatten_run(run: Run, *, by: str, reason: str, wall: Wall | None = None) -> Command:
    """Flatten a run whose engine is dead, in this process, and take it to the end of its day.

    A run whose day takes its time, on prices that are yet to come, is left to its engine as by
    `bring_out`. The kill switch is pressed before anything new is handled. `wall` as there. Raises
    `LeaseTakenError` where the engine lives after all, `JournalBusyError`, `JournalCorruptError`,
    `DivergenceError`, `NotHeardError`, `NotFlatError`.
    """
    leave = is_out if run.source in (KITE, KITESIM) else _stays
    return _flattened(run, by, reason, _Way(leave, wall))


def bring_out(run: Run, *, by: str, reason: str, wall: Wall | None = None) -> Command:
    """Flatten a run whose engine is dead, and leave it to its engine, halted, once it is flat.

    `wall`: the time of a run on Kite's prices, real time if it's None. Raises as `flatten_run`.
    """
    return _flattened(run, by, reason, _Way(is_out, wall))


def is_out(engine: Engine) -> bool:
    """Say whether an engine is halted, holds nothing, and nothing can fill or is unproven."""
    if engine.breakers.state is not TradingState.HALTED or BOOK in engine.breakers.blocked:
        return False
    settled = all(order.state.is_final or _never_left(order.state) for order in engine.orders.all())
    return settled and not any(trade.open_quantity for trade in engine.ledger.trades.values())


def _never_left(state: OrderState) -> bool:
    return state is OrderState.PLANNED


def _stays(_engine: Engine) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Way:
    """When a run is left before its end, and in which time it is lived."""

    leave: Callable[[Engine], bool]
    wall: Wall | None


def _flattened(run: Run, by: str, reason: str, way: _Way) -> Command:
    # Imported when it is needed: the engine's kernels would weigh on every worker process.
    from trading.worker import begin

    command = issue(kind=CommandKind.FLATTEN, by=by, reason=reason, run=run)
    trading = begin(run.code, tempo=None, show=_show_nothing, wall=way.wall, leave=way.leave)
    _log.warning("flattening without an engine", run=run.code, command=command.pk, by=by)
    finished = None
    try:
        _wait_until_heard(trading.ears, command)
        finished = asyncio.run(asyncio.wait_for(trading.live(), _STANDING_SECONDS))
    except TimeoutError as error:
        raise NotFlatError(f"run {run.code}: not flat in {_STANDING_SECONDS:.0f} s") from error
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
