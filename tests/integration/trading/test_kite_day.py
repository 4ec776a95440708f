"""The day on Kite opened for an engine, and what is in the way of it, over real sockets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.integration.trading.kite_desk_day import (
    DAY,
    OPENS_AT,
    SYNCS_AT,
    WATCH,
    day_wish,
    made_live,
)
from tests.integration.trading.served_kite import ServedKite, log_in, served_kite
from trading import tasks
from trading.bootstrap_tapes import open_tape, warmup_path
from trading.config import KIND, Config, document_of
from trading.kite_day import DayWish, open_kite_day, open_on_occasion
from trading.kite_reading import KiteMorning
from trading.models import Account, BanList, BrokerSession, Instrument, Run, RunState
from trading.run_desks import RunTime, stood_up
from trading.services import config_versions, runs
from trading.services.ban_list import store_ban_list
from trading.services.broker_login import NoSessionError
from trading.services.live_day import LiveDayError
from trading.services.mode_changes import NotLiveError
from trading.services.premarket import Sources, premarket_sync
from trading.services.seed import seed
from trading.services.task_runs import Occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def kite(tmp_path: Path, settings) -> Iterator[ServedKite]:
    (tmp_path / "sim").mkdir()
    with served_kite(tmp_path / "sim") as served:
        log_in(served, settings)
        yield served


@pytest.fixture
def wish(kite: ServedKite, tmp_path: Path) -> DayWish:
    """Return the wish for a day after a good morning."""
    account = seed(by="tests").account
    version = config_versions.store(kind=KIND, document=document_of(Config()), author="tests")
    config_versions.activate(version=version, author="tests", reason="a test")
    store_ban_list(symbols=("SBIN",), on=DAY, source="tests", by="tests")
    shutil.copytree(kite.built.warmup_path, tmp_path / "history")
    broker = KiteMorning(timezone.now, tmp_path / "history")
    sources = Sources(dump=None, ban_list=None, broker=broker, watch=WATCH)
    premarket_sync(occasion("premarket_sync", SYNCS_AT), sources)
    return day_wish(account, tmp_path)


def occasion(name: str, at=OPENS_AT) -> Occasion:
    return Occasion(name=name, due_at=at, at=at, run=None, safety=False)


def test_the_run_is_a_paper_run_on_a_tape_yet_to_be_written(wish):
    run = open_kite_day(wish)

    tape = open_tape(Path(run.tape_path))
    assert (run.mode, run.source, run.date, run.state) == ("PAPER", "kite", DAY, "RUNNING")
    assert (len(tape), tape.head.date, tape.head.source) == (0, DAY, "kite")
    assert run.banned == ["SBIN"]
    assert "SBIN" not in {item.symbol for item in tape.head.instruments}
    assert run.config_version.kind == KIND
    assert Path(run.journal_path).parent == wish.folder / "journals"


def test_what_is_watched_is_what_the_active_configuration_says(wish):
    watch = replace(WATCH, indices=("NIFTY",), watched=(), chains=("NIFTY",), stocks=0)
    document = document_of(Config(live_universe=watch))
    version = config_versions.store(kind=KIND, document=document, author="tests")
    config_versions.activate(version=version, author="tests", reason="a test")

    run = open_kite_day(replace(wish, watch=None))

    instruments = open_tape(Path(run.tape_path)).head.instruments
    assert [item.symbol for item in instruments] == ["NIFTY 50", "NIFTY26OCTFUT"]


def test_the_bars_of_what_is_watched_are_kept_beside_the_tape(wish):
    run = open_kite_day(wish)

    kept = warmup_path(Path(run.tape_path))
    watched = [item for item in open_tape(Path(run.tape_path)).head.instruments if not item.strike]
    assert kept is not None
    assert len(list(kept.glob("*.parquet"))) == len(watched)


def test_without_any_history_the_day_is_opened_all_the_same(wish):
    shutil.rmtree(wish.folder / "history")

    assert open_kite_day(wish).state == RunState.RUNNING.value


def test_a_second_wish_finds_the_run_of_the_first(wish):
    assert open_kite_day(wish) == open_kite_day(wish)
    assert Run.objects.count() == 1


def test_the_mode_at_the_opening_is_the_run_s(wish):
    made_live(wish.account)

    assert open_kite_day(wish).mode == "LIVE"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (lambda wish: BrokerSession.objects.all().delete(), "NO_TOKEN"),
        (lambda wish: Instrument.objects.update(day=DAY - timedelta(days=1)), "stale"),
        (lambda wish: Instrument.objects.all().delete(), "there is no list"),
    ],
)
def test_a_morning_that_went_wrong_has_no_day(wish, missing, expected):
    missing(wish)

    with pytest.raises((LiveDayError, NoSessionError), match=expected):
        open_kite_day(wish)
    assert not Run.objects.exists()


def test_without_a_ban_list_shares_are_blocked_and_the_day_goes_on(wish):
    BanList.objects.all().delete()

    assert open_kite_day(wish).banned is None


def test_a_day_without_a_session_has_no_run(wish):
    with pytest.raises(LiveDayError, match="no session"):
        open_kite_day(replace(wish, at=OPENS_AT - timedelta(days=2)))


def test_while_another_session_runs_none_is_opened(wish):
    other = open_kite_day(wish)
    Run.objects.update(source="synthetic")

    with pytest.raises(LiveDayError, match=f"run {other.code} of .* has not ended"):
        open_kite_day(wish)


def test_a_day_that_is_over_is_not_opened_again(wish):
    runs.finish(run=open_kite_day(wish), by="tests")

    with pytest.raises(LiveDayError, match="the day is over"):
        open_kite_day(wish)


def test_a_day_that_failed_is_opened_again(wish):
    first = open_kite_day(wish)
    runs.finish(run=first, by="tests", state=RunState.FAILED)

    assert open_kite_day(wish).code != first.code


def test_the_timetable_leaves_a_kite_of_our_own_alone(wish):
    result = open_on_occasion(occasion("open_kite_day"), wish.account)

    assert result.outcome == "SKIPPED"
    assert "is not Kite" in result.detail


def test_the_timetable_tells_what_is_in_the_way(wish, settings):
    settings.KITE_ROOT = "https://api.kite.trade"
    Instrument.objects.all().delete()

    result = open_on_occasion(occasion("open_kite_day"), wish.account)

    assert result.outcome == "FAILED"
    expected = f"instruments: there is no list, expected the list of {DAY}"
    assert result.detail == f"no day on Kite: {expected}"


def test_the_task_does_nothing_without_an_app(settings):
    settings.KITE_API_KEY = ""

    told = tasks.open_kite_day(at=OPENS_AT.isoformat(), due_at=OPENS_AT.isoformat())

    assert told == "SKIPPED: no app at the broker"


def test_the_command_tells_what_is_in_the_way(wish):
    with pytest.raises(CommandError, match="no day on Kite: "):
        call_command("open_kite_day", "--by", "tests", "--folder", str(wish.folder))


class NoJournal:
    """A journal that nothing may be written to."""


@pytest.mark.parametrize("source", ["kite", "kitesim", "synthetic"])
def test_a_live_run_that_no_gate_let_in_gets_no_desk(wish, source):
    run = open_kite_day(wish)
    Run.objects.filter(pk=run.pk).update(mode="LIVE", source=source)
    run.refresh_from_db()

    with pytest.raises(NotLiveError, match=run.code):
        stood_up(run, NoJournal(), None, RunTime(None))


def test_an_account_is_needed(settings):
    settings.KITE_API_KEY = "app"
    assert not Account.objects.exists()

    told = tasks.open_kite_day(at=OPENS_AT.isoformat(), due_at=OPENS_AT.isoformat())

    assert "FAILED: account paper: unknown" in told
