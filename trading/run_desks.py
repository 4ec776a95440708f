"""What stands around the engine of a run, by where its prices come from and where its orders go.

The parts are put together in the composition roots; the process that lives the run is `worker.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from marketdata.events import MarketEvent
from marketdata.feed import KeptTape, Pace
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.config import Config, read
from trading.engine.runner import Journal, Runner
from trading.kitesim_hand import SOURCE as KITESIM
from trading.models import Mode, Run, RunMode
from trading.services.events import event_of
from trading.services.instrument_files import SOURCE as KITE
from trading.services.mode_changes import NotLiveError, mode_at
from trading.snapshots import Snapshots, code_stamp

if TYPE_CHECKING:
    from trading.bootstrap_kite import Wall
    from trading.bootstrap_practice import TapedDay

LIVE_MODE = "live-mode"
"""Condition of a LIVE run that is bad once its account isn't LIVE any more."""

Asks = Callable[[], Mapping[str, str]]
"""Asks the database something, in the thread that listens; returns what is wrong by condition,
empty texts for what is well."""


@dataclass(frozen=True, slots=True)
class RunTime:
    """How time passes in a run: on a tape at a pace, None without; on Kite's prices by a wall.

    `wall`: None for real time.
    """

    pace: Callable[[KeptTape], Pace] | None
    wall: Wall | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A runner and what belongs to it.

    `around` stands while it runs, `look` has the broker's book read soon, `asks` is what the
    thread that listens asks besides, `deepest_queue` how many broker calls waited at once of late.
    """

    runner: Runner
    around: AbstractAsyncContextManager[object]
    look: Callable[[], None] = lambda: None
    asks: tuple[Asks, ...] = ()
    deepest_queue: Callable[[], int] = lambda: 0


def stood_up(run: Run, journal: Journal, outside: Outside, time: RunTime) -> Standing:
    """Return what lives a run; orders leave the process for a LIVE run on Kite's prices only.

    Raises `NotLiveError` for any other LIVE run, and as the desks that are built.
    """
    if run.source == KITE:
        return _on_kite(run, journal, outside, time.wall)
    if run.mode == RunMode.LIVE.value:
        raise NotLiveError(f"run {run.code}: LIVE on {run.source} prices, expected {KITE}")
    if run.source == KITESIM:
        return _on_kitesim(run, journal, outside)
    return Standing(paper_runner(day_of(run, time.pace), journal, outside), nullcontext())


def _on_kite(run: Run, journal: Journal, outside: Outside, wall: Wall | None) -> Standing:
    # Imported when it is needed: other runs do without the broker's client.
    from trading.bootstrap_kite import Wall
    from trading.kite_run import Rim, kite_run

    lived = kite_run(_taped(run), run, Rim(journal, outside, wall or Wall()))
    asks: tuple[Asks, ...] = (lived.login.ask,)
    if run.mode == RunMode.LIVE.value:
        asks += (lambda: _mode_of(run),)
    return Standing(lived.runner, lived, lived.desk.look, asks, lived.deepest_queue)


def _on_kitesim(run: Run, journal: Journal, outside: Outside) -> Standing:
    from trading.kitesim_run import kitesim_run

    # Its session lives by its own day: it is as good as it was when the run was opened.
    lived = kitesim_run(_taped(run), run.started_at, journal, outside)
    return Standing(lived.runner, lived, lived.desk.look, (lived.login.ask,))


def _mode_of(run: Run) -> dict[str, str]:
    """Say what is wrong where the account of a LIVE run has left LIVE: then it only gets out."""
    is_live = mode_at(run.account, timezone.now()) is Mode.LIVE
    return {LIVE_MODE: "" if is_live else "the account is in PAPER: exits only"}


def _taped(run: Run) -> TapedDay:
    from trading.bootstrap_practice import TapedDay

    path = Path(run.tape_path)
    banned, events = bans_of(run), events_of(run)
    config, warmup = config_of(run), warmup_path(path)
    snapshots = snapshots_of(run)
    return TapedDay(config, path, warmup, run.code, run.pk, banned, events, snapshots)


def snapshots_of(run: Run) -> Snapshots:
    """Return where a run is kept while it is traded."""
    return Snapshots(Path(run.journal_path), code_stamp())


def config_of(run: Run) -> Config:
    """Return the configuration a run was started under."""
    return read(json.loads(run.config_version.document))


def bans_of(run: Run) -> frozenset[str] | None:
    """Return the ban list a run was started under, None for none."""
    return None if run.banned is None else frozenset(run.banned)


def events_of(run: Run) -> tuple[MarketEvent, ...] | None:
    """Return the scheduled events a run was started with, None for the packaged list."""
    return None if run.events is None else tuple(event_of(each) for each in run.events)


def day_of(run: Run, pace: Callable[[KeptTape], Pace] | None) -> PaperDay:
    """Return the day a run trades: its tape, what came before, and its configuration."""
    tape = open_tape(Path(run.tape_path))
    return PaperDay(
        config=config_of(run),
        tape=tape,
        pace=None if pace is None else pace(tape),
        warmup=warmup_path(tape.path),
        run_code=run.code,
        run_number=run.pk,
        banned=bans_of(run),
        events=events_of(run),
        snapshots=snapshots_of(run),
    )
