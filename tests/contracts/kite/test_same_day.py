"""A day over Kite's sockets comes out as the same day inside one process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.tape import TapeReader, microseconds, write_tape
from tests.contracts.kite.lockstep import LockstepDay, decided, fills
from tests.replay.played import HEAD
from trading.bootstrap import Outside, PaperDay, history_of, paper_runner, screen_of
from trading.config import Config
from trading.engine.core import Engine
from trading.engine.settings import EngineSetup
from trading.journal import JournalFile, MemoryJournal
from trading.made_days import make_day
from trading.research.audit_replay import audit_replay, decision_hash


@dataclass(frozen=True, slots=True)
class InProcess:
    """The day as it comes out inside one process."""

    tape: TapeReader
    warmup: Path | None
    engine: Engine
    journal: MemoryJournal


@pytest.fixture(params=[1])
async def day(request: pytest.FixtureRequest, tmp_path: Path) -> InProcess:
    built = make_day(request.param, date(2026, 10, 6), tmp_path, seconds_per_tick=5)
    tape = _as_kite_lists_it(TapeReader(built.tape_path), tmp_path / "listed.tape")
    journal = MemoryJournal()
    warmup = built.warmup_path
    told = PaperDay(Config(), tape, None, warmup, "T1", 1, frozenset())
    runner = paper_runner(told, journal, Outside(lambda at: (), lambda: None))
    await runner.run(HEAD, runner.engine.setup.closes_at)
    return InProcess(tape, warmup, runner.engine, journal)


async def test_on_paper_over_the_socket_the_decisions_are_the_same(day: InProcess, tmp_path: Path):
    lockstep = LockstepDay(day.tape, day.warmup, tmp_path)

    engine = await lockstep.paper()

    assert fills(day.journal)
    assert lockstep.decided() == decided(day.journal)
    assert fills(lockstep.journal) == fills(day.journal)
    assert engine.ledger.balance == day.engine.ledger.balance
    assert lockstep.sim.state()["orders"] == 0


async def test_live_before_kitesim_the_decisions_are_the_same(day: InProcess, tmp_path: Path):
    lockstep = LockstepDay(day.tape, day.warmup, tmp_path)

    engine = await lockstep.live()

    lived, alone = lockstep.decided(), decided(day.journal)
    assert by_kind(as_on_paper(lived)) == by_kind(as_on_paper(alone))
    assert fills(lockstep.journal) == fills(day.journal)
    assert engine.ledger.balance == day.engine.ledger.balance
    assert lockstep.sim.state()["orders"] == len(engine.orders.all()) > 0
    assert lockstep.sim.state()["working"] == 0
    path = kept(lockstep.journal, tmp_path / "live.journal")
    assert replayed(path, day, tmp_path / "live.tape", engine.setup) == decision_hash(path)


def as_on_paper(told: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return decisions but for what only a real broker tells: its account's age, its margin."""
    for _, body in told:
        for verdict in body.get("verdicts", ()):
            if verdict["rule"] == "stale-account":
                assert verdict.pop("measured")
            if verdict["rule"] == "margin":
                assert verdict.pop("measured")
            verdict["detail"] = verdict["detail"].removesuffix(", told by the broker")
        body.pop("margin_inr", None)
    return told


def by_kind(told: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Return notes by kind: what waits for the broker is decided after the next opinion."""
    kinds: dict[str, list[Any]] = {}
    for kind, body in told:
        kinds.setdefault(kind, []).append(body)
    return kinds


def kept(journal: MemoryJournal, path: Path) -> Path:
    """Return the file of a journal that was kept in memory."""
    file = JournalFile(path)
    for kind, incoming, body in journal.records:
        file.append(kind, body, incoming=incoming)
    file.flush()
    file.close()
    return path


def replayed(path: Path, day: InProcess, tape: Path, setup: EngineSetup) -> str:
    """Handle the recorded inbox of a run again; return the digest of its decisions."""
    engine = Engine(setup)
    if day.warmup is not None:
        engine.warm(history_of(setup, day.warmup))
    kept_tape = RawTapeReader(tape)
    screen = screen_of(setup, Config(), kept_tape.head)
    return audit_replay(path, kept_tape, engine, screen).decision_hash


def _as_kite_lists_it(tape: TapeReader, path: Path) -> TapeReader:
    """Return the day with instruments as a dump tells them, without the mark of made ones."""
    listed = tuple(replace(item, made_from="") for item in tape.head.instruments)
    frames = ((microseconds(frame.at), frame.ticks) for frame in tape.frames())
    return TapeReader(write_tape(path, replace(tape.head, instruments=listed), frames))
