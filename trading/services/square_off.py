"""The end of the day seen from outside the engine: asking it to be out, and proving that it is.

The engine squares off by its own timer; this asks only for what is still open. Where the engine
is dead, and only then, the run is flattened from here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trading.engine.events import CommandKind
from trading.journal import JournalBusyError
from trading.leader import LeaseTakenError
from trading.models import SESSIONS, Command, CommandState, Position, ReportKind, Run, RunState
from trading.models.plan import PlanState
from trading.selectors import open_positions, working_orders
from trading.services import reports
from trading.services.alerts import CRITICAL, raise_alert
from trading.services.broker_book import broker_book
from trading.services.commands import issue
from trading.services.engine_life import EngineLife, life_of
from trading.services.reports import Findings
from trading.services.task_runs import Occasion, Result

BY = "square-off"
_LOOK_SECONDS = 0.5


class Flatten(Protocol):
    """Flattening a run in this process, for where its engine is dead."""

    def __call__(self, run: Run, *, by: str, reason: str) -> Command:
        """Press the kill switch and obey it. Raises `LeaseTakenError`, `JournalBusyError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the end of the day may use: its last resort, and seconds of wall time.

    `grace`: for the engine's own doing. `flat`: until all is flat after something was asked.
    """

    flatten: Flatten
    grace: float = 5.0
    flat: float = 60.0


def runs_of(occasion: Occasion) -> list[Run]:
    """Return the sessions of the occasion's day that a task must look after."""
    if occasion.run is not None:
        return [occasion.run]
    runs = Run.objects.filter(mode__in=SESSIONS, date=occasion.day)
    return list(runs.select_related("account", "config_version").order_by("started_at"))


def square_off(occasion: Occasion, means: Means) -> Result:
    """Ask the engine of each run for what it still holds; flatten where there is no engine.

    A process that shows no life but holds the journal cannot be replaced: the task then fails.
    """
    runs = [run for run in runs_of(occasion) if _is_running(run)]
    if not runs:
        return Result.skipped("no running session")
    told, is_good = [], True
    for run in runs:
        try:
            told.append(f"{run.code}: {_bring_out(run, means)}")
        except JournalBusyError as error:
            told.append(f"{run.code}: no sign of life, but {error}")
            is_good = False
    return Result.done("; ".join(told)) if is_good else Result.failed("; ".join(told))


def _bring_out(run: Run, means: Means) -> str:
    _wait(means.grace, lambda: not _needs_asking(run))
    if life_of(run) is EngineLife.DEAD:
        return _flatten_dead(run, means)
    asked = _ask_for(run)
    _wait(means.flat, lambda: is_out(run) or life_of(run) is EngineLife.DEAD)
    if not is_out(run) and life_of(run) is EngineLife.DEAD:
        return f"{asked}; the engine died, {_flatten_dead(run, means)}"
    return f"{asked}, {'flat' if is_out(run) else 'not flat yet'}"


def _needs_asking(run: Run) -> bool:
    """Say whether something is held or wanted that nobody is taking out yet."""
    return bool(_left_alone(run)) or working_orders(run).filter(role="ENTRY").exists()


def _left_alone(run: Run) -> list[Position]:
    return list(open_positions(run).exclude(state=PlanState.CLOSING.value))


def _ask_for(run: Run) -> str:
    """Ask to close what is held and to stop entering; the same wish is not issued twice."""
    wishes = [(CommandKind.CLOSE_POSITION, position.code) for position in _left_alone(run)]
    if working_orders(run).filter(role="ENTRY").exists():
        wishes.append((CommandKind.PAUSE, ""))
    for kind, subject in wishes:
        pending = Command.objects.filter(run=run, kind=kind.value, subject=subject, issued_by=BY)
        if not pending.filter(state=CommandState.PENDING.value).exists():
            issue(kind=kind, by=BY, reason="end of the day", subject=subject, run=run)
    return f"asked for {len(wishes)}" if wishes else "nothing to ask for"


def _flatten_dead(run: Run, means: Means) -> str:
    """Flatten a run without an engine, unless one has come up meanwhile."""
    if broker_book(Path(run.journal_path)).is_flat:
        return "engine dead, nothing held"
    try:
        command = means.flatten(run, by=BY, reason="the engine is dead at square-off")
    except LeaseTakenError:
        return "an engine came back and holds the lease"
    return f"engine dead, flattened by command {command.pk}"


def verify_flat(occasion: Occasion, means: Means) -> Result:
    """Prove from rows and from the broker's answers that nothing is held or working.

    What is found is flattened: by the engine's kill switch, or without it where it is dead. An
    alert tells of everything that was not in order when first looked at.
    """
    runs = runs_of(occasion)
    if not runs:
        return Result.skipped("no session today")
    told, is_good = [], True
    for run in runs:
        found, ok = _prove(run, occasion, means)
        told.append(f"{run.code}: {found}")
        is_good = is_good and ok
    return Result.done("; ".join(told)) if is_good else Result.failed("; ".join(told))


def _prove(run: Run, occasion: Occasion, means: Means) -> tuple[str, bool]:
    _wait(means.grace, lambda: not _faults(run))
    first = _faults(run)
    if first:
        text = f"not flat at {occasion.due_at:%H:%M}: {'; '.join(first)}"
        raise_alert("not-flat", severity=CRITICAL, text=text, at=occasion.at, account=run.account)
        _force_out(run, means)
    last = _faults(run)
    book = broker_book(Path(run.journal_path))
    text = "; ".join(last) or (f"flat after: {'; '.join(first)}" if first else "flat")
    document = {"first": first, "last": last, "broker": str(book), "engine": life_of(run)}
    findings = Findings(document=document, text=text, is_good=not first)
    reports.store(ReportKind.VERIFICATION, day=occasion.day, run=run, findings=findings)
    return text, not last


def _force_out(run: Run, means: Means) -> None:
    if not _is_running(run):
        return
    if life_of(run) is not EngineLife.DEAD:
        issue(kind=CommandKind.FLATTEN, by=BY, reason="not flat at the verification", run=run)
        _wait(means.flat, lambda: is_out(run) or life_of(run) is EngineLife.DEAD)
    if not is_out(run) and life_of(run) is EngineLife.DEAD:
        with suppress(JournalBusyError):
            _flatten_dead(run, means)
        _wait(means.flat, lambda: is_out(run))


def _faults(run: Run) -> list[str]:
    """Return what speaks against being flat, by the rows and by the broker; empty for nothing."""
    faults = [f"{row.code} holds {row.quantity}" for row in open_positions(run)]
    faults += [f"order {row.client_id} is {row.state}" for row in working_orders(run)]
    book = broker_book(Path(run.journal_path))
    if not book.is_flat:
        faults.append(f"broker: {book}")
    return faults


def is_out(run: Run) -> bool:
    """Say whether rows and broker agree that nothing is held or working."""
    return not _faults(run)


def _is_running(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, state=RunState.RUNNING.value).exists()


def _wait(seconds: float, over: Callable[[], bool]) -> None:
    """Wait until `over`, for `seconds` at most."""
    until = time.monotonic() + seconds
    while not over() and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
