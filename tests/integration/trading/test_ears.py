"""What an engine process hears, on a real database and a store that is there or away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection

from marketdata.calendar import IST
from tests.factories import RunFactory
from trading import leader
from trading.ears import DATABASE, LEASE, RECORDER, REDIS, DeafError, Ears, LostLeaseError
from trading.engine.events import CommandIssued, CommandKind, ConditionChanged
from trading.models import Run, RunMode
from trading.pulse import Pulse
from trading.services import commands

AT = datetime(2026, 10, 6, 10, 0, tzinfo=IST)


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_awake(self, ears: Ears, seconds: float) -> None:
        """Let time pass while the loop looks ten times a second."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            ears.inputs(AT, ())


@pytest.fixture
def paper(db: None, tmp_path: Path) -> Run:
    return RunFactory(mode=RunMode.PAPER.value, journal_path=str(tmp_path / "run.journal"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ears_of(
    run: Run, clock: Clock, *, store: redis.Redis | None = None, watches: bool = True
) -> Ears:
    lease = leader.acquire(run.account, "this engine", LEASE)
    return Ears(run, lease, Pulse(run.code, store, clock=clock), watches, clock)


def away() -> redis.Redis:
    return redis.Redis(port=1, socket_connect_timeout=0.2)


def told(ears: Ears, blocked: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    events = ears.inputs(AT, blocked)
    return [(event.name, event.good) for event in events if isinstance(event, ConditionChanged)]


def test_a_command_is_heard_once_with_who_and_why(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    row = commands.issue(kind=CommandKind.PAUSE, by="asha", reason="lunch", run=paper)

    ears.ask()
    ears.ask()

    assert list(ears.inputs(AT, ())) == [
        CommandIssued(AT, row.pk, CommandKind.PAUSE, "asha", "lunch", "")
    ]
    assert list(ears.inputs(AT, ())) == []


def test_a_store_that_is_away_turns_bad_once_and_good_again(paper: Run, clock: Clock, settings):
    ears = ears_of(paper, clock, store=away())

    ears.pulse.beat()
    turned_bad = told(ears)
    still_bad = told(ears, (REDIS,))
    ears.pulse.store = redis.Redis.from_url(settings.REDIS_URL)
    ears.pulse.beat()
    turned_good = told(ears, (REDIS,))

    assert (turned_bad, still_bad, turned_good) == ([(REDIS, False)], [], [(REDIS, True)])


def test_without_a_pace_nothing_outside_can_turn_bad(paper: Run, clock: Clock):
    ears = ears_of(paper, clock, store=away(), watches=False)

    ears.pulse.beat()

    assert list(ears.inputs(AT, ())) == []


def test_a_database_that_answers_nothing_turns_bad_though_the_thread_hangs(
    paper: Run, clock: Clock
):
    ears = ears_of(paper, clock)
    ears.ask()

    clock.pass_awake(ears, 2.9)
    before = told(ears)
    clock.pass_awake(ears, 0.3)
    after = told(ears)
    ears.ask()

    assert (before, after) == ([], [(DATABASE, False)])
    assert told(ears, (DATABASE,)) == [(DATABASE, True)]


def test_a_store_that_answers_nothing_turns_bad(paper: Run, clock: Clock):
    ears = ears_of(paper, clock, store=away())

    clock.pass_awake(ears, 2.9)
    ears.ask()
    clock.pass_awake(ears, 0.3)

    assert told(ears) == [(REDIS, False)]


def test_a_process_that_was_stopped_was_not_kept_waiting(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    ears.ask()
    ears.inputs(AT, ())

    clock.now += 60.0

    assert told(ears) == []


def test_what_a_killed_process_had_called_bad_turns_good_in_the_next(paper: Run, clock: Clock):
    recovered = ("database", "operator", "redis")

    assert told(ears_of(paper, clock), recovered) == [(DATABASE, True), (REDIS, True)]


def test_a_recorder_that_stands_still_with_records_waiting_turns_bad(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    ears.written = 10

    ears.ask()
    clock.now += 6.0
    ears.ask()

    [event] = ears.inputs(AT, ())
    assert isinstance(event, ConditionChanged)
    assert (event.name, event.good, event.detail) == (RECORDER, False, "10 records behind")


def test_a_lease_that_expired_unseen_is_taken_again_under_a_new_token(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    first = ears.lease.token
    ears.lease = leader.acquire(paper.account, "this engine", timedelta(microseconds=1))

    clock.now += 11.0
    ears.ask()

    ears.fence()
    paper.refresh_from_db()
    assert ears.lease.token > first
    assert paper.fencing_token == ears.lease.token


def test_a_lease_another_engine_took_stops_every_order(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    ears.lease = leader.acquire(paper.account, "this engine", timedelta(microseconds=1))
    leader.acquire(paper.account, "another engine", LEASE)

    clock.now += 11.0
    ears.ask()

    with pytest.raises(LostLeaseError, match="another engine"):
        ears.fence()


@pytest.fixture
def listening(transactional_db: None, tmp_path: Path, clock: Clock) -> Iterator[Ears]:
    run = RunFactory(mode=RunMode.PAPER.value, journal_path=str(tmp_path / "run.journal"))
    ears = ears_of(run, clock)
    thread = threading.Thread(target=ears.listen)
    thread.start()
    yield ears
    ears.stop()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_an_engine_stopped_for_longer_than_its_lease_proves_it_before_an_order_leaves(
    listening: Ears, clock: Clock
):
    first = listening.lease.token
    expire()

    clock.now += 31.0
    listening.fence()

    assert listening.lease.token > first
    listening.run.refresh_from_db()
    assert listening.run.fencing_token == listening.lease.token


@pytest.mark.django_db(transaction=True)
def test_an_engine_that_comes_back_to_another_s_lease_sends_no_order(listening: Ears, clock: Clock):
    expire()
    leader.acquire(listening.run.account, "another engine", LEASE)

    clock.now += 31.0

    with pytest.raises(LostLeaseError):
        listening.fence()


def test_a_database_that_does_not_answer_holds_no_exit_up_twice(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    clock.now += 31.0

    ears.fence()
    began = clock.now, ears._gave_up_at
    ears.fence()

    assert began == (131.0, ears._turns)


def test_an_engine_whose_listening_thread_failed_does_not_go_on(paper: Run, clock: Clock):
    ears = ears_of(paper, clock)
    ears.lease = None
    clock.now += 11.0

    with pytest.raises(AttributeError):
        ears.listen()

    with pytest.raises(DeafError, match="has ended"):
        ears.inputs(AT, ())


def expire() -> None:
    """Let every lease run out, by the database's own clock."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trading_leaderlease SET expires_at = clock_timestamp()")


def test_what_else_is_asked_blocks_entries_while_it_says_why(paper, clock):
    answers = {"live-mode": ""}
    ears = ears_of(paper, clock, watches=False)
    ears.asks = (lambda: answers,)

    ears.ask()
    quiet = ears.inputs(AT, ())
    answers = {"live-mode": "the account is in PAPER"}
    ears.ask()
    told = ears.inputs(AT, ())
    answers = {"live-mode": ""}
    ears.ask()
    again = ears.inputs(AT, {"live-mode"})

    assert quiet == []
    assert told == [ConditionChanged(AT, "live-mode", False, "the account is in PAPER")]
    assert again == [ConditionChanged(AT, "live-mode", True, "")]
