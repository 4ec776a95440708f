"""What the desk costs in time and memory, measured on made days; nothing is asserted here.

Figures are of the machine they are measured on; compare ratios within one call.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from marketdata.built_day import BuiltDay
from marketdata.calendar import Calendar
from marketdata.instruments import Kind
from marketdata.synthetic import SyntheticMarket, SyntheticSpec, regime_of, standard_market
from marketdata.synthetic_universe import MadeInstrument
from marketdata.tape import TapeReader
from trading.bootstrap import PaperDay, paper_runner, undisturbed
from trading.config import Config
from trading.engine.actions import Action
from trading.engine.core import Engine
from trading.engine.events import Event, MarketStep, TimerFired
from trading.engine.runner import Runner
from trading.journal import JournalFile
from trading.quiet_heap import quiet_heap

SCANNED = 200
HEADLESS = 25
_DAY = date(2026, 10, 6)
_SEED = 1
_LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Stopwatch:
    """An engine's `handle` with every call timed, by kind of event, in seconds.

    `worked`: of each scan, what its thread had of the processor; the rest it waited for a turn.
    """

    engine: Engine
    steps: list[float] = field(default_factory=list)
    scans: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def handle(self, event: Event) -> tuple[Action, ...]:
        """Hand the event on and remember how long the answer took."""
        began, worked = time.perf_counter(), time.thread_time()
        actions = self.engine.handle(event)
        took, worked = time.perf_counter() - began, time.thread_time() - worked
        if isinstance(event, MarketStep):
            self.steps.append(took)
        elif isinstance(event, TimerFired) and event.key == "bar":
            self.scans.append(took)
            self.worked.append(worked)
        return actions


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing and its unit."""

    name: str
    value: float
    unit: str


def market_of(columns: int) -> tuple[MadeInstrument, ...]:
    """Return a made market of `columns` instruments: the standard one with shares repeated."""
    standard = standard_market(_DAY, Calendar.load())
    shares = [item for item in standard if item.instrument.kind is Kind.EQUITY]
    made = list(standard[:columns])
    number = 0
    while len(made) < columns:
        item = shares[number % len(shares)]
        number += 1
        twin = replace(
            item.instrument,
            token=50_000_000 + number,
            symbol=f"{item.instrument.symbol}{number}",
            name=f"{item.instrument.name}{number}",
        )
        made.append(replace(item, instrument=twin))
    return tuple(made)


def build(columns: int, out: Path, seconds: int = 5) -> BuiltDay:
    """Write the made day that is measured, a price of each instrument every few `seconds`."""
    spec = SyntheticSpec(
        seed=_SEED,
        date=_DAY,
        regime=regime_of(_SEED),
        instruments=market_of(columns),
        seconds_per_tick=seconds,
    )
    return SyntheticMarket(spec, Calendar.load()).day().write(out)


def runner_of(built: BuiltDay, journal: Path, config: Config) -> Runner:
    """Return a runner over the built day that journals to a file, as the engine process does."""
    day = PaperDay(
        config=config,
        tape=TapeReader(built.tape_path),
        pace=None,
        warmup=built.warmup_path,
        run_code="BENCH",
        run_number=1,
        banned=frozenset(),
    )
    return paper_runner(day, JournalFile(journal), undisturbed())


@dataclass(frozen=True, slots=True)
class Day:
    """A made day: how many instruments, a price each every so many seconds, and what trades."""

    columns: int
    seconds: int = 5
    config: Config = field(default_factory=Config)


def scan_figures(columns: int) -> list[Figure]:
    """Measure every step and every scan of a day of `columns` instruments, as configured."""
    return day_figures(f"{columns} instruments", Day(columns))


def day_figures(name: str, day: Day) -> list[Figure]:
    """Measure every step and every scan of a day, journalled as the engine process does."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(day.columns, Path(folder), day.seconds)
        runner = runner_of(built, Path(folder) / "bench.journal", day.config)
        watch = Stopwatch(runner.engine)
        runner.answer = watch.handle
        began = time.perf_counter()
        with quiet_heap():
            asyncio.run(runner.run({"run": "BENCH"}, runner.engine.setup.closes_at))
        wall = time.perf_counter() - began
    return [
        *spread(f"{name}: price step", watch.steps),
        *spread(f"{name}: scan at a bar's close", watch.scans),
        *spread(f"{name}: scan at a bar's close, processor", watch.worked),
        Figure(f"{name}: whole day, journalled", wall, "s"),
    ]


def spread(name: str, seconds: Sequence[float]) -> list[Figure]:
    """Return median, 95th and 99th percentile of at least one duration, in milliseconds."""
    values = np.array(seconds) * 1_000
    return [
        Figure(f"{name}, {label}", float(np.percentile(values, share)), "ms")
        for label, share in (("median", 50), ("p95", 95), ("p99", 99))
    ]


def table_of(figures: Sequence[Figure], *, as_json: bool) -> str:
    """Return figures as one JSON object, or a line each."""
    if as_json:
        return json.dumps({f"{figure.name} [{figure.unit}]": figure.value for figure in figures})
    width = max(len(figure.name) for figure in figures)
    return "\n".join(f"{one.name:<{width}}  {one.value:10.3f} {one.unit}" for one in figures)


def peak_of(command: Sequence[str]) -> tuple[int, float]:
    """Run a process to its end; return its exit code and peak resident memory in MiB.

    Linux only: the kernel's own high-water mark, read while the process lives.
    """
    process = subprocess.Popen(list(command))
    status = Path(f"/proc/{process.pid}/status")
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1])
        time.sleep(_LOOK_SECONDS)
    return process.returncode, peak / 1024
