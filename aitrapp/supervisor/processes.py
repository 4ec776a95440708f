"""What is to be run, as values: a program, its user, its signals and when it is restarted.

Starting one is in `children.py`; keeping several alive in `supervision.py`.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from aitrapp.supervisor.accounts import Account


class Restart(Enum):
    """What the end of a process means."""

    ALWAYS = "start it again, a little later each time it fails"
    NEVER = "its end is the end of everything, and its exit code is ours"


def _true() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process. Specs are started in the order given and stopped in reverse.

    `stop` asks it to end, with `stop_seconds` until it is killed; `orphaned` is what it gets when
    the supervisor dies. `foreground` keeps it in our terminal session and on our streams, with
    everything it starts killed when either ends; others are sessions of their own and write to
    `log`. `before` runs ahead of each start, `answers`
    says when it is ready. `environ` is added to ours.
    """

    name: str
    argv: tuple[str, ...]
    restart: Restart
    environ: Mapping[str, str]
    foreground: bool = False
    account: Account | None = None
    directory: Path | None = None
    log: Path | None = None
    stop: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    orphaned: signal.Signals = signal.SIGKILL
    before: Callable[[], None] = _nothing
    answers: Callable[[], bool] = _true
