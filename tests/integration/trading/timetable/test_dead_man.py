"""A run whose engine is dead is brought out by a task, and one whose engine lives is left alone."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.integration.faulty_day import Books
from tests.own_valkey import OwnValkey
from trading import broadcast_keys as keys
from trading import leader
from trading.broadcast_redis import encode
from trading.emergency import bring_out
from trading.engine.runner import DivergenceError
from trading.journal import JournalBusyError, JournalCorruptError, JournalFile
from trading.journal_holder import QUIET_SECONDS
from trading.leader import LeaseTakenError
from trading.models import Account, Alert, AuditEntry, Command, LeaderLease, Run, TaskRun
from trading.recorder import Recorder
from trading.selectors import ledger_gap, open_positions
from trading.services.broker_book import broker_book
from trading.services.dead_man import BY, LastMeans, watch_engines
from trading.tasks import look_for_dead_engines
from trading.worker import trade

WAIT = 60.0


def by_engine(run: Run) -> int:
    return bring_out(run, by=BY, reason="tests").pk


def no_book(run: Run) -> str:
    raise AssertionError(f"{run}: the broker's own list was asked for")


MEANS = LastMeans(engine=by_engine, book=no_book, wait_seconds=WAIT)


@pytest.fixture
def quiet(left_holding: Run, valkey: OwnValkey) -> Run:
    """Return a run that holds something and of whose engine nothing was heard for long."""
    age(left_holding, QUIET_SECONDS + 10)
    return left_holding


def age(run: Run, seconds: float) -> None:
    """Let the last word in a journal be so old."""
    at = time.time() - seconds
    os.utime(run.journal_path, (at, at))


def looked_at(*seconds: float, means: LastMeans = MEANS) -> list[str]:
    """Look at these seconds from now, and return what was told each time."""
    now = timezone.now()
    return [watch_engines(now + timedelta(seconds=one), means) for one in seconds]


def gives_sign(valkey: OwnValkey, run: Run) -> None:
    sign = {"run": run.code, "wall_at": timezone.now().isoformat()}
    valkey.client.set(keys.health_key("engine"), encode(sign), ex=30)


def test_a_dead_engine_s_positions_are_closed_once_it_was_missed_for_long_enough(quiet: Run):
    before, soon, late, after = looked_at(0, WAIT - 1, WAIT, WAIT + 5)

    Recorder(quiet).catch_up()
    assert (before, soon) == ("all in order", "all in order")
    assert late.startswith(f"{quiet.code}: DONE: flattened by command")
    assert after == "all in order"
    assert broker_book(Path(quiet.journal_path)).is_flat
    assert not open_positions(quiet).exists()
    assert ledger_gap(quiet) == 0
    assert Command.objects.get().state == "DONE"
    assert TaskRun.objects.get(name="dead_man").outcome == "DONE"
    told = list(Alert.objects.filter(kind="dead-man").order_by("pk"))
    assert [alert.severity for alert in told] == ["CRITICAL", "CRITICAL"]
    assert "no sign of its engine" in told[0].text
    assert "held: " in told[0].text
    assert "halted until a person unlocks it" in told[1].text
    assert AuditEntry.objects.filter(action="run.dead-man", subject=quiet.code).count() == 2
    assert leader.current(quiet.account) is None


def test_the_engine_that_comes_back_goes_on_halted_and_enters_nothing(quiet: Run):
    looked_at(0, WAIT)
    books = Books(Path(quiet.journal_path)).read()
    entered, last = len(entries(books)), books.records[-1].seq

    engine = trade(quiet.code, tempo=None, show=lambda *_: None)

    books.read()
    assert books.records[-1].seq > last
    assert len(entries(books)) == entered
    assert books.doubled() == []
    assert books.held() == set()
    assert engine.breakers.state == "HALTED"
    assert Run.objects.get(pk=quiet.pk).state == "FINISHED"
    tokens = [record.token for record in books.records]
    assert tokens == sorted(tokens)
    assert len(set(tokens)) == 3


def entries(books: Books) -> list[str]:
    asked = [r.body["request"] for r in books.of("PlaceOrder")]
    return [one["client_id"] for one in asked if one["role"] == "ENTRY"]


def test_an_engine_that_shows_itself_once_is_given_the_whole_time_again(
    quiet: Run, valkey: OwnValkey
):
    looked_at(0)
    gives_sign(valkey, quiet)
    looked_at(WAIT)
    valkey.client.delete(keys.health_key("engine"))

    told = looked_at(WAIT + 5, 2 * WAIT, 2 * WAIT + 5)

    assert told[:2] == ["all in order", "all in order"]
    assert "flattened" in told[2]


def test_an_engine_that_holds_the_lease_is_left_alone(quiet: Run):
    leader.acquire(quiet.account, "somebody", timedelta(seconds=30))

    assert looked_at(0, WAIT, 2 * WAIT) == ["all in order"] * 3


def test_an_engine_that_still_writes_is_left_alone_without_sign_and_lease(quiet: Run):
    age(quiet, 5)

    assert looked_at(0, WAIT, 2 * WAIT) == ["all in order"] * 3


def test_a_process_that_works_on_the_journal_is_left_alone(quiet: Run):
    held = JournalFile(Path(quiet.journal_path))
    age(quiet, QUIET_SECONDS - 20)

    told = looked_at(0, WAIT, 2 * WAIT)

    held.close()
    assert told == ["all in order"] * 3


def test_a_run_that_holds_nothing_is_left_alone(quiet: Run):
    looked_at(0, WAIT)
    LeaderLease.objects.update(expires_at=quiet.started_at)
    age(quiet, QUIET_SECONDS + 10)

    assert looked_at(200, 200 + WAIT) == ["all in order"] * 2
    assert TaskRun.objects.filter(name="dead_man").count() == 1


def test_it_can_be_turned_off(quiet: Run):
    off = replace(MEANS, wait_seconds=0)

    assert looked_at(0, 1_000_000, means=off) == ["off", "off"]


def test_without_a_store_nobody_knows_for_how_long_an_engine_was_missed(
    quiet: Run, valkey: OwnValkey
):
    valkey.stop()

    assert looked_at(0, WAIT, 2 * WAIT) == ["all in order"] * 3


def test_an_engine_that_takes_the_lease_at_the_last_moment_is_not_fought(quiet: Run):
    def refused(run: Run) -> int:
        raise LeaseTakenError(run.code)

    told = looked_at(0, WAIT, means=replace(MEANS, engine=refused))

    assert told[1] == f"{quiet.code}: SKIPPED: an engine came back and holds the lease"


def test_a_paper_run_that_cannot_be_lived_again_is_told_and_left(quiet: Run):
    def diverges(run: Run) -> int:
        raise DivergenceError(run.code)

    means = replace(MEANS, engine=diverges)
    with pytest.raises(DivergenceError):
        looked_at(0, WAIT, means=means)

    assert "DivergenceError" in Alert.objects.get(kind="task-failed").text


@pytest.mark.parametrize("error", [DivergenceError, JournalBusyError])
def test_a_live_run_whose_engine_cannot_be_brought_up_goes_by_the_broker_s_list(
    quiet: Run, error: type[Exception]
):
    Run.objects.filter(pk=quiet.pk).update(mode="LIVE")
    asked: list[str] = []

    def fails(run: Run) -> int:
        raise error(run.code)

    def book(run: Run) -> str:
        asked.append(run.code)
        return "2 orders sent"

    means = LastMeans(engine=fails, book=book, wait_seconds=WAIT)
    try:
        looked_at(0, WAIT, means=means)
    except DivergenceError:
        assert error is DivergenceError

    assert asked == [quiet.code]
    assert "2 orders sent" in Alert.objects.filter(kind="dead-man").latest("pk").text


def damage(run: Run) -> None:
    """Turn a bit round in the middle of a run's journal, which stays as old as it is."""
    path, said_at = Path(run.journal_path), Path(run.journal_path).stat().st_mtime
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, (said_at, said_at))


