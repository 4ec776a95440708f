"""Engines as real processes: stopped for longer than their lease, cut off, and taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from marketdata.tape import TapeReader
from tests.integration.faulty_day import Books
from tests.integration.trading.test_engine_killed import engine
from tests.integration.trading.test_paced_engine import SEED_WITH_EARLY_TRADES, wait_for
from tests.integration.trading.test_recorder_killed import recording
from tests.own_valkey import OwnValkey
from trading import leader
from trading.config import Config
from trading.ears import LEASE, REDIS
from trading.journal import JournalCorruptError, JournalFile, StaleLeaseError
from trading.journal_holder import holder_of
from trading.made_days import make_day
from trading.models import Alert, LeaderLease, Run
from trading.paper_day import open_run
from trading.services.engine_life import EngineLife, life_of
from trading.services.seed import seed
from trading.takeover import led

SPEED = ("--speed", "600")
PATIENCE = 90.0

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Process = subprocess.Popen[bytes]


@pytest.fixture
def run(transactional_db: None, tmp_path: Path) -> Run:
    built = make_day(SEED_WITH_EARLY_TRADES, date(2026, 10, 5), tmp_path, seconds_per_tick=1)
    account = seed(by="tests").account
    return open_run(account, Config(), TapeReader(built.tape_path), "made", tmp_path)


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Return the processes of a test, to be ended with it."""
    engines: list[Process] = []
    yield engines
    for process in engines:
        process.kill()
        process.wait()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OwnValkey]:
    """Return a store of one engine's own."""
    server = OwnValkey(tmp_path)
    server.start()
    yield server
    server.close()


def holding(run: Run, started: list[Process]) -> Process:
    """Return an engine at work that holds something, recorded, as it enters nothing without."""
    process = engine(run, *SPEED)
    started += [process, recording(run)]
    wait_for(Path(run.journal_path), "PlanMoved", state="OPEN")
    return process


def expire() -> None:
    """Let every lease run out, as it does while nobody renews it."""
    LeaderLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def wait_until(holds, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited {seconds} s in vain"
        time.sleep(0.1)


def test_a_stopped_engine_is_ended_by_the_one_that_takes_over_and_can_never_send(
    run: Run, started: list[Process]
):
    books = Books(Path(run.journal_path))
    first = holding(run, started)
    first.send_signal(signal.SIGSTOP)
    expire()
    token, last = LeaderLease.objects.get().token, books.read().records[-1].seq

    second = engine(run)
    started.append(second)
    second.wait(timeout=PATIENCE)
    first.send_signal(signal.SIGCONT)

    assert (first.wait(timeout=10), second.returncode) == (-signal.SIGKILL, 0)
    books.read()
    assert {r.token for r in books.records if r.seq > last} == {token + 1}
    assert books.doubled() == []
    assert books.held() == set()
    assert Run.objects.get(pk=run.pk).state == "FINISHED"
    assert str(first.pid) in Alert.objects.get(kind="engine-ended").text


def test_an_engine_that_works_is_never_replaced(run: Run, started: list[Process]):
    first = holding(run, started)
    expire()

    second = engine(run)
    started.append(second)

    assert second.wait(timeout=PATIENCE) == 2
    assert first.poll() is None
    seen = Books(Path(run.journal_path)).read().records[-1].seq
    wait_until(lambda: Books(Path(run.journal_path)).read().records[-1].seq > seen)


def test_an_engine_continued_after_its_lease_went_elsewhere_ends_without_sending(
    run: Run, started: list[Process]
):
    books = Books(Path(run.journal_path))
    first = holding(run, started)
    first.send_signal(signal.SIGSTOP)
    before = len(books.read().of("PlaceOrder", "ModifyOrder", "CancelOrder"))
    time.sleep(LEASE.total_seconds() + 1)
    other = leader.acquire(run.account, "on another machine", LEASE)

    first.send_signal(signal.SIGCONT)

    assert first.wait(timeout=30) != 0
    sent = books.read().of("PlaceOrder", "ModifyOrder", "CancelOrder")
    answered = {r.body["update"]["client_id"] for r in books.of("BrokerSaid")}
    late = [r.body["request"]["client_id"] for r in sent[before:] if r.kind == "PlaceOrder"]
    assert answered.isdisjoint(late), "an order went out under a lost lease"
    assert leader.current(run.account).token == other.token


def test_an_engine_cut_off_from_the_store_keeps_its_lease_and_is_not_replaced(
    run: Run, started: list[Process], store: OwnValkey, monkeypatch: pytest.MonkeyPatch
):
    here = os.environ["REDIS_URL"]
    monkeypatch.setenv("REDIS_URL", store.url)
    first = holding(run, started)
    monkeypatch.setenv("REDIS_URL", here)
    store.freeze()
    books = Books(Path(run.journal_path))
    wait_until(lambda: (REDIS, False) in books.read().conditions())

    second = engine(run)
    started.append(second)

    assert second.wait(timeout=PATIENCE) == 2
    assert life_of(run) is EngineLife.SILENT
    assert first.wait(timeout=PATIENCE * 2) == 0
    [outage] = [outage for outage in books.read().outages() if REDIS in outage.names]
    assert books.placed(outage, entries=True) == []
    assert books.held() == set()


def test_a_lease_older_than_the_journal_s_last_word_may_not_write(run: Run):
    path = Path(run.journal_path)
    journal = JournalFile(path)
    journal.lead(7)
    journal.append("run", {}, incoming=True)
    journal.close()

    with pytest.raises(StaleLeaseError, match="lease 1, but 7 has written"):
        led(run, "an engine whose lease was counted anew")

    assert holder_of(path) is None


def test_a_run_that_has_begun_is_not_begun_again_where_its_journal_is_missing(run: Run):
    Run.objects.filter(pk=run.pk).update(fencing_token=3)
    run.refresh_from_db()

    with pytest.raises(JournalCorruptError, match="missing, expected the journal of a run"):
        led(run, "an engine on another machine")

    assert leader.current(run.account) is None
