from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from marketdata.calendar import IST
from marketdata.tape import TapeReader
from tests.factories import RunFactory
from trading.emergency import flatten_run
from trading.models import Alert, Delivery, Instrument, Report, Run, RunState, TaskOutcome, TaskRun
from trading.recorder import Recorder
from trading.selectors import last_equity
from trading.services.archive import HISTORY, HOT, archive, prune
from trading.services.day_report import figures, post_market_report
from trading.services.task_runs import Occasion

DUE = datetime(2026, 10, 6, 15, 45, tzinfo=IST)


def evening(run: Run | None = None, *, at: datetime = DUE) -> Occasion:
    return Occasion(name="evening", due_at=at, at=at, run=run, safety=False)


@pytest.fixture
def finished(left_holding: Run) -> Run:
    flatten_run(left_holding, by="tests", reason="the day is over")
    Recorder(left_holding).catch_up()
    return Run.objects.select_related("account", "config_version").get(pk=left_holding.pk)


def test_the_report_says_what_the_books_say(finished):
    result = post_market_report(evening(finished))

    report = Report.objects.get(kind="POST_MARKET")
    told = report.document
    profit = last_equity(finished).equity - finished.account.start_capital
    assert report.is_good
    assert Decimal(told["net_inr"]) == profit
    assert Decimal(told["gross_inr"]) - Decimal(told["charges_inr"]) == profit
    assert told["trades"] == len(told["positions"]) >= 1
    assert sum(entry["signals"] for entry in told["strategies"].values()) == told["signals"]
    assert Decimal(told["ledger_gap_inr"]) == 0
    assert finished.code in result.detail
    assert Alert.objects.get(kind="post-market").severity == "INFO"


def test_a_report_made_again_takes_the_place_of_the_first(finished):
    post_market_report(evening(finished))
    post_market_report(evening(finished))

    assert Report.objects.filter(kind="POST_MARKET").count() == 1


def test_a_day_that_is_not_flat_is_a_bad_report(left_holding):
    post_market_report(evening(left_holding))

    assert not Report.objects.get(kind="POST_MARKET").is_good
    assert Alert.objects.get(kind="post-market").severity == "WARNING"
    assert "NOT FLAT" in Report.objects.get(kind="POST_MARKET").text


def test_a_run_without_a_row_gives_a_report_of_zeros(opened):
    told = figures(opened)

    assert (told["trades"], told["net_inr"], told["slippage_inr_a_unit"]) == (0, 0, None)


@pytest.mark.django_db
def test_a_day_without_a_session_has_no_report():
    assert post_market_report(evening()).outcome == "SKIPPED"


@pytest.fixture
def old_run(tmp_path: Path, built, db) -> Run:
    """Return a run that ended long ago, with a journal and a tape of its own."""
    journal, tape = tmp_path / "old.journal", tmp_path / "old.tape"
    journal.write_bytes(b"a journal\n" * 1000)
    tape.write_bytes(built.tape_path.read_bytes())
    ended = DUE - HOT - timedelta(days=2)
    return RunFactory(
        date=ended.date(),
        state=RunState.FINISHED.value,
        ended_at=ended,
        journal_path=str(journal),
        tape_path=str(tape),
    )


def test_an_ended_run_s_files_are_packed_once(old_run):
    first, second = archive(evening()), archive(evening())

    packed = Path(old_run.journal_path + ".gz")
    assert gzip.decompress(packed.read_bytes()) == Path(old_run.journal_path).read_bytes()
    tape = TapeReader(Path(old_run.tape_path + ".gz"))
    assert tape.sha256 == TapeReader(Path(old_run.tape_path)).sha256
    assert (first.detail, second.detail) == ("2 files packed", "0 files packed")


def test_a_raw_tape_is_small_already_and_stays_as_it_is(old_run):
    raw_tape = Path(old_run.tape_path).rename(Path(old_run.tape_path).with_suffix(".raw"))
    Run.objects.update(tape_path=str(raw_tape))

    assert archive(evening()).detail == "1 files packed"
    prune(evening())

    assert raw_tape.exists()
    assert not Path(f"{raw_tape}.gz").exists()


def test_a_running_run_s_files_are_left_alone(old_run):
    Run.objects.update(state="RUNNING", ended_at=None)

    assert archive(evening()).detail == "0 files packed"
    assert prune(evening()).detail.startswith("0 files")


def test_old_files_go_once_their_archive_is_there(old_run):
    assert prune(evening()).detail.startswith("0 files")

    archive(evening())
    assert prune(evening()).detail.startswith("2 files")

    assert not Path(old_run.journal_path).exists()
    assert Path(old_run.journal_path + ".gz").exists()


def test_an_archive_that_differs_saves_the_plain_file(old_run):
    archive(evening())
    Path(old_run.journal_path + ".gz").write_bytes(gzip.compress(b"something else"))

    prune(evening())

    assert Path(old_run.journal_path).exists()


def test_a_tape_that_a_younger_run_uses_stays(old_run):
    RunFactory(
        date=DUE.date(), state="FINISHED", ended_at=DUE, tape_path=old_run.tape_path, code="YOUNG"
    )
    archive(evening())

    prune(evening())

    assert Path(old_run.tape_path).exists()
    assert not Path(old_run.journal_path).exists()


def test_a_young_run_s_files_stay(old_run):
    archive(evening())
    Run.objects.update(ended_at=DUE, date=DUE.date())

    prune(evening())

    assert Path(old_run.journal_path).exists()


def test_old_history_goes_and_young_stays(db):
    alert = Alert.objects.create(kind="x", severity="INFO", text="-", at=DUE)
    for number, made in enumerate((DUE - HISTORY - timedelta(days=1), DUE)):
        TaskRun.objects.create(
            name="archive", due_at=made, outcome=TaskOutcome.DONE.value, ended_at=timezone.now()
        )
        Delivery.objects.create(
            alert=alert, channel=f"c{number}", fingerprint="f", state="SENT", made_at=made
        )

    prune(evening())

    assert [row.due_at for row in TaskRun.objects.all()] == [DUE]
    assert [row.channel for row in Delivery.objects.all()] == ["c1"]


def test_instrument_lists_go_unless_a_run_needs_them(opened):
    Run.objects.update(state="FINISHED", ended_at=DUE)
    held = Instrument.objects.count()
    later = DUE + HOT + timedelta(days=5)
    prune(evening(at=later))
    assert Instrument.objects.count() == held

    Instrument.objects.update(day=DUE.date() - timedelta(days=1))
    prune(evening(at=later))
    assert Instrument.objects.count() == 0