def test_a_live_run_whose_journal_is_damaged_goes_by_the_broker_s_list(quiet: Run):
    Run.objects.filter(pk=quiet.pk).update(mode="LIVE")
    damage(quiet)
    asked: list[str] = []

    def book(run: Run) -> str:
        asked.append(run.code)
        return "2 orders sent"

    with pytest.raises(JournalCorruptError):
        looked_at(0, WAIT, means=replace(MEANS, book=book))

    assert asked == [quiet.code]
    first = Alert.objects.filter(kind="dead-man").earliest("pk").text
    assert "what is held isn't known" in first
    assert "damaged record" in first


def another(run: Run) -> Run:
    """Return a run of another account that was left like this one."""
    account = Account.objects.create(code="OTHER", name="other", start_capital=1)
    path = Path(run.journal_path).with_name("other.journal")
    shutil.copy2(run.journal_path, path)
    LeaderLease.objects.create(account=account, holder="gone", token=1, expires_at=run.started_at)
    told = {"account": account, "code": "OTHERAA", "journal_path": str(path)}
    return Run.objects.create(
        mode="PAPER",
        date=run.date,
        source=run.source,
        config_version=run.config_version,
        started_at=run.started_at,
        **told,
    )


def test_a_run_that_cannot_be_brought_out_keeps_no_other_from_it(quiet: Run):
    second = another(quiet)
    asked: list[str] = []

    def fails_first(run: Run) -> int:
        asked.append(run.code)
        if run.pk == quiet.pk:
            raise DivergenceError(run.code)
        return 1

    with pytest.raises(DivergenceError):
        looked_at(0, WAIT, means=replace(MEANS, engine=fails_first))

    assert asked == [quiet.code, second.code]


def test_the_task_keeps_to_the_setting_and_takes_words_it_does_not_know(quiet: Run, settings):
    settings.DEAD_MAN_SECONDS = 0.0
    assert look_for_dead_engines.apply(kwargs={"new_word": "ignored"}).get() == "off"

    settings.DEAD_MAN_SECONDS = 0.001
    first = look_for_dead_engines.apply().get()
    second = look_for_dead_engines.apply().get()

    assert (first, "flattened by command" in second) == ("all in order", True)
