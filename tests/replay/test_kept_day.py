"""A run that goes on from what was kept of it writes the journal of one that was never broken off.

Of the whole journal nothing but what came after the keeping is lived again.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.tape import TapeReader
from tests.leg_config import legs_config
from tests.made_day import made_day
from tests.replay.played import HEAD, Day
from trading.bootstrap import Outside, PaperDay, paper_runner
from trading.config import Config
from trading.engine.runner import Runner
from trading.journal import JournalFile
from trading.snapshot_form import Teller
from trading.snapshots import Kept, Snapshots

UNTIL = datetime(2026, 10, 6, 13, 0, tzinfo=IST)
CONFIGS = {"plain": Config(), "many legs": legs_config()}


class BrokenOffError(Exception):
    """The process is gone."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    return made_day(tmp_path_factory.mktemp("built"), seed=2, options=True)


def runner_of(
    built: BuiltDay, config: Config, journal: tuple[Path, JournalFile], leave_at: datetime
) -> Runner:
    """Return a runner that ends without a word once it is `leave_at`."""

    def inputs(at: datetime) -> tuple[()]:
        if at >= leave_at:
            raise BrokenOffError
        return ()

    path, file = journal
    day = PaperDay(
        config=config,
        tape=TapeReader(built.tape_path),
        pace=None,
        warmup=built.warmup_path,
        run_code="T1",
        run_number=1,
        banned=frozenset(),
        snapshots=Snapshots(path, "this code"),
    )
    return paper_runner(day, file, Outside(inputs, lambda: None))


def live(
    built: BuiltDay, config: Config, path: Path, leave_at: datetime, *, keep: bool = False
) -> Runner:
    """Go on with a run until `leave_at`, and keep what it has come to if that is wanted."""
    journal = JournalFile(path)
    try:
        runner = runner_of(built, config, (path, journal), leave_at)
        try:
            asyncio.run(runner.run(HEAD, UNTIL))
        except BrokenOffError:
            journal.flush()
        if keep:
            Snapshots(path, "this code").write(Kept(runner.lived(), None))
    finally:
        journal.let_go()
    return runner


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_goes_on_from_what_was_kept_as_if_it_had_never_been_broken_off(
    name: str, built: BuiltDay, tmp_path: Path
):
    config, whole = CONFIGS[name], tmp_path / "whole.journal"
    Day(TapeReader(built.tape_path), built.warmup_path, config, until=UNTIL).play_into(whole)
    written = whole.read_bytes()
    assert b'"k":"PlaceOrder"' in written

    for kept_at in (timedelta(minutes=2), timedelta(minutes=47), timedelta(hours=2, minutes=31)):
        path, moment = tmp_path / f"{kept_at}.journal", UNTIL - timedelta(hours=4) + kept_at
        live(built, config, path, moment, keep=True)
        kept = path.read_bytes()
        live(built, config, path, moment + timedelta(minutes=20))
        assert len(path.read_bytes()) > len(kept)
        assert written.startswith(path.read_bytes())

        live(built, config, path, UNTIL + timedelta(days=1))

        assert path.read_bytes() == written


def test_what_is_kept_is_where_the_next_engine_begins(built: BuiltDay, tmp_path: Path):
    path, moment = tmp_path / "day.journal", UNTIL - timedelta(hours=3)
    before = live(built, Config(), path, moment, keep=True)
    journal = JournalFile(path)

    runner = runner_of(built, Config(), (path, journal), UNTIL)

    journal.let_go()
    assert runner.lived().frames == before.lived().frames > 0
    assert not runner.is_recovering
    assert not Snapshots(path, "this code").path.exists()


def test_what_an_engine_starts_with_stays_as_it_was(built: BuiltDay, tmp_path: Path):
    path = tmp_path / "day.journal"
    journal = JournalFile(path)
    runner = runner_of(built, Config(), (path, journal), UNTIL)
    setup = runner.engine.setup
    before = Teller().told(setup, None)

    with contextlib.suppress(BrokenOffError):
        asyncio.run(runner.run(HEAD, UNTIL))

    journal.let_go()
    assert runner.engine.setup is setup
    assert Teller().told(setup, None) == before
