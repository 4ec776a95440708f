from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.tape import TapeReader, microseconds, write_tape
from tests.made_day import made_day
from tests.replay.played import Day, first_part
from trading.bootstrap import history_of, screen_of, setup_of
from trading.config import Config
from trading.engine.core import Engine
from trading.journal import read_records
from trading.research.audit_replay import ReplayReport, audit_replay, decision_hash

ELEVEN = datetime(2026, 10, 6, 11, 0, tzinfo=IST)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("built"), seed=2)


@pytest.fixture(scope="module")
def journal(built: BuiltDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "day.journal"
    Day(TapeReader(built.tape_path), built.warmup_path).play_into(path)
    return path


def replayed(journal: Path, tape: TapeReader, warmup: Path, config: Config) -> ReplayReport:
    """Handle the recorded inbox of a run again with a new engine."""
    setup = setup_of(config, tape.head, "T1", banned=frozenset())
    engine = Engine(setup)
    engine.warm(history_of(setup, warmup))
    return audit_replay(journal, tape, engine, screen_of(setup, config, tape.head))


def test_a_recorded_inbox_handled_again_comes_to_the_same_decisions(built: BuiltDay, journal: Path):
    report = replayed(journal, TapeReader(built.tape_path), built.warmup_path, Config())

    assert report.decision_hash == decision_hash(journal)
    kinds = [record.kind for record in read_records(journal)]
    assert report.events == sum(
        kinds.count(kind) for kind in ("MarketStep", "TimerFired", "BrokerSaid", "ChangeRefused")
    )
    assert "PlanNoted" in kinds


def test_two_runs_of_one_tape_write_the_same_journal(
    built: BuiltDay, journal: Path, tmp_path: Path
):
    path = tmp_path / "again.journal"

    Day(TapeReader(built.tape_path), built.warmup_path).play_into(path)

    assert path.read_bytes() == journal.read_bytes()


def test_a_changed_future_changes_nothing_before_it(built: BuiltDay, journal: Path, tmp_path: Path):
    tape = TapeReader(built.tape_path)
    frames = []
    for frame in tape.frames():
        ticks = frame.ticks
        if frame.at >= ELEVEN:
            for name in ("last", "open", "high", "low", "bid", "ask"):
                ticks[name] *= 1.03
        frames.append((microseconds(frame.at), ticks))
    altered = TapeReader(write_tape(tmp_path / "altered.tape", tape.head, frames))
    path = tmp_path / "altered.journal"

    Day(altered, built.warmup_path).play_into(path)

    before = [r for r in read_records(journal) if is_before(r.body, ELEVEN)]
    assert [r for r in read_records(path) if is_before(r.body, ELEVEN)] == before
    assert path.read_bytes() != journal.read_bytes()
    assert len(before) > 1_000


def is_before(body: dict[str, str], moment: datetime) -> bool:
    return "at" in body and datetime.fromisoformat(body["at"]) < moment


@pytest.mark.shared_data
def test_a_recorded_morning_runs_the_same_twice_and_replays(shared_data: Path, tmp_path: Path):
    from marketdata.dayset import RECORDED_DAYS, build_day

    spec = next(spec for spec in RECORDED_DAYS if str(spec.date) == "2021-04-28")
    built = build_day(spec, shared_data, tmp_path)
    until = datetime(2021, 4, 28, 11, 0, tzinfo=IST)
    tape = first_part(TapeReader(built.tape_path), until, tmp_path / "morning.tape")
    first, second = tmp_path / "first.journal", tmp_path / "second.journal"

    Day(tape, built.warmup_path, until=until).play_into(first)
    Day(tape, built.warmup_path, until=until).play_into(second)

    assert first.read_bytes() == second.read_bytes()
    report = replayed(first, tape, built.warmup_path, Config())
    assert report.decision_hash == decision_hash(first)
    assert {"PlanNoted", "FillNoted"} <= {record.kind for record in read_records(first)}


def test_the_altered_hours_begin_within_the_session(built: BuiltDay):
    head = TapeReader(built.tape_path).head

    assert head.session_open < ELEVEN < head.session_close - timedelta(hours=3)
