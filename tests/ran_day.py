"""A made day traded to its end, for tests that need a whole journal and its tape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from marketdata.quality import ScreenSettings
from marketdata.tape import TapeReader
from tests.made_day import made_day
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.broadcast_facts import DeskFacts
from trading.config import Config
from trading.engine.events import CommandIssued, ConditionChanged
from trading.journal import JournalFile, Record, read_records
from trading.metrics_engine import Samples, timed

RUN = "MADE001"
Inputs = Callable[[datetime], Sequence[CommandIssued | ConditionChanged]]


@dataclass(frozen=True)
class RanDay:
    """A finished run: where its journal and tape stand, and what its engine measured."""

    journal: Path
    tape: TapeReader
    config: Config
    samples: Samples

    def records(self) -> list[Record]:
        return list(read_records(self.journal))

    def facts(self) -> DeskFacts:
        head = self.tape.head
        return DeskFacts(
            account="paper",
            run=RUN,
            date=head.date,
            mode="PAPER",
            source="synthetic",
            state="RUNNING",
            capital=self.config.capital_inr,
            limits=self.config.risk,
            screen=ScreenSettings(),
            instruments=head.instruments,
            previous_close=dict(head.previous_close),
            opens_at_s=int(head.session_open.timestamp()),
        )


def ran_day(
    folder: Path,
    *,
    seed: int = 1,
    inputs: Inputs = lambda _: (),
    config: Config | None = None,
    options: bool = False,
) -> RanDay:
    """Trade the made day of `seed` in `folder`; `inputs` as an operator would give them."""
    built = made_day(folder, seed=seed, options=options)
    config, samples = config or Config(), Samples()
    tape = TapeReader(built.tape_path)
    journal = JournalFile(folder / "run.journal")
    day = PaperDay(
        config=config,
        tape=tape,
        pace=None,
        warmup=built.warmup_path,
        run_code=RUN,
        run_number=1,
        banned=frozenset(),
    )
    runner = paper_runner(day, journal, Outside(inputs, lambda: None))
    runner.answer = timed(runner.answer, samples)
    asyncio.run(runner.run({"run": RUN}, runner.engine.setup.closes_at))
    journal.close()
    return RanDay(folder / "run.journal", tape, config, samples)
