"""A day played on paper from a tape, into memory or into a journal file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from marketdata.events import MarketEvent
from marketdata.tape import TapeReader, microseconds, write_tape
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.events import CommandIssued, ConditionChanged
from trading.journal import JournalFile, MemoryJournal

Inputs = Callable[[datetime], Sequence[CommandIssued | ConditionChanged]]
HEAD = {"run": "T1"}


@dataclass(frozen=True, slots=True)
class Told:
    """One record of a journal as it reads back."""

    kind: str
    incoming: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    """What a day left behind: the engine and every record of its journal."""

    engine: Engine
    records: tuple[tuple[str, bool, bytes], ...]

    def of(self, *kinds: str) -> list[Told]:
        """Return the records of some kinds, in order."""
        return [
            Told(kind, incoming, msgspec.json.decode(body))
            for kind, incoming, body in self.records
            if kind in kinds
        ]


@dataclass(frozen=True, slots=True)
class Day:
    """A tape and what stands around it.

    `until`: when the run ends, the session's close if None; `events`: those it begins with, the
    packaged list if None.
    """

    tape: TapeReader
    warmup: Path | None
    config: Config = field(default_factory=Config)
    inputs: Inputs = lambda at: ()
    until: datetime | None = None
    events: tuple[MarketEvent, ...] | None = None

    def _run(self, journal: Any) -> Engine:
        day = PaperDay(
            config=self.config,
            tape=self.tape,
            pace=None,
            warmup=self.warmup,
            run_code="T1",
            run_number=1,
            banned=frozenset(),
            events=self.events,
        )
        runner = paper_runner(day, journal, Outside(self.inputs, lambda: None))
        until = self.until or runner.engine.setup.closes_at
        asyncio.run(runner.run(HEAD, until))
        return runner.engine

    def play(self) -> Played:
        """Play the day into memory."""
        journal = MemoryJournal()
        engine = self._run(journal)
        records = tuple(
            (kind, incoming, msgspec.json.encode(body)) for kind, incoming, body in journal.records
        )
        return Played(engine, records)

    def play_into(self, path: Path) -> Engine:
        """Play the day into a journal file, going on from what it holds."""
        journal = JournalFile(path)
        try:
            return self._run(journal)
        finally:
            journal.close()


def first_part(tape: TapeReader, until: datetime, path: Path) -> TapeReader:
    """Write the frames of a tape before `until` as a tape of their own."""
    frames = [(microseconds(frame.at), frame.ticks) for frame in tape.frames() if frame.at < until]
    return TapeReader(write_tape(path, tape.head, frames))
